//! The real binary, driven as its users drive it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::print_stdout,
    reason = "helpers of tests, which may panic"
)]

mod balance;
mod bench;
mod billed;
mod catalog;
mod clients;
mod crash;
mod data_directory;
mod database;
mod export;
mod faults;
mod fleet;
mod full_disk;
mod generated;
mod invoices;
mod keys;
mod ledger;
mod load;
mod maintenance;
mod many_nodes;
mod migrate;
mod outage;
mod payment_crash;
mod purge_crash;
mod quote;
mod readme;
mod serve;
mod server;
mod shutdown;
mod stripe;
mod vault;
mod verify;
