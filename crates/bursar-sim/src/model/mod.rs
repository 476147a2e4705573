//! A naive model of accounts, against which everything that the journal says is judged.
//!
//! It shares no rule with the core: it has lists of lots, holds, spends and documents, adds them up, and
//! knows by heart what ScriptKit's documentation promises. It is slow, and obviously right.

/// Ends a judgement with what is wrong, in words.
macro_rules! ensure {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}

mod asked;
mod automatic;
mod credits;
mod money;
mod prices;
mod storage;
mod subscription;

use std::collections::{BTreeMap, BTreeSet};

use bursar_core::account::event::{Actor, Event, Recorded};
use bursar_core::id::AccountId;
use bursar_core::postings::{money_postings, postings};
use bursar_core::time::Timestamp;
use bursar_store::Entry;

use crate::step::What;
use credits::Purse;
use money::Till;
use storage::Shelf;
use subscription::Contract;

/// All accounts, as the journal has told so far.
#[derive(Debug, Default)]
pub struct Model {
    seats: BTreeMap<AccountId, Seat>,
    /// What was asked for, by account and key.
    asked: BTreeMap<(AccountId, String), What>,
    /// Keys that have had their effect, with the first version of it.
    done: BTreeMap<(AccountId, String), u64>,
    /// Legal numbers, by series and year.
    numbers: BTreeMap<(String, u16), BTreeSet<u32>>,
}

/// One account.
#[derive(Debug, Default)]
pub struct Seat {
    pub(crate) purse: Purse,
    pub(crate) till: Till,
    pub(crate) shelf: Shelf,
    pub(crate) contract: Contract,
    version: u64,
    last_at: Option<Timestamp>,
    /// What could be spent and what was held, after each version, in millionths.
    balances: BTreeMap<u64, (i64, i64)>,
}

impl Model {
    /// Somebody asks for something under a key.
    pub fn ask(&mut self, account: &AccountId, key: &str, what: &What) {
        self.asked.insert((account.clone(), key.to_owned()), what.clone());
    }

    /// The account, if it was ever opened.
    pub fn seat(&self, account: &AccountId) -> Option<&Seat> {
        self.seats.get(account)
    }

    /// All accounts.
    pub fn seats(&self) -> impl Iterator<Item = (&AccountId, &Seat)> {
        self.seats.iter()
    }

    /// The version that a key's effect begins with, if it has had one.
    pub fn effect_of(&self, account: &AccountId, key: &str) -> Option<u64> {
        self.done.get(&(account.clone(), key.to_owned())).copied()
    }

    /// Judges the next entry of the journal.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn judge(&mut self, entry: &Entry) -> Result<(), String> {
        let words = |what: String| {
            format!("{} from version {}: {what}", entry.account, entry.first_version)
        };
        self.judge_entry(entry).map_err(words)
    }

    fn judge_entry(&mut self, entry: &Entry) -> Result<(), String> {
        ensure!(!entry.events.is_empty(), "an entry without events");
        let asked = self.asked_for(entry)?;
        let seat = self.seats.entry(entry.account.clone()).or_default();
        ensure!(
            entry.first_version == seat.version.saturating_add(1),
            "comes after version {}",
            seat.version
        );
        if let Some(asked) = &asked {
            asked::judge(seat, asked, entry)?;
        }
        let at_once = !matches!(entry.actor, Actor::System) && !moves_clock(entry);
        for recorded in &entry.events {
            seat.take(recorded, at_once).map_err(|what| format!("{what}: {:?}", recorded.event))?;
            if let Some(number) = recorded.event.legal_number() {
                let series = (number.series.to_string(), number.year);
                let fresh = self.numbers.entry(series).or_default().insert(number.number);
                ensure!(fresh, "the legal number {number} was given out before");
            }
        }
        seat.till.settle_up()
    }

    /// What the entry's key was used for. A key has one effect, and whoever has a key has asked.
    fn asked_for(&mut self, entry: &Entry) -> Result<Option<What>, String> {
        let Some(idempotency) = &entry.idempotency else {
            return Ok(None);
        };
        let key = idempotency.key.as_str();
        let place = (entry.account.clone(), key.to_owned());
        let before = self.done.insert(place.clone(), entry.first_version);
        ensure!(before.is_none(), "the key {key} has had an effect before");
        match (self.asked.get(&place), key.split_once('~')) {
            (Some(asked), _) => Ok(Some(asked.clone())),
            // The steps of a clock that is moved.
            (None, Some((asked, _))) => {
                let known = self.asked.contains_key(&(entry.account.clone(), asked.to_owned()));
                ensure!(known, "nobody has asked for the key {key}");
                Ok(None)
            }
            (None, None) => Err(format!("nobody has asked for the key {key}")),
        }
    }

    /// What holds once everything has come to its end.
    ///
    /// # Errors
    /// What doesn't, in words.
    pub fn judge_end(&self) -> Result<(), String> {
        for ((series, year), numbers) in &self.numbers {
            let count = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            let last = numbers.last().copied().unwrap_or(0);
            ensure!(count == last, "{series} of {year} has {count} numbers up to {last}");
        }
        Ok(())
    }
}

fn moves_clock(entry: &Entry) -> bool {
    entry.events.iter().any(|recorded| matches!(recorded.event, Event::ClockAdvanced { .. }))
}

impl Seat {
    /// The account's version.
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// What could be spent and what was held after a version, in millionths.
    pub fn balance(&self, version: u64) -> Option<(i64, i64)> {
        self.balances.get(&version).copied()
    }

    /// Was that the balance at any version of these?
    pub fn had(&self, from: u64, to: u64, available: i64, held: i64) -> bool {
        let mut between = self.balances.range(from..=to);
        between.any(|(_, balance)| *balance == (available, held))
    }

    /// What happened next. Does it come from somebody who asks, so that everything that was due by then
    /// has happened?
    fn take(&mut self, recorded: &Recorded, at_once: bool) -> Result<(), String> {
        let at = recorded.at;
        if self.version == 0 {
            ensure!(matches!(recorded.event, Event::AccountOpened { .. }), "was never opened");
        } else {
            ensure!(!matches!(recorded.event, Event::AccountOpened { .. }), "opened twice");
        }
        let back = self.last_at.is_some_and(|last| at < last);
        ensure!(!back, "at {at} time has run back");
        self.purse.nothing_is_overdue(at, at_once)?;
        self.shelf.nothing_is_overdue(at, at_once)?;
        self.purse.take(at, &recorded.event)?;
        self.shelf.take(at, &recorded.event)?;
        self.contract.take(at, &recorded.event)?;
        let (available, held) = self.purse.balance();
        self.till.take(at, available, &recorded.event)?;
        balanced(&recorded.event)?;
        let said = (recorded.available.micro(), recorded.held.micro());
        ensure!(said == (available, held), "says {said:?}, lots sum to {available} and {held}");
        self.last_at = Some(at);
        self.version = self.version.saturating_add(1);
        self.balances.insert(self.version, (available, held));
        Ok(())
    }
}

/// Postings sum to zero, in credits and in each currency.
fn balanced(event: &Event) -> Result<(), String> {
    let credits: i64 = postings(event).iter().map(|line| line.credits.micro()).sum();
    ensure!(credits == 0, "its postings in credits sum to {credits}");
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for line in money_postings(event) {
        *sums.entry(line.money.currency.to_string()).or_default() += line.money.amount;
    }
    ensure!(sums.values().all(|sum| *sum == 0), "its postings in money sum to {sums:?}");
    Ok(())
}
