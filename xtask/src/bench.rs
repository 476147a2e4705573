//! `cargo xtask bench --store STORE`: what a charge costs, compared in one run, in release mode.

use crate::process;
use anyhow::Result;
use clap::{Args, ValueEnum};

/// Which store, and what to tell its benchmark.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The store that charges go through; one after the other, if absent.
    #[arg(long)]
    store: Option<Store>,
    /// What follows `--` is passed to the benchmark.
    #[arg(last = true, requires = "store")]
    passed_on: Vec<String>,
}

/// The stores that have a benchmark; an unknown name is answered with this list.
#[derive(Clone, Copy, ValueEnum)]
enum Store {
    /// The embedded store, against rows that are updated in the commit.
    Sqlite,
    /// The engine on PostgreSQL, against a hand-written function per charge in the same server.
    Postgres,
}

impl Store {
    /// The package and the example of it that is the benchmark.
    fn example(self) -> (&'static str, &'static str) {
        match self {
            Self::Sqlite => ("bursar-sqlite", "bench_store"),
            Self::Postgres => ("bursar-engine", "bench_postgres"),
        }
    }
}

/// Builds and runs the benchmarks.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let chosen = arguments.store.as_ref().map(std::slice::from_ref);
    for store in chosen.unwrap_or(Store::value_variants()) {
        let (package, example) = store.example();
        process::run(
            process::cargo()
                .args(["run", "--release", "--locked", "-p", package, "--example", example, "--"])
                .args(&arguments.passed_on),
        )?;
    }
    Ok(())
}
