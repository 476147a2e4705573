//! The playground over a real API, a real engine and the sandbox, as a browser uses it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on should fail where it stands"
)]

mod guard;
mod jobs;
mod live;
mod page;
mod studio;
