//! Measurements that others disturb are made again; of the rest the median counts.

use crate::Watch;

/// A measurement is made again, at most so often, if others took more than this part of the machine.
const ATTEMPTS: usize = 3;
const DISTURBING: f64 = 0.08;

/// Which measurements stand, and how many don't.
#[derive(Debug, Default)]
pub struct Rounds {
    measurements: usize,
    repeated: usize,
    disturbed: usize,
}

/// What becomes of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It counts.
    Taken,
    /// It is to be made again.
    Repeat,
}

impl Rounds {
    /// How many there were, those that were disturbed included.
    pub const fn measurements(&self) -> usize {
        self.measurements
    }

    /// Judges the `attempt`th try (from 1) of a measurement, in which others took that part of the machine.
    pub fn judge(&mut self, others: f64, attempt: usize) -> Attempt {
        self.measurements += 1;
        if others <= DISTURBING {
            return Attempt::Taken;
        }
        if attempt < ATTEMPTS {
            self.repeated += 1;
            return Attempt::Repeat;
        }
        self.disturbed += 1;
        Attempt::Taken
    }

    /// Measures until it counts. What is measured is prepared anew each time, outside of the watch.
    /// `partners` are as for [`Watch::begin`].
    pub fn measure<P, T>(
        &mut self,
        partners: &[u32],
        prepare: impl Fn() -> P,
        measurement: impl Fn(P) -> T,
    ) -> T {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let prepared = prepare();
            let watch = Watch::begin(partners);
            let result = measurement(prepared);
            if self.judge(watch.end().others, attempt) == Attempt::Taken {
                return result;
            }
        }
    }

    /// How often others disturbed, as a sentence.
    pub fn summary(&self) -> String {
        format!(
            "{} measurements; {} were disturbed and made again, {} were disturbed and kept",
            self.measurements, self.repeated, self.disturbed
        )
    }
}

/// The value in the middle, in any order; the higher one of two. 0 of none.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which that part of all lies, from 0 to 1, in any order. 0 of none.
pub fn quantile(values: &[f64], part: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * part) as usize;
    values.get(place.min(values.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_disturbed_is_made_again_but_not_for_ever() {
        let mut rounds = Rounds::default();
        assert_eq!(rounds.judge(0.05, 1), Attempt::Taken);
        assert_eq!(rounds.judge(0.5, 1), Attempt::Repeat);
        assert_eq!(rounds.judge(0.5, 2), Attempt::Repeat);
        assert_eq!(rounds.judge(0.5, 3), Attempt::Taken);
        assert_eq!(
            rounds.summary(),
            "4 measurements; 2 were disturbed and made again, 1 were disturbed and kept"
        );
    }

    #[test]
    fn quantiles_are_of_the_values_in_order() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0];
        assert!(median(&values) == 3.0);
        assert!(quantile(&values, 0.0) == 1.0);
        assert!(quantile(&values, 1.0) == 5.0);
        assert!(quantile(&values, 0.9) == 5.0);
        assert!(median(&[]) == 0.0);
    }
}
