//! The developer's only menu: `cargo xtask check | test | bless | bench | sim | crash | faults | fuzz | requests |
//! screenshots`.
//!
//! One file per subcommand. `structure` holds the project's own rules about where code may lie,
//! `process` runs other programs, `tools` installs the ones the menu needs.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a terminal tool speaks through the terminal"
)]

mod bench;
mod bless;
mod check;
mod crash;
mod faults;
mod fuzz;
mod process;
mod requests;
mod screenshots;
mod sim;
mod structure;
mod test;
mod tools;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// The developer's menu.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Menu {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Formatting, lints, structure, licences: all of them, then which failed.
    Check,
    /// Every test of the workspace, documentation tests included.
    Test(test::Arguments),
    /// Accept changed golden files and snapshots, then show what changed.
    Bless,
    /// Run a benchmark in release mode.
    Bench(bench::Arguments),
    /// Simulate crashes, lost messages and wrong clocks, or prove that this finds mistakes.
    Sim(sim::Arguments),
    /// Kill the server again and again while clients are at work, and compare what it says with what they know.
    Crash(crash::Arguments),
    /// Let everything fail that can, again and again: several servers and their PostgreSQL under load.
    Faults(faults::Arguments),
    /// Look for bytes that break what takes bytes from outside.
    Fuzz(fuzz::Arguments),
    /// Ask a server what nobody thought of, made from its own document.
    Requests(requests::Arguments),
    /// Take the pictures of the documentation, and more to look at.
    Screenshots,
}

fn main() -> ExitCode {
    let outcome = match Menu::parse().task {
        Task::Check => check::run(),
        Task::Test(arguments) => test::run(&arguments),
        Task::Bless => bless::run(),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Sim(arguments) => sim::run(&arguments),
        Task::Crash(arguments) => crash::run(&arguments),
        Task::Faults(arguments) => faults::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::Requests(arguments) => requests::run(&arguments),
        Task::Screenshots => screenshots::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
