//! The API as its callers see it: one file per resource, named like its URL.
#![allow(
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that can't go on should fail where it stands"
)]

mod app;

mod accounts;
mod asset_content;
mod assets;
mod auth;
mod bad_input;
mod balance;
mod batch;
mod billing_details;
mod catalog;
mod charges;
mod concurrency;
mod credits;
mod custom_plan;
mod docs;
mod events;
mod exports;
mod features;
mod health;
mod holds;
mod invoices;
mod limits;
mod openapi;
mod payment_methods;
mod portal_sessions;
mod previews;
mod problems;
mod provider;
mod purchases;
mod quotes;
mod receipts;
mod statement;
mod storage;
mod subscription;
mod test_clock;
mod topups;
mod widget;
