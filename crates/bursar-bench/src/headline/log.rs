//! A file that grows by as much as the journal does, and is synced as often.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::numbers::sorted;
use bursar_meter::Watch;

use super::results::Measured;

/// Appends `bytes` for each of `batch` charges and syncs, again and again.
pub(crate) fn measure(directory: &Path, bytes: usize, batch: usize, time: Duration) -> Measured {
    let path = directory.join("log");
    let mut file = File::options().create(true).append(true).open(&path).unwrap();
    let entry = vec![7; bytes * batch];
    let (begun, watch) = (Instant::now(), Watch::begin(&[]));
    let mut took = Vec::new();
    while begun.elapsed() < time {
        let write = Instant::now();
        file.write_all(&entry).unwrap();
        file.sync_data().unwrap();
        took.push(write.elapsed().as_secs_f64() * 1e3);
    }
    let (seconds, watched) = (begun.elapsed().as_secs_f64(), watch.end());
    std::fs::remove_file(path).unwrap();
    let charges = (took.len() * batch) as f64;
    let took = sorted(took.into_iter());
    let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize];
    Measured {
        per_second: charges / seconds,
        median_millis: at(0.5),
        p99_millis: at(0.99),
        others: watched.others,
        server_micros: 0.0,
        our_micros: watched.our_seconds * 1e6 / charges,
        per_commit: batch as f64,
    }
}
