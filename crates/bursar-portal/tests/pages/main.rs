//! The pages as browsers get them: one file per page, named like its URL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that can't go on should fail where it stands"
)]

mod html;
mod portal;

mod enter;
mod overview;
mod sign_out;
