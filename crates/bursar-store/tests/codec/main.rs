//! What is written today is read for ever, and damage never goes unseen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers of tests too"
)]

mod damage;
mod goldens;
mod money_samples;
mod samples;
mod storage_samples;
