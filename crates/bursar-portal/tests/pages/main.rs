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

mod billing_details;
mod cancel;
mod credits;
mod enter;
mod forms;
mod hostile;
mod invoices;
mod live;
mod overview;
mod payment_methods;
mod plan;
mod pricing;
mod sign_out;
mod storage;
mod usage;
mod widget;
