//! `cargo xtask crash`: a server on a directory of its own and clients at work; it is killed again and again,
//! whatever it is doing, and what it says afterwards is compared with what the clients know. Ends with a
//! summary, or with what must not have been.

use crate::test;
use anyhow::{Result, ensure};
use clap::Args;

/// The test that does it, for a few rounds, in every run of the tests.
const TEST: &str = "crash::whenever_the_server_dies_what_was_acknowledged_is_there_once_and_whole";

/// How often, for how long, and what is drawn.
#[derive(Args)]
pub(crate) struct Arguments {
    /// How often the server dies under load. It may die on its way back besides.
    #[arg(long, default_value_t = 300)]
    rounds: u32,
    /// Stop after so many minutes, even if there are rounds left; may be a part of a minute.
    #[arg(long)]
    minutes: Option<f64>,
    /// When and how it dies is drawn from it. The same seed gives the same deaths, not the same instants.
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// How many clients.
    #[arg(long, default_value_t = 12)]
    clients: u8,
    /// Prove everything after so many rounds, besides the end.
    #[arg(long, default_value_t = 25)]
    proof_every: u32,
    /// Build the server as for production, which takes longer, and have more load.
    #[arg(long)]
    release: bool,
}

/// Builds and runs it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    ensure!((1..=100_000).contains(&arguments.rounds), "--rounds is 1 to 100000");
    let fits = |minutes: f64| minutes > 0.0 && minutes <= 1_440.0;
    ensure!(arguments.minutes.is_none_or(fits), "--minutes is 1440 at most");
    ensure!((4..=64).contains(&arguments.clients), "--clients is 4 to 64: there are four kinds");
    ensure!(arguments.proof_every > 0, "--proof-every is at least 1");
    let mut settings = vec![
        ("CRASH_ROUNDS", arguments.rounds.to_string()),
        ("CRASH_SEED", arguments.seed.to_string()),
        ("CRASH_CLIENTS", arguments.clients.to_string()),
        ("CRASH_PROOF_EVERY", arguments.proof_every.to_string()),
    ];
    settings.extend(arguments.minutes.map(|minutes| ("CRASH_MINUTES", minutes.to_string())));
    test::run_one_of_binary(TEST, arguments.release, settings)
}
