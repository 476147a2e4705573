//! `cargo xtask sim`: run the simulation, or prove that it bites.

mod mutations;

use crate::process;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// How long, which seed, or which mistakes.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Run seeds for so many minutes.
    #[arg(long, default_value_t = 1)]
    minutes: u64,
    /// Run this seed only.
    #[arg(long)]
    seed: Option<u64>,
    /// Run a scenario from a file.
    #[arg(long)]
    replay: Option<PathBuf>,
    /// Write a failing scenario to this file, made short.
    #[arg(long)]
    save: Option<PathBuf>,
    /// Make the mistakes of crates/bursar-sim/mutations.txt one by one, and see whether they are found.
    #[arg(long)]
    mutations: bool,
    /// Of those, only the ones whose name has this in it.
    #[arg(long, requires = "mutations")]
    only: Option<String>,
    /// Build with optimization, which takes long and runs fast.
    #[arg(long)]
    release: bool,
    /// What follows `--` is passed on, e.g. `-- --count` or `-- --tell`.
    #[arg(last = true)]
    passed_on: Vec<String>,
}

/// Builds the simulation and runs it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.mutations {
        return mutations::run(arguments.only.as_deref());
    }
    let mut command = process::cargo();
    command.args(["run", "--locked", "--quiet", "-p", "bursar-sim"]);
    if arguments.release {
        command.arg("--release");
    }
    command.arg("--");
    // Relative to where the task was started, which isn't where programs are.
    let absolute = |path: &PathBuf| std::path::absolute(path);
    if let Some(path) = &arguments.save {
        command.arg("--save").arg(absolute(path)?);
    }
    match (&arguments.replay, arguments.seed) {
        (Some(path), _) => command.arg("--replay").arg(absolute(path)?),
        (None, Some(seed)) => command.arg("--seed").arg(seed.to_string()),
        (None, None) => command.arg("--minutes").arg(arguments.minutes.to_string()),
    };
    process::run(command.args(&arguments.passed_on))
}
