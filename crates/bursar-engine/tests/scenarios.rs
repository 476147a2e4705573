//! The specification, sentence by sentence: text files of `at / given / when / then`, played on the
//! real engine with ScriptKit's catalog, an in-memory store and a clock that stands still.
//!
//! A file in `scenarios/` holds scenarios, each beginning with `# ` and the sentence it shows. The
//! lines of a scenario:
//!
//! - `at 2026-01-31T10:00:00Z` sets the clock;
//! - `given account ada zone=Europe/Berlin` opens an account, which the lines after it are about;
//! - `when hold as=clip operation=video units=5` does something; fields are named;
//! - `then …` is what came of it: what fell due before it, each event or the rejection, and the
//!   balance. These lines are compared exactly; `cargo xtask bless` writes them anew.
//!
//! `scenarios_postgres` plays the same in PostgreSQL.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod runner;

use std::sync::Arc;

use bursar_store::Store;
use bursar_store::memory::MemoryStore;
use runner::Opening;

fn main() {
    runner::suite::run(open, true)
}

fn open() -> Opening {
    Box::pin(async {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        store
    })
}
