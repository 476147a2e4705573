//! The proof of a journal: every entry is folded again and checked against what it says.

mod money;
mod storage;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use bursar_core::account::event::{Event, Recorded};
use bursar_core::account::{Account, apply};
use bursar_core::id::{AccountId, AssetId};
use bursar_core::money::Currency;
use bursar_core::postings::{Book, MoneyBook, postings};
use bursar_core::time::Timestamp;
use xxhash_rust::xxh3::Xxh3;

use crate::entry::{Entry, JournalPosition};
use money::{Documents, MoneySeat};
use storage::AssetSeat;

pub use money::Counts;
pub use storage::AssetCounts;

/// The first thing that is wrong with a journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("commit {}, entry {}: account {account}, version {version}: {what}", .position.commit, .position.index)]
pub struct Finding {
    /// Where.
    pub position: JournalPosition,
    /// Whose.
    pub account: AccountId,
    /// The version that the entry, or the event, gives the account.
    pub version: u64,
    /// What is wrong, in words.
    pub what: String,
}

/// Folds a journal, entry by entry, and proves it.
///
/// Proved are: an account is opened by its first event and no other; versions and positions follow
/// each other; time never runs back on an account, except that a moved test clock first books what
/// fell due on the way; the state keeps its [invariants](Account::check); the balances an event
/// recorded are the state's; every event's postings sum to zero, and the postings of all events sum
/// to the state's balances; an idempotency key is used once per account.
///
/// Of money: every event's postings sum to zero; after each entry, what is deferred in an account's
/// books is what its state has as unearned, and what is receivable is its open invoices less the
/// refunds that are owed; a document's figures add up, an account's documents are numbered one after
/// the other, and a credit note takes back the figures of one invoice, once; legal numbers go up from
/// 1 without gaps in each series and year; and all documents sum to what was posted for them.
///
/// Of what is stored: a file comes once and goes once, with the bytes that it came with; a purge gives up
/// all there is, and is certified over the list of it; and [at the end](Self::check_storage) the gauge is
/// the sum of the files.
///
/// Takes the memory of every account's state, 16 bytes per idempotency key, 40 per document and about
/// 150 per file.
#[derive(Debug, Default)]
pub struct Audit {
    seats: HashMap<AccountId, Seat>,
    /// Hashes of account and key. Two keys of one hash would be reported though nothing is wrong:
    /// with 10^9 keys, one chance in 10^20.
    keys: HashSet<u128>,
    totals: BTreeMap<Book, i128>,
    documents: Documents,
    last: JournalPosition,
    entries: u64,
    events: u64,
}

/// An account with what its postings sum to.
#[derive(Debug)]
struct Seat {
    account: Account,
    last_at: Timestamp,
    available: i128,
    held: i128,
    money: MoneySeat,
    storage: AssetSeat,
}

impl Audit {
    /// Before the first entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// What is wrong with it. The audit is over then: what follows would be judged by it.
    pub fn add(&mut self, position: JournalPosition, entry: &Entry) -> Result<(), Finding> {
        let finding =
            |(version, what)| Finding { position, account: entry.account.clone(), version, what };
        self.check_entry(position, entry).map_err(|what| finding((entry.first_version, what)))?;
        self.last = position;
        self.entries += 1;
        for (version, recorded) in entry.versions() {
            let begins = version == entry.first_version;
            self.add_event(&entry.account, version, begins, recorded)
                .map_err(|what| finding((version, what)))?;
            self.events += 1;
        }
        self.check_money(&entry.account).map_err(|what| finding((entry.version(), what)))
    }

    /// What holds between entries: an event of a sale on its own is half of it.
    fn check_money(&self, id: &AccountId) -> Result<(), String> {
        let seat = self.seats.get(id).ok_or("the account was never opened")?;
        seat.money.check(&seat.account)?;
        self.documents.check()
    }

    /// What doesn't take folding.
    fn check_entry(&mut self, position: JournalPosition, entry: &Entry) -> Result<(), String> {
        if position <= self.last {
            return Err(format!("comes after {}", At(self.last)));
        }
        if entry.events.is_empty() {
            return Err("has no events".to_owned());
        }
        let version = self.version(&entry.account);
        if entry.first_version != version.saturating_add(1) {
            return Err(format!("follows version {version}"));
        }
        if let Some(kept) = &entry.idempotency
            && !self.keys.insert(key_hash(&entry.account, kept.key.as_str()))
        {
            return Err(format!("its idempotency key {} was used before", kept.key));
        }
        Ok(())
    }

    fn add_event(
        &mut self,
        id: &AccountId,
        version: u64,
        begins: bool,
        recorded: &Recorded,
    ) -> Result<(), String> {
        let lines = postings(&recorded.event);
        let micro = |book: &Book| -> i128 {
            let of_book = lines.iter().filter(|line| line.book == *book);
            of_book.map(|line| i128::from(line.credits.micro())).sum()
        };
        let sum: i128 = lines.iter().map(|line| i128::from(line.credits.micro())).sum();
        if sum != 0 {
            return Err(format!("its postings sum to {sum} micro-credits"));
        }
        let seat = match self.seats.get_mut(id) {
            Some(seat) => {
                seat.apply(begins, recorded)?;
                seat
            }
            None => {
                let account = apply::first(id, recorded.at, &recorded.event)
                    .ok_or("the account was never opened")?;
                self.seats.entry(id.clone()).or_insert(Seat {
                    account,
                    last_at: recorded.at,
                    available: 0,
                    held: 0,
                    money: MoneySeat::default(),
                    storage: AssetSeat::default(),
                })
            }
        };
        seat.available += micro(&Book::Available);
        seat.held += micro(&Book::Held);
        seat.check(version, recorded)?;
        seat.money.add(&seat.account, &recorded.event, &mut self.documents)?;
        seat.storage.add(&seat.account, recorded)?;
        for line in lines {
            *self.totals.entry(line.book).or_default() += i128::from(line.credits.micro());
        }
        Ok(())
    }

    /// The version of an account; 0 if there is none.
    pub fn version(&self, id: &AccountId) -> u64 {
        self.account(id).map_or(0, |account| account.version)
    }

    /// An account as the journal makes it.
    pub fn account(&self, id: &AccountId) -> Option<&Account> {
        self.seats.get(id).map(|seat| &seat.account)
    }

    /// All accounts, in no order.
    pub fn accounts(&self) -> impl ExactSizeIterator<Item = &Account> {
        self.seats.values().map(|seat| &seat.account)
    }

    /// How many idempotency keys there were.
    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// How many entries there were.
    pub const fn entry_count(&self) -> u64 {
        self.entries
    }

    /// How many events there were.
    pub const fn event_count(&self) -> u64 {
        self.events
    }

    /// What each book sums to over all accounts, in micro-credits. Together they sum to zero.
    pub const fn totals(&self) -> &BTreeMap<Book, i128> {
        &self.totals
    }

    /// What each book of money sums to over all accounts, in minor units. Those of one currency sum to
    /// zero.
    pub const fn money_totals(&self) -> &BTreeMap<(Currency, MoneyBook), i128> {
        self.documents.totals()
    }

    /// How many payments and documents there were.
    pub const fn counts(&self) -> Counts {
        self.documents.counts()
    }

    /// Is the gauge of each account the sum of its files? To be asked after the last entry.
    ///
    /// # Errors
    /// An account, and what is wrong with it.
    pub fn check_storage(&self) -> Result<(), (AccountId, String)> {
        let mut seats = self.seats.iter();
        seats.try_for_each(|(id, seat)| {
            seat.storage.check(&seat.account).map_err(|what| (id.clone(), what))
        })
    }

    /// How much is stored.
    pub fn asset_counts(&self) -> AssetCounts {
        let mut counts = AssetCounts::default();
        self.seats.values().for_each(|seat| seat.storage.count(&mut counts));
        counts
    }

    /// May there be details of that file? Not once it is erased.
    pub fn may_have_details(&self, id: &AccountId, asset: AssetId, vault: u32) -> bool {
        let seat = self.seats.get(id);
        seat.is_some_and(|seat| seat.storage.may_have_details(&seat.account, asset, vault))
    }

    /// The files that must have details, in no order: their bytes are in the vault.
    pub fn must_have_details(&self) -> impl Iterator<Item = (&AccountId, AssetId)> {
        let seats = self.seats.iter();
        seats.flat_map(|(id, seat)| seat.storage.must_have_details().map(move |asset| (id, asset)))
    }

    /// The position of the last entry.
    pub const fn last(&self) -> JournalPosition {
        self.last
    }
}

impl Seat {
    fn apply(&mut self, begins: bool, recorded: &Recorded) -> Result<(), String> {
        // A moved clock is ahead of what fell due on the way, which its entry books after it.
        let last = if begins { self.account.last_event_at } else { self.last_at };
        if recorded.at < last {
            return Err(format!("is of {}, after one of {last}", recorded.at));
        }
        match &recorded.event {
            Event::AccountOpened { .. } => return Err("opens the account again".to_owned()),
            Event::ClockAdvanced { ahead } if *ahead < self.account.clock_ahead => {
                return Err("moves the test clock back".to_owned());
            }
            _ => {}
        }
        self.last_at = recorded.at;
        apply::apply(&mut self.account, recorded.at, &recorded.event);
        Ok(())
    }

    /// Does the state agree with itself, with what was recorded and with the books?
    fn check(&self, version: u64, recorded: &Recorded) -> Result<(), String> {
        self.account.check()?;
        if self.account.version != version {
            return Err(format!("the state is of version {}", self.account.version));
        }
        let (available, held) = (self.account.available(), self.account.held());
        if (recorded.available, recorded.held) != (available, held) {
            return Err(format!(
                "recorded {} available and {} held; the events make {available} and {held}",
                recorded.available, recorded.held
            ));
        }
        let books = (self.available, self.held);
        if books != (i128::from(available.micro()), i128::from(held.micro())) {
            return Err(format!(
                "the books have {} available and {} held, in micro-credits; \
                 the state has {available} and {held} credits",
                books.0, books.1
            ));
        }
        Ok(())
    }
}

fn key_hash(account: &AccountId, key: &str) -> u128 {
    let mut hash = Xxh3::new();
    hash.update(account.as_str().as_bytes());
    // No account id has this byte, so no two pairs run together alike.
    hash.update(&[0]);
    hash.update(key.as_bytes());
    hash.digest128()
}

/// A position in words.
struct At(JournalPosition);

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "commit {}, entry {}", self.0.commit, self.0.index)
    }
}
