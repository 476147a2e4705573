//! What came back, counted while it comes.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::error::Error;

/// What is longer is counted as this long.
const LONGEST: Duration = Duration::from_secs(120);
/// Latencies are kept to so many significant digits.
const DIGITS: u8 = 3;

/// From when to when it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// The load begins; it doesn't count yet.
    pub(crate) start: Instant,
    /// It counts from here.
    pub(crate) begin: Instant,
    /// Nothing more is asked.
    pub(crate) end: Instant,
}

impl Window {
    pub(crate) fn new(warm_up: Duration, time: Duration) -> Self {
        let start = Instant::now();
        let begin = start.checked_add(warm_up).unwrap_or(start);
        Self { start, begin, end: begin.checked_add(time).unwrap_or(begin) }
    }

    pub(crate) fn has(&self, at: Instant) -> bool {
        at >= self.begin && at < self.end
    }
}

/// What became of one operation that was not done.
#[derive(Debug)]
pub(crate) enum Failed {
    /// It certainly did nothing.
    Refused(String),
    /// It may have done something, or not.
    Unknown(String),
}

/// The counts of a run. Clients are mostly on one thread, so that the lock is there for the asking.
pub(crate) struct Tally(Mutex<Counts>);

/// What is counted.
#[derive(Clone)]
pub(crate) struct Counts {
    /// Microseconds that requests took which were due in the window and did what they should.
    pub(crate) latency: Histogram<u64>,
    /// Operations that were done in the window.
    pub(crate) operations: u64,
    /// Failures by kind, of the whole run.
    pub(crate) errors: BTreeMap<String, u64>,
}

/// For microseconds.
pub(crate) fn histogram() -> Result<Histogram<u64>, Error> {
    let longest = u64::try_from(LONGEST.as_micros()).unwrap_or(u64::MAX);
    Histogram::new_with_bounds(1, longest, DIGITS)
        .map_err(|error| Error::Runtime(std::io::Error::other(error)))
}

/// Microseconds, rounded down.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Tally {
    pub(crate) fn new() -> Result<Self, Error> {
        let counts = Counts { latency: histogram()?, operations: 0, errors: BTreeMap::new() };
        Ok(Self(Mutex::new(counts)))
    }

    /// A request that was due at `due` was answered now; so many of its operations were done.
    ///
    /// How much is done in the window is counted by when it was answered. How long it took is kept of what was
    /// due in it, also if the answer comes later: else a standstill at the end would go unseen.
    pub(crate) fn answered(&self, window: &Window, due: Instant, operations: u64) {
        let now = Instant::now();
        let mut counts = self.lock();
        if window.has(now) {
            counts.operations = counts.operations.saturating_add(operations);
        }
        if window.has(due) && operations > 0 {
            counts.latency.saturating_record(micros(now.saturating_duration_since(due)));
        }
    }

    /// Requests that were due and never sent have waited until the end, at least. How many there were.
    pub(crate) fn waited(&self, window: &Window, unsent: impl Iterator<Item = Instant>) -> u64 {
        let mut counts = self.lock();
        let mut count = 0_u64;
        for due in unsent {
            count = count.saturating_add(1);
            if window.has(due) {
                counts.latency.saturating_record(micros(window.end.saturating_duration_since(due)));
            }
        }
        count
    }

    pub(crate) fn failed(&self, why: &str) {
        self.failed_times(why, 1);
    }

    pub(crate) fn failed_times(&self, why: &str, times: u64) {
        let mut counts = self.lock();
        let count = counts.errors.entry(why.to_owned()).or_default();
        *count = count.saturating_add(times);
    }

    pub(crate) fn counts(&self) -> Counts {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
