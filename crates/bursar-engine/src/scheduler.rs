//! Advances accounts that nobody touches when something of theirs falls due.
//!
//! Being late costs nothing but punctuality: every command and every read advances its account
//! first, and what falls due is stamped with its due time.

use std::time::Duration;

use bursar_core::account::command::Command;
use bursar_core::account::event::Actor;

use crate::engine::Engine;
use crate::envelope::Envelope;

const PAUSE: Duration = Duration::from_millis(500);
const AT_ONCE: usize = 1_000;

/// Runs until the engine shuts down.
pub(crate) async fn run(engine: Engine) {
    loop {
        tokio::select! {
            biased;
            () = engine.stopped() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        while wake(&engine).await == AT_ONCE {}
    }
}

/// Advances accounts that are due; how many there were.
async fn wake(engine: &Engine) -> usize {
    let due = match engine.store().due(engine.wall_now(), AT_ONCE).await {
        Ok(due) => due,
        Err(error) => {
            tracing::warn!(%error, "cannot look for due accounts; trying again");
            return 0;
        }
    };
    let advance = |id| Envelope::new(id, Command::Advance, Actor::System);
    let envelopes: Vec<Envelope> = due.into_iter().map(|due| advance(due.account)).collect();
    if envelopes.is_empty() {
        return 0;
    }
    let outcomes = engine.execute_many(envelopes).await;
    // `NothingDue` is a success: whatever was due has been booked, by this or by another command.
    let failed = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().err())
        .find(|failure| !matches!(failure, crate::Failure::NothingDue));
    engine.metrics().advanced.inc_by(u64::try_from(outcomes.len()).unwrap_or(0));
    match failed {
        None => outcomes.len(),
        Some(crate::Failure::ShuttingDown) => 0,
        Some(error) => {
            tracing::warn!(%error, "cannot advance due accounts; trying again");
            0
        }
    }
}
