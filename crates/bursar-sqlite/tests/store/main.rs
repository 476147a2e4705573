//! The store on real files: the contract, opening, falling behind, damage, crashes, full disks, backups.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, helpers of tests too"
)]

mod backups;
mod behind;
mod contract;
mod crash;
mod full_disk;
mod money;
mod opening;
mod storage;
mod support;
mod verification;
