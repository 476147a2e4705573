//! What this process has used.

use std::fs;
use std::ops::Sub;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

/// What this process has used up to a moment, or between two.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    at: Instant,
    /// Seconds that went by.
    pub seconds: f64,
    /// Processor time of all its threads, in seconds.
    pub cpu_seconds: f64,
    /// Bytes that it caused to be written to the file system, whichever way.
    pub written_bytes: u64,
}

impl Usage {
    /// Up to now.
    pub fn now() -> Self {
        let time = clock_gettime(ClockId::ProcessCPUTime);
        let cpu_seconds = time.tv_sec as f64 + time.tv_nsec as f64 / 1e9;
        Self { at: Instant::now(), seconds: 0.0, cpu_seconds, written_bytes: written_bytes() }
    }

    /// From that moment to now.
    pub fn elapsed(&self) -> Self {
        Self::now() - *self
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            at: self.at,
            seconds: (self.at - before.at).as_secs_f64(),
            cpu_seconds: self.cpu_seconds - before.cpu_seconds,
            written_bytes: self.written_bytes - before.written_bytes,
        }
    }
}

fn written_bytes() -> u64 {
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

/// Memory of this process that is resident now, in bytes.
pub fn resident_bytes() -> u64 {
    status("VmRSS:")
}

/// The most that was ever resident, in bytes.
pub fn peak_resident_bytes() -> u64 {
    status("VmHWM:")
}

fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let kilobytes: u64 = line.split_whitespace().next().unwrap().parse().unwrap();
    kilobytes * 1_024
}
