//! `cargo xtask bench --store STORE | --growth`: what a charge costs, compared in one run, in release mode.

use crate::process;
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

/// Which store, and what to tell its benchmark.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The store that charges go through; one after the other, if absent.
    #[arg(long)]
    store: Option<Store>,
    /// Whether a charge costs the same however much there is, instead of stores compared.
    #[arg(long, conflicts_with = "store")]
    growth: bool,
    /// What follows `--` is passed to the benchmark.
    #[arg(last = true)]
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
    let examples: Vec<(&str, &str)> = match arguments.store {
        _ if arguments.growth => vec![("bursar-engine", "bench_growth")],
        Some(store) => vec![store.example()],
        None if arguments.passed_on.is_empty() => {
            Store::value_variants().iter().map(|store| store.example()).collect()
        }
        None => bail!("what follows -- is for one benchmark: say which by --store or --growth"),
    };
    for (package, example) in examples {
        process::run(
            process::cargo()
                .args(["run", "--release", "--locked", "-p", package, "--example", example, "--"])
                .args(&arguments.passed_on),
        )?;
    }
    Ok(())
}
