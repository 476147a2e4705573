//! Advances accounts that nobody touches when something of theirs falls due.
//!
//! Being late costs nothing but punctuality: every command and every read advances its account
//! first, and what falls due is stamped with its due time. Nodes take different accounts by turns; that one
//! was advanced meanwhile is as good.

use std::time::Duration;

use bursar_core::account::command::Command;
use bursar_core::account::event::Actor;
use bursar_store::{Claim, Task};

use crate::engine::Engine;
use crate::envelope::{Envelope, Failure};

const PAUSE: Duration = Duration::from_millis(500);
/// Accounts that a node takes at once. Few enough that a wave of them is spread over the nodes.
const AT_ONCE: usize = 250;
/// How long an account rests that couldn't be advanced, and doesn't hold up the others.
const REST: Duration = Duration::from_secs(60);

/// Runs until the engine shuts down.
pub(crate) async fn run(engine: Engine) {
    loop {
        tokio::select! {
           biased;
            () = engine.stopped() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
        while wake(&engine).await {}
    }
}

/// Advances accounts that are due. May there be more?
async fn wake(engine: &Engine) -> bool {
    let due = match engine.store().claim(Task::Advance, engine.wall_now(), AT_ONCE).await {
        Ok(due) => due,
        Err(error) => {
            tracing::warn!(%error, "cannot look for due accounts; trying again");
            return false;
        }
    };
    if due.is_empty() {
        return false;
    }
    let claims: Vec<Claim> = due.iter().map(|id| Claim::of(Task::Advance, id.clone())).collect();
    let advance = |id| Envelope::new(id, Command::Advance, Actor::System);
    let outcomes = engine.execute_many(due.into_iter().map(advance).collect()).await;
    let is_full = claims.len() == AT_ONCE;
    let (mut done, mut defective, mut trouble) = (Vec::new(), Vec::new(), None);
    for (claim, outcome) in claims.into_iter().zip(outcomes) {
        match outcome {
            Err(failure @ Failure::Defect) => {
                defective.push(claim);
                trouble = Some(failure);
                continue;
            }
            // A success: whatever was due has been booked, by this or by another command.
            Ok(_) | Err(Failure::NothingDue) => _ = engine.metrics().advanced.inc(),
            Err(failure) => trouble = Some(failure),
        }
        done.push(claim);
    }
    release(engine, &done, Duration::ZERO).await;
    release(engine, &defective, REST).await;
    match trouble {
        None => is_full,
        Some(Failure::ShuttingDown) => false,
        Some(error) => {
            tracing::warn!(%error, "cannot advance due accounts; trying again");
            false
        }
    }
}

async fn release(engine: &Engine, claims: &[Claim], rest: Duration) {
    if claims.is_empty() {
        return;
    }
    if let Err(error) = engine.store().release(claims, rest).await {
        tracing::debug!(%error, "claims can't be given up; they will run out");
    }
}
