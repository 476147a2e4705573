//! What comes from outside, as functions of bytes that panic when a promise is broken.
//!
//! Each target takes any bytes. `cargo xtask fuzz` looks for some that break it, guided by what they
//! reach; what it found once, and what reaches far, lies in `corpus/TARGET` and is a test
//! (`tests/corpus.rs`).
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "to panic is how a target tells what it has found"
)]

pub mod catalog;
pub mod events;
pub mod ids;
mod office;
pub mod pages;
pub mod pictures;
pub mod requests;
mod script;
pub mod webhooks;

/// What takes bytes from outside.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it is called: the folder of its corpus.
    pub name: &'static str,
    /// Takes them. Panics if a promise is broken.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "catalog", run: catalog::run },
    Target { name: "events", run: events::run },
    Target { name: "ids", run: ids::run },
    Target { name: "pages", run: pages::run },
    Target { name: "pictures", run: pictures::run },
    Target { name: "requests", run: requests::run },
    Target { name: "webhooks", run: webhooks::run },
];

/// The target of that name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
