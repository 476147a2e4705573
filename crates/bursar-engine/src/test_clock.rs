//! Moving a test clock, with the payments on the way.
//!
//! The core stops a moved clock where the provider has to be asked for something; here it waits for the
//! answer, as time would, and goes on. So one request sees every renewal, retry and end on its way.

use std::time::Duration;

use bursar_core::account::command::{AdvanceClock, ClockTarget, Command};
use bursar_core::account::event::Event;
use bursar_core::id::{AccountId, IdempotencyKey};
use bursar_core::rejection::{AccountRejection, Rejection};
use bursar_core::time::Timestamp;
use bursar_store::SpendEvent;

use crate::engine::Engine;
use crate::envelope::{Committed, Envelope, Failure};

/// How long one answer of the provider is waited for. After it the clock goes on, as time would.
const PATIENCE: Duration = Duration::from_secs(20);

/// A clock that was moved.
#[derive(Clone, Debug)]
pub struct ClockRun {
    /// The first step, which carries the caller's key.
    pub first: Committed,
    /// Where the clock is.
    pub to: Timestamp,
    /// What happened on the way, in order, with the account's version after each; the steps of the
    /// clock itself left out.
    pub events: Vec<SpendEvent>,
    /// The account's version at the end.
    pub version: u64,
}

impl Engine {
    /// Moves an account's clock, step by step. `envelope`'s command is replaced. With a key, a repeat
    /// goes on where the first request was interrupted, and gets the same answer once it is through.
    ///
    /// # Errors
    /// [`Failure`]; what happened until then has happened.
    pub async fn advance_clock(
        &self,
        envelope: Envelope,
        clock: AdvanceClock,
    ) -> Result<ClockRun, Failure> {
        let id = envelope.account.clone();
        self.settle(&id, PATIENCE).await?;
        let step = |command, key| Envelope {
            command: Command::AdvanceClock(command),
            key,
            if_version: None,
            ..envelope.clone()
        };
        let command = Command::AdvanceClock(clock.clone());
        let first = self.execute(Envelope { command, ..envelope.clone() }).await?;
        let account = self.existing(&id).await?;
        let started = first.entry.events.first().map_or(account.last_event_at, |event| event.at);
        let to = clock.target(&account, started).map_err(Rejection::from)?;

        let mut version = first.entry.version();
        let mut number = 1_u32;
        let more = loop {
            self.settle(&id, PATIENCE).await?;
            let account = self.existing(&id).await?;
            let reached = account.now(self.wall_now()) >= to;
            number = number.saturating_add(1);
            let key = derived(envelope.key.as_ref(), &number.to_string());
            let next = step(AdvanceClock { to: ClockTarget::At(to) }, key);
            match self.only_if(next, !reached).await? {
                Some(done) => version = done.entry.version(),
                None => break account.version > version,
            }
        };
        // What the last answers brought belongs to the run, too: a step of nothing marks its end, so
        // that a repeat, which only one with a key can be, ends there as well.
        let end = step(
            AdvanceClock { to: ClockTarget::By("PT0S".to_owned()) },
            derived(envelope.key.as_ref(), "end"),
        );
        if let Some(done) = self.only_if(end, more || envelope.key.is_some()).await? {
            version = done.entry.version();
        }
        let events = self.between(&id, first.entry.first_version, version).await?;
        Ok(ClockRun { first, to, events, version })
    }

    /// Does a step if it is needed, and finds it if it was done before.
    async fn only_if(&self, step: Envelope, needed: bool) -> Result<Option<Committed>, Failure> {
        if step.key.is_none() && !needed {
            return Ok(None);
        }
        // No account has that version: only what was done before can be answered.
        let if_version = if needed { None } else { Some(u64::MAX) };
        match self.execute(Envelope { if_version, ..step }).await {
            Ok(done) => Ok(Some(done)),
            Err(Failure::VersionMismatch { .. }) => Ok(None),
            Err(Failure::Rejected(Rejection::Account(AccountRejection::ClockBackwards {
                ..
            }))) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// What happened after one version of an account until another, without the clock's own steps.
    async fn between(
        &self,
        id: &AccountId,
        after: u64,
        until: u64,
    ) -> Result<Vec<SpendEvent>, Failure> {
        let count = usize::try_from(until.saturating_sub(after)).unwrap_or(usize::MAX);
        let mut events = self.store().history(id, after, count).await?;
        events.retain(|event| !matches!(event.recorded.event, Event::ClockAdvanced { .. }));
        Ok(events)
    }
}

/// The key of a later step of a request.
fn derived(key: Option<&IdempotencyKey>, step: &str) -> Option<IdempotencyKey> {
    key.and_then(|key| format!("{key}~clock-{step}").parse().ok())
}
