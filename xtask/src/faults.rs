//! `cargo xtask faults`: a PostgreSQL of its own, several servers and clients at work, and everything that
//! can fail fails, for as long as told. Ends with a summary, or with what must not have been.

use crate::{test, tools};
use anyhow::{Result, ensure};
use clap::Args;

/// The test that does it, for a few rounds, in every run of the tests.
const TEST: &str = "faults::nothing_acknowledged_is_lost_and_nothing_is_done_twice_whatever_fails";

/// How long, and on what.
#[derive(Args)]
pub(crate) struct Arguments {
    /// For how long; may be a part of a minute.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// What fails when is drawn from it. The same seed gives the same faults, not the same moments.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many servers.
    #[arg(long, default_value_t = 3)]
    nodes: u8,
    /// How many clients.
    #[arg(long, default_value_t = 32)]
    clients: u8,
    /// Build the servers as for production, which takes longer, and have more load.
    #[arg(long)]
    release: bool,
}

/// Builds and runs it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    ensure!(arguments.minutes > 0.0 && arguments.minutes <= 1_440.0, "--minutes is 1440 at most");
    ensure!((1..=16).contains(&arguments.nodes), "--nodes is 1 to 16");
    ensure!(arguments.clients > 0, "--clients is at least 1");
    tools::postgresql()?;
    let settings = [
        ("FAULTS_MINUTES", arguments.minutes.to_string()),
        ("FAULTS_SEED", arguments.seed.to_string()),
        ("FAULTS_NODES", arguments.nodes.to_string()),
        ("FAULTS_CLIENTS", arguments.clients.to_string()),
    ];
    test::run_one_of_binary(TEST, arguments.release, settings)
}
