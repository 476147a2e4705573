//! `cargo xtask bench`: what a charge costs, compared in one run, in release mode.

use crate::{process, tools};
use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What to measure, and where to write it.
#[derive(Args)]
pub(crate) struct Arguments {
    /// What charges go through.
    #[arg(long, value_enum, default_value_t = Store::Http)]
    store: Store,
    /// Instead, batches over HTTP for so many minutes, with the views' lag.
    #[arg(long, value_name = "MINUTES")]
    sustained: Option<f64>,
    /// Write the results as JSON, too.
    #[arg(long, value_name = "FILE")]
    json: Option<String>,
    /// Draw them into this directory, too.
    #[arg(long, value_name = "DIR", requires = "json")]
    pictures: Option<String>,
    /// Instead, whether a charge costs the same however much there is, without HTTP.
    #[arg(long, conflicts_with_all = ["store", "sustained", "json"])]
    growth: bool,
    /// What follows `--` is passed to the benchmark.
    #[arg(last = true)]
    passed_on: Vec<String>,
}

/// What charges go through.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Store {
    /// The real server over HTTP, against PostgreSQL by hand, a bare log and a bare HTTP server.
    Http,
    /// The embedded store, against rows that are updated in the commit.
    Sqlite,
    /// The engine on PostgreSQL, against a hand-written function per charge in the same server.
    Postgres,
}

/// Builds and runs the benchmark.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { store, sustained, json, pictures, .. } = arguments;
    ensure!(
        *store == Store::Http || (sustained.is_none() && json.is_none()),
        "--sustained, --json and --pictures are for --store http"
    );
    if arguments.growth {
        return example("bursar-engine", "bench_growth", &arguments.passed_on);
    }
    if *store == Store::Sqlite {
        return example("bursar-sqlite", "bench_store", &arguments.passed_on);
    }
    tools::postgresql()?;
    // Together, so that what both use is built once.
    let build = ["build", "--release", "--locked", "-p", "bursar", "-p", "bursar-bench"];
    process::run(process::cargo().args(build))?;
    let mut bench = process::program(program());
    match (store, sustained) {
        (Store::Postgres, _) => bench.arg("postgres"),
        (_, Some(minutes)) => bench.args(["sustained", "--minutes", &minutes.to_string()]),
        (_, None) => bench.arg("headline"),
    };
    if let Some(file) = json {
        bench.args(["--json", file]);
    }
    process::run(bench.args(&arguments.passed_on))?;
    match (json, pictures) {
        (Some(json), Some(directory)) => {
            process::run(process::program(program()).args(["pictures", json, directory]))
        }
        _ => Ok(()),
    }
}

/// Builds and runs an example.
fn example(package: &str, name: &str, passed_on: &[String]) -> Result<()> {
    let run = ["run", "--release", "--locked", "-p", package, "--example", name, "--"];
    process::run(process::cargo().args(run).args(passed_on))
}

/// What was built.
fn program() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| process::root().join("target")).join("release/bursar-bench")
}
