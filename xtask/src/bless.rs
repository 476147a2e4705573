//! `cargo xtask bless`: accept what the tests now produce as what they should produce.
//!
//! Blessing writes; reviewing is the reader's job. The list printed at the end is what to review.

use crate::{process, test};
use anyhow::Result;

/// Runs all tests with snapshots and golden files rewritten, then shows what changed.
pub(crate) fn run() -> Result<()> {
    // Snapshots are insta's to update; every other golden file is rewritten by the test that owns
    // it when BURSAR_BLESS is set.
    let outcome = test::run_with(&[], &[("INSTA_UPDATE", "always"), ("BURSAR_BLESS", "1")]);
    println!();
    let listed = process::run(process::program("git").args(["status", "--short"]));
    outcome.and(listed)
}
