//! The machine's disk.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use bursar_meter::median;

/// Microseconds that it takes to have 4 KB more in a file of this directory durable, at the median of 200.
pub(crate) fn sync_micros(directory: &Path) -> f64 {
    let path = directory.join("sync");
    let mut file = fs::File::create(&path).unwrap();
    let times = (0..200).map(|_| {
        let begun = Instant::now();
        file.write_all(&[7; 4_096]).unwrap();
        file.sync_data().unwrap();
        begun.elapsed().as_secs_f64() * 1e6
    });
    let median = median(&times.collect::<Vec<f64>>());
    fs::remove_file(path).unwrap();
    median
}
