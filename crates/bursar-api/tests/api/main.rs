//! The API as its callers see it: one file per resource, named like its URL. Here on the store in memory;
//! [`postgres.rs`](postgres.rs) has the same tests on a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on should fail where it stands"
)]

#[path = "store/memory.rs"]
mod store;

include!("resources.rs");
