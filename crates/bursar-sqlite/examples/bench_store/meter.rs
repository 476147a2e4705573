//! Time, processor time and bytes.

use std::time::Instant;

use bursar_meter::Usage;

/// What a round took.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    charges: usize,
    /// Until everything was written, also behind the journal.
    pub(crate) seconds: f64,
    /// Until the last commit had returned.
    pub(crate) acknowledged: f64,
    cpu_seconds: f64,
    bytes: u64,
    pub(crate) longest_commit: f64,
}

impl Cost {
    pub(crate) fn per_second(&self, seconds: f64) -> f64 {
        self.charges as f64 / seconds
    }

    pub(crate) fn bytes_each(&self) -> f64 {
        self.bytes as f64 / self.charges as f64
    }

    pub(crate) fn cpu_micros_each(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.charges as f64
    }
}

/// Measures one round.
pub(crate) struct Meter {
    begun: Usage,
    begun_at: Instant,
    commit_begun: Instant,
    longest_commit: f64,
    acknowledged: f64,
}

impl Meter {
    pub(crate) fn start() -> Self {
        Self {
            begun: Usage::now(),
            begun_at: Instant::now(),
            commit_begun: Instant::now(),
            longest_commit: 0.0,
            acknowledged: 0.0,
        }
    }

    pub(crate) fn begin_commit(&mut self) {
        self.commit_begun = Instant::now();
    }

    pub(crate) fn end_commit(&mut self) {
        let took = self.commit_begun.elapsed().as_secs_f64();
        self.longest_commit = self.longest_commit.max(took);
        self.acknowledged = self.begun_at.elapsed().as_secs_f64();
    }

    pub(crate) fn stop(self, charges: usize) -> Cost {
        let used = self.begun.elapsed();
        Cost {
            charges,
            seconds: used.seconds,
            acknowledged: self.acknowledged,
            cpu_seconds: used.cpu_seconds,
            bytes: used.written_bytes,
            longest_commit: self.longest_commit,
        }
    }
}

pub(crate) fn median(costs: &[Cost], of: &dyn Fn(&Cost) -> f64) -> f64 {
    bursar_meter::median(&costs.iter().map(of).collect::<Vec<f64>>())
}
