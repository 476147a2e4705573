//! Logs: on stderr, one line each.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

/// How log lines are written: for people, or for programs, the start-up message too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Which log lines, in the syntax of `tracing`: `debug`, `warn,bursar_api=debug`.
const FILTER: &str = "BURSAR_LOG";

/// Logs from now on.
pub(super) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_env(FILTER).unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match format {
        LogFormat::Text => logs.with_ansi(io::stderr().is_terminal()).with_target(false).try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
    // Fails only where logs were started before, and then they work.
    let _ = started;
}
