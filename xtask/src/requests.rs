//! `cargo xtask requests`: a server is asked what nobody thought of, made from its own document, for as long as
//! told. Ends with what came back, or with what must not have been.

use crate::{process, tools};
use anyhow::{Result, ensure};
use clap::Args;

/// How long, and what.
#[derive(Args)]
pub(crate) struct Arguments {
    /// For how many minutes, the API and the pages together.
    #[arg(long, default_value_t = 10)]
    minutes: u32,
    /// What is asked is drawn from it.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Builds the server and asks it: the API for two thirds of the time, then the pages.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    ensure!((1..=1_440).contains(&arguments.minutes), "--minutes is 1 to 1440");
    tools::schemathesis()?;
    for (test, seconds_a_minute) in [
        ("generated::the_api_does_what_its_document_says", 40),
        ("generated::nothing_that_browsers_send_breaks_a_page", 20),
    ] {
        let seconds = arguments.minutes.saturating_mul(seconds_a_minute);
        let mut command = process::cargo();
        command.args(["test", "--locked", "-p", "bursar", "--test", "binary"]);
        command.args(["--", test, "--exact", "--nocapture"]);
        command.env("GENERATED_SECONDS", seconds.to_string());
        command.env("GENERATED_SEED", arguments.seed.to_string());
        process::run(&mut command)?;
    }
    Ok(())
}
