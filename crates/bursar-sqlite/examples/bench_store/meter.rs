//! Time, processor time and bytes.

use std::fs;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

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
    begun: Instant,
    commit_begun: Instant,
    cpu: f64,
    bytes: u64,
    longest_commit: f64,
    acknowledged: f64,
}

impl Meter {
    pub(crate) fn start() -> Self {
        Self {
            begun: Instant::now(),
            commit_begun: Instant::now(),
            cpu: cpu_seconds(),
            bytes: bytes_written(),
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
        self.acknowledged = self.begun.elapsed().as_secs_f64();
    }

    pub(crate) fn stop(self, charges: usize) -> Cost {
        Cost {
            charges,
            seconds: self.begun.elapsed().as_secs_f64(),
            acknowledged: self.acknowledged,
            cpu_seconds: cpu_seconds() - self.cpu,
            bytes: bytes_written() - self.bytes,
            longest_commit: self.longest_commit,
        }
    }
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Bytes that went to the file system, whichever way.
fn bytes_written() -> u64 {
    let counts = fs::read_to_string("/proc/self/io").unwrap();
    let count = |name: &str| {
        let line = counts.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0, |value| value.trim().parse::<u64>().unwrap())
    };
    // A file system that is not on a disk counts no bytes of its own.
    match count("write_bytes:") {
        0 => count("wchar:"),
        bytes => bytes,
    }
}

pub(crate) fn median(costs: &[Cost], of: &dyn Fn(&Cost) -> f64) -> f64 {
    let mut values: Vec<f64> = costs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub(crate) fn machine() -> String {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |name| name.trim_start_matches([' ', '\t', ':']));
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{cores} cores, {model}, Linux {}", kernel.trim())
}
