//! All of the API's tests on PostgreSQL: a server that the process has for itself, a database for each test.
#![allow(
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on should fail where it stands"
)]

#[path = "store/postgres.rs"]
mod store;

include!("resources.rs");
