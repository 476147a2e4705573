//! What measurements share: the machine, who uses it, what this process takes, medians.
//!
//! For benchmarks only, on Linux: it reads `/proc`, and stops at the first error.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "a measurement: it divides, and stops at the first error"
)]

mod machine;
mod process;
mod rounds;

pub use machine::{Watch, Watched, cores, description};
pub use process::{Usage, peak_resident_bytes, resident_bytes};
pub use rounds::{Attempt, Rounds, median, quantile};
