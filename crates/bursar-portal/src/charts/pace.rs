//! How fast credits go, and when they will be gone.

use std::time::Duration;

use bursar_core::credits::Credits;
use bursar_core::time::Timestamp;

const DAY: i128 = 86_400;
/// A pace over less than this says nothing.
const LEAST: Duration = Duration::from_secs(86_400);

/// What was spent in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    spent: Credits,
    over: Duration,
}

impl Pace {
    /// The pace of what was spent; stretches of less than a day count as one. `None` if nothing was:
    /// then credits don't run out.
    pub(crate) fn of(spent: Credits, over: Duration) -> Option<Self> {
        spent.is_positive().then(|| Self { spent, over: over.max(LEAST) })
    }

    /// Credits a day, half up: whole ones from ten on, else to a tenth, and never nothing.
    pub(crate) fn per_day(&self) -> Credits {
        let exact = i128::from(self.spent.micro()) * DAY / self.seconds();
        let step = if exact >= 10_000_000 { 1_000_000 } else { 100_000 };
        let rounded = (exact + step / 2) / step * step;
        Credits::from_micro(i64::try_from(rounded.max(step)).unwrap_or(i64::MAX))
    }

    /// When so many credits are gone, going on like this: to the second, rounded down.
    pub(crate) fn runs_out_at(&self, available: Credits, now: Timestamp) -> Timestamp {
        let left = i128::from(available.micro().max(0));
        let seconds = left * self.seconds() / i128::from(self.spent.micro());
        now.after(Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX)))
    }

    /// What is left of so many credits after a while, going on like this; none, if they are gone.
    pub(crate) fn left_after(&self, available: Credits, while_: Duration) -> Credits {
        let gone = i128::from(self.spent.micro()) * i128::from(while_.as_secs()) / self.seconds();
        let gone = Credits::from_micro(i64::try_from(gone).unwrap_or(i64::MAX));
        available.minus(gone).max(Credits::ZERO)
    }

    fn seconds(&self) -> i128 {
        i128::from(self.over.as_secs()).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credits(text: &str) -> Credits {
        Credits::parse(text).unwrap()
    }

    fn days(count: u64) -> Duration {
        Duration::from_secs(count * 86_400)
    }

    const NOW: Timestamp = Timestamp::from_micros(0);

    #[test]
    fn credits_run_out_at_the_pace_of_the_week() {
        let pace = Pace::of(credits("364"), days(7)).unwrap();
        assert_eq!(pace.per_day(), credits("52"));
        assert_eq!(pace.runs_out_at(credits("104"), NOW).since(NOW), days(2));
        assert_eq!(pace.runs_out_at(credits("26"), NOW).since(NOW), days(1) / 2);
        assert_eq!(pace.left_after(credits("104"), days(1)), credits("52"));
        assert_eq!(pace.left_after(credits("104"), days(3)), Credits::ZERO);
    }

    #[test]
    fn a_first_hour_is_not_a_pace() {
        let pace = Pace::of(credits("10"), Duration::from_secs(3_600)).unwrap();
        assert_eq!(pace.per_day(), credits("10"), "and not 240");
    }

    #[test]
    fn little_is_not_nothing() {
        assert_eq!(Pace::of(Credits::ZERO, days(7)), None);
        assert_eq!(Pace::of(credits("-5"), days(7)), None);
        assert_eq!(Pace::of(credits("0.000001"), days(7)).unwrap().per_day(), credits("0.1"));
        assert_eq!(Pace::of(credits("10"), days(7)).unwrap().per_day(), credits("1.4"));
        assert_eq!(Pace::of(credits("100"), days(7)).unwrap().per_day(), credits("14"));
    }

    #[test]
    fn the_far_ends_of_numbers_have_an_answer() {
        let most = Credits::from_micro(i64::MAX);
        let pace = Pace::of(Credits::from_micro(1), Duration::from_secs(u64::MAX)).unwrap();
        assert!(pace.runs_out_at(most, NOW) > NOW);
        let pace = Pace::of(most, days(1)).unwrap();
        assert_eq!(pace.left_after(most, Duration::from_secs(u64::MAX)), Credits::ZERO);
        assert_eq!(pace.runs_out_at(Credits::ZERO, NOW), NOW);
    }
}
