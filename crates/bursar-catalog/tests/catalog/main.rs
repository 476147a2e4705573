//! Catalog files from the outside: the shipped ones, changed ones and broken ones.

// A test fails by panicking, helpers of tests too.
#![allow(
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod billing;
mod changes;
mod hostile;
mod mistakes;
mod show;
mod specification;
mod vault;
mod version;

use bursar_catalog::{SCRIPTKIT, parse};
use bursar_core::catalog::Catalog;

/// The example.
const TOKENS: &str = include_str!("../../../../catalogs/tokens.toml");

/// The example as it was before files knew of sellers, tax and documents: such a file stays readable.
const PAST: &str = include_str!("past.toml");

/// ScriptKit's catalog with each `(text, replacement)` made in the file; each must occur in it.
fn edited(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(SCRIPTKIT.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from:?} is not in the file");
        text.replacen(from, to, 1)
    })
}

/// The same, read.
fn with(edits: &[(&str, &str)]) -> Catalog {
    parse(&edited(edits)).unwrap()
}
