//! The store on a real server: the contract, several nodes, gaps in the journal, cuts and crashes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, helpers of tests too"
)]

mod contract;
mod distribution;
mod faults;
mod gaps;
mod nodes;
mod opening;
mod recovery;
mod reports;
mod sharing;
mod support;
mod tls;
mod troubles;
mod verification;
