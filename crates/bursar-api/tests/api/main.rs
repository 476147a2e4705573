//! The API as its callers see it: one file per resource, named like its URL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on should fail where it stands"
)]

mod app;

mod accounts;
mod auth;
mod bad_input;
mod balance;
mod batch;
mod catalog;
mod charges;
mod concurrency;
mod credits;
mod docs;
mod events;
mod features;
mod health;
mod holds;
mod limits;
mod openapi;
mod problems;
mod quotes;
mod receipts;
mod statement;
mod subscription;
mod test_clock;
