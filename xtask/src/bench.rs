//! `cargo xtask bench NAME`: run a benchmark in release mode.

use crate::process;
use anyhow::Result;
use clap::{Args, ValueEnum};

/// Which benchmark, and what to tell it.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The benchmark to run.
    name: Benchmark,
    /// What follows `--` is passed to the benchmark.
    #[arg(last = true)]
    passed_on: Vec<String>,
}

/// The known benchmarks; an unknown name is answered with this list.
#[derive(Clone, Copy, ValueEnum)]
enum Benchmark {
    /// Commits through the embedded store.
    Store,
}

impl Benchmark {
    /// The package and the example of it that is the benchmark.
    fn example(self) -> (&'static str, &'static str) {
        match self {
            Self::Store => ("bursar-sqlite", "bench_store"),
        }
    }
}

/// Builds and runs the benchmark.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let (package, example) = arguments.name.example();
    process::run(
        process::cargo()
            .args(["run", "--release", "--locked", "-p", package, "--example", example, "--"])
            .args(&arguments.passed_on),
    )
}
