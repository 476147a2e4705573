//! Decides commands and commits them, as the engine does: for tests and measurements.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bursar_core::Context;
use bursar_core::account::command::{
    AdjustCredits, ChangePlan, Charge, Command, Open, PlaceHold, SpendRequest,
};
use bursar_core::account::event::{Actor, Idempotency, Recorded};
use bursar_core::account::spend::{Spend, fold, subject};
use bursar_core::account::{Account, advance, execute};
use bursar_core::catalog::{Catalog, Class, Interval};
use bursar_core::id::{AccountId, IdempotencyKey};
use bursar_core::pricing::UsageRequest;
use bursar_core::rejection::{AccountRejection, Rejection};
use bursar_core::time::{Timestamp, ZoneName};

use super::catalog::{catalog, whole};
use crate::port::{Batch, StoreError, Wanted, Writer};
use crate::{Begun, Entry};

/// A command on an account.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The account.
    pub account: AccountId,
    /// The caller's idempotency key.
    pub key: Option<IdempotencyKey>,
    /// The command.
    pub command: Command,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done(Arc<Entry>),
    /// It had been done before, under the same key.
    Replayed(Arc<Entry>),
    /// It was refused.
    Rejected(Rejection),
    /// There was nothing to do.
    Nothing,
}

/// Decides and commits.
#[derive(Clone, Debug)]
pub struct Clerk {
    /// By which it decides.
    pub catalog: Catalog,
    /// The real clock.
    pub now: Timestamp,
    random: fastrand::Rng,
}

/// A batch while it is decided.
struct Working {
    accounts: BTreeMap<AccountId, Option<Account>>,
    known: HashMap<(AccountId, IdempotencyKey), Arc<Entry>>,
    entries: Vec<Arc<Entry>>,
}

impl Ask {
    /// Without a key.
    pub fn new(account: &str, command: Command) -> Self {
        Self { account: account.parse().unwrap(), key: None, command }
    }

    /// Under a key.
    #[must_use]
    pub fn keyed(mut self, key: &str) -> Self {
        self.key = Some(key.parse().unwrap());
        self
    }

    /// Open an account.
    pub fn open(account: &str) -> Self {
        let (zone, currency) = (ZoneName::utc(), None);
        Self::new(account, Command::Open(Open { zone, currency }))
    }

    /// Give whole credits that never expire.
    pub fn give(account: &str, credits: i64) -> Self {
        let given = AdjustCredits {
            credits: whole(credits),
            class: Class::Topup,
            reason: "a gift".parse().unwrap(),
            expires_at: None,
        };
        Self::new(account, Command::AdjustCredits(given))
    }

    /// Subscribe to a plan, monthly.
    pub fn subscribe(account: &str, plan: &str) -> Self {
        let change = ChangePlan { plan: plan.to_owned(), interval: Interval::Month };
        Self::new(account, Command::ChangePlan(change))
    }

    /// Charge one image.
    pub fn charge(account: &str) -> Self {
        let charge = Charge { spend: image(), reference: None };
        Self::new(account, Command::Charge(charge))
    }

    /// Hold one image's price.
    pub fn hold(account: &str) -> Self {
        let hold =
            PlaceHold { spend: image(), ttl: None, reference: Some("job-1".parse().unwrap()) };
        Self::new(account, Command::PlaceHold(hold))
    }
}

fn image() -> SpendRequest {
    SpendRequest::Operation(UsageRequest {
        operation: "image".to_owned(),
        model: None,
        quality: None,
        units: None,
        attributes: Vec::new(),
    })
}

impl Outcome {
    /// The entry, if the command was done, now or before.
    pub fn entry(&self) -> Option<&Arc<Entry>> {
        match self {
            Self::Done(entry) | Self::Replayed(entry) => Some(entry),
            Self::Rejected(_) | Self::Nothing => None,
        }
    }

    /// The entry of a command that was done now.
    pub fn done(self) -> Arc<Entry> {
        match self {
            Self::Done(entry) => entry,
            other => panic!("not done: {other:?}"),
        }
    }
}

impl Clerk {
    /// Begins on 1 January 2026. The same seed makes the same ids.
    pub fn new(seed: u64) -> Self {
        Self {
            catalog: catalog(),
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// Lets time pass.
    pub fn wait(&mut self, time: Duration) {
        self.now = self.now.after(time);
    }

    /// Does one command in a batch of its own.
    ///
    /// # Errors
    /// What the writer says.
    pub async fn one(&mut self, writer: &mut dyn Writer, ask: Ask) -> Result<Outcome, StoreError> {
        let outcomes = self.batch(writer, &[ask]).await?;
        Ok(outcomes.into_iter().next().unwrap())
    }

    /// Does commands in one batch, in order.
    ///
    /// # Errors
    /// What the writer says; nothing is done then.
    pub async fn batch(
        &mut self,
        writer: &mut dyn Writer,
        asks: &[Ask],
    ) -> Result<Vec<Outcome>, StoreError> {
        let wanted = wanted(asks);
        let begun = writer.begin(&wanted).await?;
        let (outcomes, batch) = self.decide(writer, asks, &wanted, begun).await?;
        if batch.entries.is_empty() {
            writer.abandon().await;
        } else {
            writer.commit(batch).await?;
        }
        Ok(outcomes)
    }

    /// Decides what was begun, without committing it.
    ///
    /// # Errors
    /// What the writer says of a spend.
    pub async fn decide(
        &mut self,
        writer: &mut dyn Writer,
        asks: &[Ask],
        wanted: &Wanted,
        begun: Begun,
    ) -> Result<(Vec<Outcome>, Batch), StoreError> {
        let states = begun.accounts.iter();
        let states = states.map(|state| state.as_deref().cloned());
        let known = wanted.keys.iter().cloned().zip(begun.entries);
        let mut working = Working {
            accounts: wanted.accounts.iter().cloned().zip(states).collect(),
            known: known.filter_map(|(key, entry)| Some((key, entry?))).collect(),
            entries: Vec::new(),
        };
        let mut outcomes = Vec::new();
        for ask in asks {
            outcomes.push(self.ask(writer, &mut working, ask).await?);
        }
        let changed: HashSet<&AccountId> =
            working.entries.iter().map(|entry| &entry.account).collect();
        let accounts = working.accounts.iter();
        let accounts = accounts.filter(|(id, _)| changed.contains(id));
        let accounts = accounts.filter_map(|(_, state)| state.clone().map(Arc::new)).collect();
        let entries = working.entries;
        Ok((outcomes, Batch { entries, accounts }))
    }

    async fn ask(
        &mut self,
        writer: &mut dyn Writer,
        working: &mut Working,
        ask: &Ask,
    ) -> Result<Outcome, StoreError> {
        let key = ask.key.clone().map(|key| (ask.account.clone(), key));
        if let Some(entry) = key.as_ref().and_then(|key| working.known.get(key)) {
            return Ok(Outcome::Replayed(Arc::clone(entry)));
        }
        let state = working.accounts[&ask.account].clone();
        let first_version = state.as_ref().map_or(1, |account| account.version + 1);
        let (account, events) = match self.events(writer, working, ask, state).await? {
            Ok(decided) => decided,
            Err(rejection) => return Ok(Outcome::Rejected(rejection)),
        };
        if events.is_empty() {
            return Ok(Outcome::Nothing);
        }
        let entry = Arc::new(Entry {
            account: ask.account.clone(),
            first_version,
            actor: Actor::System,
            idempotency: ask.key.clone().map(|key| {
                let request = [7; 16];
                Idempotency { key, request, form: 1 }
            }),
            events,
        });
        working.accounts.insert(ask.account.clone(), Some(account));
        working.entries.push(Arc::clone(&entry));
        working.known.extend(key.map(|key| (key, Arc::clone(&entry))));
        Ok(Outcome::Done(entry))
    }

    async fn events(
        &mut self,
        writer: &mut dyn Writer,
        working: &Working,
        ask: &Ask,
        state: Option<Account>,
    ) -> Result<Result<(Account, Vec<Recorded>), Rejection>, StoreError> {
        let mut entropy = [0; 10];
        self.random.fill(&mut entropy);
        let Some(mut account) = state else {
            let Command::Open(open) = &ask.command else {
                return Ok(Err(AccountRejection::NotFound.into()));
            };
            let opened = open.decide(ask.account.clone(), &self.catalog, self.now);
            return Ok(opened
                .map(|(account, recorded)| (account, vec![recorded]))
                .map_err(Rejection::from));
        };
        let now = self.now.after(account.clock_ahead);
        let mut events = advance::advance(&mut account, &self.catalog, now);
        let mut past: Option<Spend> = None;
        if let Some(id) = ask.command.needs_history(&account) {
            let mut history = writer.spend(&ask.account, id).await?;
            let pending = working.entries.iter();
            let pending = pending.filter(|entry| entry.account == ask.account);
            let pending = pending.flat_map(|entry| &entry.events).chain(&events);
            let own = |recorded: &&Recorded| subject(&recorded.event) == Some(id);
            history.extend(pending.filter(own).cloned());
            past = history.iter().fold(None, fold);
        }
        let context = Context { now, entropy };
        let (catalog, command) = (&self.catalog, &ask.command);
        Ok(match execute(&mut account, catalog, command, &context, past.as_ref()) {
            Ok(more) => {
                events.extend(more);
                Ok((account, events))
            }
            Err(rejection) => Err(rejection),
        })
    }
}

/// What a batch of commands has to know.
pub(super) fn wanted(asks: &[Ask]) -> Wanted {
    let mut accounts: Vec<AccountId> = asks.iter().map(|ask| ask.account.clone()).collect();
    accounts.sort();
    accounts.dedup();
    let keys = asks.iter().filter_map(|ask| Some((ask.account.clone(), ask.key.clone()?)));
    let keys = keys.collect();
    Wanted { accounts, keys }
}
