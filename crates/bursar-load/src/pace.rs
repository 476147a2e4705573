//! When the next request is due.
//!
//! At a rate of their own, requests are due whether or not a client is free: a thread lets them go at their
//! instants, and clients take them in order. A timer of tokio's would be up to a millisecond late, which is
//! longer than most requests take.

use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::sync::Semaphore;

use crate::error::Error;
use crate::plan::{Pace, Plan};
use crate::tally::{Window, histogram, micros};

const NANOS: u128 = 1_000_000_000;

/// Says when requests are due.
#[derive(Clone)]
pub(crate) enum Due {
    Closed,
    Open(Arc<Schedule>),
}

/// Requests at a rate.
pub(crate) struct Schedule {
    window: Window,
    /// Operations a second, and in each request.
    rate: NonZeroU64,
    per_request: u64,
    /// Those that are due and not taken.
    due: Semaphore,
    /// How many were taken.
    taken: AtomicU64,
    /// By how many microseconds they were let go too late: the generator's own fault.
    late: Mutex<Histogram<u64>>,
}

/// What is left at the end.
pub(crate) struct Left<'a> {
    schedule: &'a Schedule,
    /// The requests that were due and not taken.
    unsent: Range<u64>,
    /// By how many microseconds 99 of 100 were let go too late, at most.
    pub(crate) late: u64,
}

impl Left<'_> {
    /// When those were due that were not taken.
    pub(crate) fn unsent(&self) -> impl Iterator<Item = Instant> {
        self.unsent.clone().map(|nth| self.schedule.at(nth))
    }
}

impl Due {
    pub(crate) fn new(plan: &Plan, window: Window) -> Result<Self, Error> {
        let Pace::Open(rate) = plan.pace else { return Ok(Self::Closed) };
        Ok(Self::Open(Arc::new(Schedule {
            window,
            rate,
            per_request: plan.per_request(),
            due: Semaphore::new(0),
            taken: AtomicU64::new(0),
            late: Mutex::new(histogram()?),
        })))
    }

    /// Lets requests go until the end.
    pub(crate) fn start(&self) -> Result<Option<JoinHandle<()>>, Error> {
        let Self::Open(schedule) = self else { return Ok(None) };
        let schedule = Arc::clone(schedule);
        let builder = thread::Builder::new().name("pace".to_owned());
        builder.spawn(move || schedule.keep()).map(Some).map_err(Error::Runtime)
    }

    /// When the next request is due; nothing after the end.
    pub(crate) async fn next(&self, window: &Window) -> Option<Instant> {
        match self {
            Self::Closed => Some(Instant::now()).filter(|now| *now < window.end),
            Self::Open(schedule) => {
                schedule.due.acquire().await.ok()?.forget();
                Some(schedule.at(schedule.taken.fetch_add(1, Ordering::Relaxed)))
            }
        }
    }

    /// What is left at the end; nothing if there is no rate.
    pub(crate) fn left(&self) -> Option<Left<'_>> {
        let Self::Open(schedule) = self else { return None };
        let due = schedule.due_until(schedule.window.end);
        let taken = schedule.taken.load(Ordering::Relaxed);
        let late = schedule.late.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Left { unsent: taken..due, late: late.value_at_quantile(0.99), schedule })
    }
}

impl Schedule {
    fn keep(&self) {
        let mut gone = 0_u64;
        loop {
            let now = Instant::now();
            if now >= self.window.end {
                break self.due.close();
            }
            let due = self.due_until(now);
            if let Some(new) = due.checked_sub(gone).filter(|new| *new > 0) {
                let late = micros(now.saturating_duration_since(self.at(gone)));
                let mut kept = self.late.lock().unwrap_or_else(PoisonError::into_inner);
                kept.saturating_record_n(late, new);
                drop(kept);
                self.due.add_permits(usize::try_from(new).unwrap_or(0));
                gone = due;
            }
            let next = self.at(gone).min(self.window.end);
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    }

    /// How many are due before `until`.
    fn due_until(&self, until: Instant) -> u64 {
        let passed = until.saturating_duration_since(self.window.start).as_nanos();
        let operations = passed.saturating_mul(self.rate.get().into());
        let requests = operations.div_ceil(NANOS.saturating_mul(self.per_request.into()));
        u64::try_from(requests).unwrap_or(u64::MAX)
    }

    /// When the nth, counted from 0, is due.
    fn at(&self, nth: u64) -> Instant {
        let operations = u128::from(nth).saturating_mul(self.per_request.into());
        let nanos = operations.saturating_mul(NANOS) / u128::from(self.rate.get());
        let after = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.window.start.checked_add(after).unwrap_or(self.window.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_at_even_steps_of_the_rate() {
        let window = Window::new(Duration::ZERO, Duration::from_secs(2));
        let schedule = Schedule {
            window,
            rate: NonZeroU64::new(3_000).unwrap(),
            per_request: 10,
            due: Semaphore::new(0),
            taken: AtomicU64::new(0),
            late: Mutex::new(histogram().unwrap()),
        };
        assert_eq!(schedule.at(0), window.start);
        assert_eq!(schedule.at(300), window.start + Duration::from_secs(1));
        assert_eq!(schedule.due_until(window.start), 0);
        assert_eq!(schedule.due_until(window.start + Duration::from_nanos(1)), 1);
        assert_eq!(schedule.due_until(window.end), 600);
        for nth in 0..600 {
            assert_eq!(schedule.due_until(schedule.at(nth) + Duration::from_nanos(1)), nth + 1);
        }
    }
}
