//! Stripes for tests: a small one of our own, and `localstripe`, which is somebody else's.
//!
//! Here rather than under `tests`, so that the adapter and the server are tested against the same ones.
//! In no release build: the feature is enabled by tests only.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "this is test code, which fails by panicking"
)]

mod books;
pub mod localstripe;
pub mod stripe;

pub use books::Books;
pub use localstripe::Localstripe;
pub use stripe::{FakeStripe, Fault};

/// The one secret key that our fake takes.
pub const SECRET_KEY: &str = "sk_test_fakeSecretKey";
/// What both sign their webhooks with.
pub const WEBHOOK_SECRET: &str = "whsec_fakeWebhookSecret";

/// A webhook as it arrives.
pub type Webhook = (http::HeaderMap, Vec<u8>);
