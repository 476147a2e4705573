//! SIGINT and SIGTERM: the first one asks, the second one insists.

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::output;
use crate::problem::FAILED;

/// Both signals, from now on.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Takes the signals, which would end the process otherwise.
    pub(super) fn take() -> Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).context("cannot take SIGINT")?,
            terminate: signal(SignalKind::terminate()).context("cannot take SIGTERM")?,
        })
    }

    /// The next of them, by name.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }

    /// Ends the process at the next signal. What was acknowledged is safe whenever it ends.
    pub(super) fn insist(mut self) {
        tokio::spawn(async move {
            let signal = self.next().await;
            output::note(&format!(
                "{signal} again: stopped at once. Requests in flight got no answer; what was \
                 answered is safe, and sending an Idempotency-Key again tells about the rest."
            ));
            std::process::exit(i32::from(FAILED));
        });
    }
}
