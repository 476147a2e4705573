//! Working in the background without being in the way.
//!
//! What the views get is gathered for seconds and then takes a processor for a tenth of one, and more. On few processors
//! that is time which callers miss: they wait in line, though the machine has rest enough before and after. So who
//! works for long, and isn't waited for, rests in between.

use std::time::{Duration, Instant};

/// About how long is worked at a time.
const WORK: Duration = Duration::from_micros(500);
/// How long is rested then.
const REST: Duration = Duration::from_millis(1);
/// The clock is looked at every so many steps.
const STEPS: u32 = 32;

/// The pace of some work.
pub(crate) struct Pace<'a> {
    is_waited_for: &'a dyn Fn() -> bool,
    since: Instant,
    steps: u32,
}

impl<'a> Pace<'a> {
    /// Rests as long as nobody waits.
    pub(crate) fn unless(is_waited_for: &'a dyn Fn() -> bool) -> Self {
        Self { is_waited_for, since: Instant::now(), steps: 0 }
    }

    /// Never rests.
    pub(crate) fn steady() -> Self {
        Self::unless(&|| true)
    }

    /// A step has been done, of some microseconds at most.
    pub(crate) fn step(&mut self) {
        self.steps = self.steps.wrapping_add(1);
        if self.steps.is_multiple_of(STEPS) && self.since.elapsed() >= WORK {
            if !(self.is_waited_for)() {
                std::thread::sleep(REST);
            }
            self.since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How long it takes to do a few steps after some work.
    fn steps(is_waited_for: bool) -> (Duration, u32) {
        let asked = Cell::new(0);
        let is_waited_for = || {
            asked.set(asked.get() + 1);
            is_waited_for
        };
        let mut pace = Pace::unless(&is_waited_for);
        std::thread::sleep(WORK);
        let begun = Instant::now();
        (0..STEPS).for_each(|_| pace.step());
        (begun.elapsed(), asked.get())
    }

    #[test]
    fn who_has_worked_for_long_rests_unless_somebody_waits() {
        let (took, asked) = steps(false);
        assert!(took >= REST && asked == 1, "{took:?}, asked {asked} times");
        assert_eq!(steps(true).1, 1);
    }
}
