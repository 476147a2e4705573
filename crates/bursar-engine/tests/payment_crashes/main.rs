//! "A crash at any point neither charges twice nor forgets a charge."
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, which may panic"
)]

mod bank;
mod books;
mod purchases;
mod races;
mod table;
mod world;
