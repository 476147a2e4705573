//! What a run came to.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// How long it counted.
    pub time: Duration,
    /// Operations that were done meanwhile.
    pub operations: u64,
    /// Microseconds that requests took, from when they were due to the last byte of the reply.
    pub latency: Histogram<u64>,
    /// What went wrong, by kind, and how often; of the whole run, warm-up included.
    pub errors: BTreeMap<String, u64>,
    /// At a rate: requests that were due and never sent, because no client was free. They
    /// are in the latencies with the time they waited until the end.
    pub unsent: Option<u64>,
    /// At a rate: by how many microseconds the generator was late itself, at most for 99 of 100 requests. It
    /// is in the latencies.
    pub late: Option<u64>,
    /// Processor time that the generator took for all of it, where the system tells.
    pub processor: Option<Duration>,
    /// Does the ledger agree?
    pub verdict: Option<Verdict>,
}

/// Whether what was used is what was acknowledged, in operations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What was acknowledged, warm-up included.
    pub acknowledged: u64,
    /// What was neither acknowledged nor refused: it may have been done.
    pub unknown: u64,
    /// What the balances say was used.
    pub used: u64,
    /// How many accounts have another balance than they should.
    pub wrong: u64,
    /// Some of them, in words.
    pub named: Vec<String>,
}

impl Report {
    /// Operations a second, rounded down.
    pub fn per_second(&self) -> u64 {
        let nanos = self.time.as_nanos().max(1);
        let rate = u128::from(self.operations).saturating_mul(1_000_000_000) / nanos;
        u64::try_from(rate).unwrap_or(u64::MAX)
    }

    /// Did the server do all that was asked, and does the ledger say the same?
    pub fn is_clean(&self) -> bool {
        self.errors.is_empty() && self.verdict.as_ref().is_none_or(|verdict| verdict.wrong == 0)
    }
}
