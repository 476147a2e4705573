//! Decides commands and commits them, as the engine does: for tests and measurements.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bursar_core::Context;
use bursar_core::account::command::Command;
use bursar_core::account::event::{Actor, Idempotency, Recorded};
use bursar_core::account::payments::record;
use bursar_core::account::spend::{fold, subject};
use bursar_core::account::storage::record as asset;
use bursar_core::account::{Account, Past, advance, execute};
use bursar_core::catalog::Catalog;
use bursar_core::id::{AccountId, IdempotencyKey, Key};
use bursar_core::rejection::{AccountRejection, Rejection};
use bursar_core::time::Timestamp;

use super::Ask;
use super::catalog::catalog;
use crate::port::{Batch, StoreError, Wanted, Writer};
use crate::{Begun, Entry};

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
    /// The last legal number of each series and year that the batch gave out.
    numbers: HashMap<(Key, u16), u32>,
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
    /// What the writer says of what is looked up.
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
            numbers: HashMap::new(),
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
        let (account, mut events) = match self.events(writer, working, ask, state).await? {
            Ok(decided) => decided,
            Err(rejection) => return Ok(Outcome::Rejected(rejection)),
        };
        give_numbers(writer, working, &mut events).await?;
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
        let past = past(writer, working, ask, &account, &events).await?;
        let context = Context { now, entropy };
        let (catalog, command) = (&self.catalog, &ask.command);
        Ok(match execute(&mut account, catalog, command, &context, &past) {
            Ok(more) => {
                events.extend(more);
                Ok((account, events))
            }
            Err(rejection) => Err(rejection),
        })
    }
}

/// What deciding a command takes of history: what is committed, then what the batch has decided.
async fn past(
    writer: &mut dyn Writer,
    working: &Working,
    ask: &Ask,
    account: &Account,
    events: &[Recorded],
) -> Result<Past, StoreError> {
    let pending = working.entries.iter().filter(|entry| entry.account == ask.account);
    let pending: Vec<&Recorded> = pending.flat_map(|entry| &entry.events).chain(events).collect();
    let mut past = Past::default();
    if let Some(id) = ask.command.needs_history(account) {
        let history = writer.spend(&ask.account, id).await?;
        let own = pending.iter().filter(|recorded| subject(&recorded.event) == Some(id));
        past.spend = history.iter().chain(own.copied()).fold(None, fold).map(Box::new);
    }
    if let Some(id) = ask.command.needs_payment(account) {
        let own = pending.iter().filter(|recorded| record::subject(&recorded.event) == Some(id));
        let known = writer.payment(&ask.account, id).await?;
        let folded = own.fold(known, |payment, recorded| record::fold(payment, recorded));
        past.payment = folded.map(Box::new);
    }
    if let Some(id) = ask.command.needs_asset(account) {
        let own = pending.iter().rfind(|recorded| asset::subject(&recorded.event) == Some(id));
        let asset = match own {
            Some(last) => asset::after(last),
            None => writer.asset(&ask.account, id).await?,
        };
        past.asset = asset.map(Box::new);
    }
    Ok(past)
}

/// Gives the documents that events issue their legal numbers.
async fn give_numbers(
    writer: &mut dyn Writer,
    working: &mut Working,
    events: &mut [Recorded],
) -> Result<(), StoreError> {
    for number in events.iter_mut().filter_map(|recorded| recorded.event.legal_number_mut()) {
        let key = (number.series.clone(), number.year);
        let last = match working.numbers.get(&key) {
            Some(last) => *last,
            None => writer.last_number(&number.series, number.year).await?,
        };
        number.number = last + 1;
        working.numbers.insert(key, number.number);
    }
    Ok(())
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
