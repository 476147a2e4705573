//! A run of commits with everything of them that is looked up.

use std::collections::BTreeSet;
use std::sync::Arc;

use bursar_core::account::Account;
use bursar_core::id::{AccountId, IdempotencyKey, Key, SpendId};
use bursar_core::time::Timestamp;
use bursar_store::projection::{
    events, idempotency, is_about_assets, is_about_money, legal_numbers, spend_events,
    statement_rows,
};
use bursar_store::{Due, Entry, JournalPosition, SpendEvent, StatementRow};
use foldhash::{HashMap, HashSet};
use hashbrown::HashTable;
use hashbrown::hash_table::Entry as Place;

use crate::assets::ChangedAssets;
use crate::journal::Stamp;
use crate::pace::Pace;
use crate::runs::Name;
use crate::views::{Searched, Waiting};

/// Commits that are in the journal and not in the views yet.
#[derive(Default)]
pub(crate) struct Segment {
    /// By their [names](Name::state). Apart from the table, so that commits don't wait long while it grows.
    accounts: HashTable<(Name, Box<Pinned>)>,
    searched: Index,
    /// The entries with idempotency keys, by the [names](Name::key) of these.
    keys: HashTable<(Name, Arc<Entry>)>,
    /// The entries about payments and documents, in order.
    money: Vec<(JournalPosition, Arc<Entry>)>,
    /// The entries about files, in order.
    assets: Vec<Arc<Entry>>,
    /// The last of them.
    pub(crate) stamp: Stamp,
    pub(crate) entries: usize,
    pub(crate) bytes: usize,
}

/// An account that changed.
pub(crate) struct Pinned {
    /// Was it opened in this segment?
    is_new: bool,
    /// What the views will say of it when they have what comes before this segment; `None` if that isn't known.
    before: Option<Searched>,
    /// What they will say when they have this segment.
    pub(crate) after: Searched,
    /// Its state after the last commit.
    pub(crate) account: Arc<Account>,
    /// What happened, oldest first.
    pub(crate) entries: Vec<(JournalPosition, Arc<Entry>)>,
    /// Those of `entries` that are about payments and documents.
    pub(crate) money: Vec<(JournalPosition, Arc<Entry>)>,
    /// Those of `entries` that are about files.
    pub(crate) assets: Vec<Arc<Entry>>,
}

impl Pinned {
    /// Does its own row change? One that is new gets one, whatever it says.
    pub(crate) fn has_row(&self) -> bool {
        self.is_new || self.before != Some(self.after)
    }

    /// Do any rows of the views change, besides its state and the index?
    pub(crate) fn has_rows(&self) -> bool {
        self.has_row() || !self.money.is_empty() || !self.assets.is_empty()
    }
}

/// What some accounts are searched by, after a segment.
pub(crate) type Changed = HashMap<AccountId, Searched>;

/// The accounts that a segment changes in what they are searched by: very few, if they are charged. Some of them may be
/// as they were after all.
#[derive(Default)]
struct Index {
    /// With when they are due in the views or in the segment, whichever is earlier; may be earlier still.
    due: BTreeSet<(Timestamp, AccountId)>,
    /// Those that wait in the views or in the segment.
    asking: HashSet<AccountId>,
    erasing: HashSet<AccountId>,
}

impl Index {
    /// Notes what an account is searched by. `before` is what the views say, if that is known.
    fn add(&mut self, id: &AccountId, before: Option<Searched>, after: Searched) {
        // It may be anything, if it isn't known.
        let Some(before) = before else {
            self.due.insert((Timestamp::from_micros(i64::MIN), id.clone()));
            self.asking.insert(id.clone());
            self.erasing.insert(id.clone());
            return;
        };
        if before.due_at != after.due_at
            && let Some(earliest) = before.due_at.into_iter().chain(after.due_at).min()
        {
            self.due.insert((earliest, id.clone()));
        }
        if before.asking || after.asking {
            self.asking.insert(id.clone());
        }
        if before.erasing || after.erasing {
            self.erasing.insert(id.clone());
        }
    }
}

impl Segment {
    /// Adds a commit: all its entries, and the state of every account that they changed, before it if that is
    /// known, and after it.
    pub(crate) fn add(
        &mut self,
        stamp: Stamp,
        bytes: usize,
        entries: &[Arc<Entry>],
        changed: impl IntoIterator<Item = (Option<Arc<Account>>, Arc<Account>)>,
    ) {
        let opening = entries.iter().filter(|entry| entry.first_version == 1);
        let new: HashSet<&AccountId> = opening.map(|entry| &entry.account).collect();
        for (before, account) in changed {
            let after = Searched::of(&account);
            let name = Name::state(&account.id);
            let is_it = |known: &(Name, Box<Pinned>)| is_of(known, name, &account.id);
            match self.accounts.entry(hash(name), is_it, |(name, _)| hash(*name)) {
                Place::Occupied(known) => {
                    let (_, pinned) = known.into_mut();
                    if pinned.after != after {
                        self.searched.add(&account.id, pinned.before, after);
                    }
                    pinned.after = after;
                    pinned.account = account;
                }
                Place::Vacant(place) => {
                    let is_new = new.contains(&account.id);
                    let before = before.map(|before| Searched::of(&before));
                    let before = before.or(is_new.then_some(Searched::NOTHING));
                    self.searched.add(&account.id, before, after);
                    let (entries, money, assets) = (Vec::new(), Vec::new(), Vec::new());
                    let pinned = Pinned { is_new, before, after, account, entries, money, assets };
                    place.insert((name, Box::new(pinned)));
                }
            }
        }
        for (index, entry) in (0..).zip(entries) {
            if let Some(key) = idempotency(entry) {
                let name = Name::key(&entry.account, key);
                let value = (name, Arc::clone(entry));
                self.keys.insert_unique(hash(name), value, |(name, _)| hash(*name));
            }
            let id = &entry.account;
            let name = Name::state(id);
            let known = self.accounts.find_mut(hash(name), |known| is_of(known, name, id));
            if let Some((_, pinned)) = known {
                let commit = stamp.commit;
                let position = JournalPosition { commit, index };
                pinned.entries.push((position, Arc::clone(entry)));
                if is_about_money(entry) {
                    pinned.money.push((position, Arc::clone(entry)));
                    self.money.push((position, Arc::clone(entry)));
                }
                if is_about_assets(entry) {
                    pinned.assets.push(Arc::clone(entry));
                    self.assets.push(Arc::clone(entry));
                }
            }
        }
        self.stamp = stamp;
        self.entries += entries.len();
        self.bytes += bytes;
    }

    pub(crate) fn account(&self, id: &AccountId) -> Option<&Arc<Account>> {
        self.pinned(id).map(|pinned| &pinned.account)
    }

    /// Gives its memory back.
    pub(crate) fn take_apart(mut self, pace: &mut Pace<'_>) {
        self.keys.drain().for_each(|_| pace.step());
        self.accounts.drain().for_each(|_| pace.step());
    }

    fn pinned(&self, id: &AccountId) -> Option<&Pinned> {
        let name = Name::state(id);
        let known = self.accounts.find(hash(name), |known| is_of(known, name, id));
        known.map(|(_, pinned)| &**pinned)
    }

    /// Every account that changed, with its [name](Name::state), in no order.
    pub(crate) fn all(&self) -> impl ExactSizeIterator<Item = (Name, &Pinned)> {
        self.accounts.iter().map(|(name, pinned)| (*name, &**pinned))
    }

    /// The accounts that are or were due by then, and others, with what they are searched by now. Of those that
    /// aren't among them the views say whether they are.
    pub(crate) fn due(&self, now: Timestamp) -> Changed {
        let due = self.searched.due.iter().take_while(|(since, _)| *since <= now);
        self.changed(due.map(|(_, id)| id))
    }

    /// The same of accounts that wait, or did.
    pub(crate) fn waiting(&self, what: Waiting) -> Changed {
        self.changed(match what {
            Waiting::Asking => self.searched.asking.iter(),
            Waiting::Erasing => self.searched.erasing.iter(),
        })
    }

    fn changed<'a>(&'a self, ids: impl Iterator<Item = &'a AccountId>) -> Changed {
        let pinned = ids.filter_map(|id| Some((id.clone(), self.pinned(id)?.after)));
        pinned.collect()
    }

    /// The entry of an idempotency key, which has this name.
    pub(crate) fn entry(
        &self,
        name: Name,
        (id, key): &(AccountId, IdempotencyKey),
    ) -> Option<&Arc<Entry>> {
        let is_it = |(other, entry): &(Name, Arc<Entry>)| {
            *other == name && entry.account == *id && idempotency(entry) == Some(key)
        };
        self.keys.find(hash(name), is_it).map(|(_, entry)| entry)
    }

    fn entries_of(&self, id: &AccountId) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        let pinned = self.pinned(id);
        pinned.into_iter().flat_map(|pinned| pinned.entries.iter().map(|(_, entry)| entry))
    }
}

/// Statement lines of an account in segments that follow each other, newest first.
pub(crate) fn statement(
    segments: &[&Segment],
    id: &AccountId,
    before: Option<u64>,
    limit: usize,
) -> Vec<StatementRow> {
    segments
        .iter()
        .rev()
        .flat_map(|segment| segment.entries_of(id).rev())
        .filter(|entry| before.is_none_or(|before| entry.first_version < before))
        .flat_map(|entry| statement_rows(entry).rev())
        .filter(|row| before.is_none_or(|before| row.version < before))
        .take(limit)
        .collect()
}

/// The events of a spend in segments that follow each other, oldest first.
pub(crate) fn spend(segments: &[&Segment], id: &AccountId, spend: SpendId) -> Vec<SpendEvent> {
    segments
        .iter()
        .flat_map(|segment| segment.entries_of(id))
        .flat_map(|entry| spend_events(entry, spend))
        .collect()
}

/// What happened to an account after a version in segments that follow each other, oldest first.
pub(crate) fn history(segments: &[&Segment], id: &AccountId, after: u64) -> Vec<SpendEvent> {
    segments
        .iter()
        .flat_map(|segment| segment.entries_of(id))
        .filter(|entry| entry.version() > after)
        .flat_map(|entry| events(entry))
        .filter(|event| event.version > after)
        .collect()
}

/// Entries about payments and documents, oldest first.
pub(crate) type Money = Vec<(JournalPosition, Arc<Entry>)>;

/// Those of an account in segments that follow each other.
pub(crate) fn money(segments: &[&Segment], id: &AccountId) -> Money {
    let pinned = segments.iter().filter_map(|segment| segment.pinned(id));
    pinned.flat_map(|pinned| &pinned.money).cloned().collect()
}

/// Those of all accounts in segments that follow each other.
pub(crate) fn all_money(segments: &[&Segment]) -> Money {
    segments.iter().flat_map(|segment| &segment.money).cloned().collect()
}

/// What the segments, which follow each other, do to the files of an account.
pub(crate) fn assets(segments: &[&Segment], id: &AccountId) -> ChangedAssets {
    let mut changed = ChangedAssets::default();
    let pinned = segments.iter().filter_map(|segment| segment.pinned(id));
    for entry in pinned.flat_map(|pinned| &pinned.assets) {
        changed.add(entry);
    }
    changed
}

/// An account that has stored something in the segments and whose objects have that name.
pub(crate) fn owner(segments: &[&Segment], object_name: [u8; 16]) -> Option<AccountId> {
    let entries = segments.iter().flat_map(|segment| &segment.assets);
    let mut accounts = entries.map(|entry| &entry.account);
    accounts.find(|id| id.object_name() == object_name).cloned()
}

/// The highest legal number of a series and year in the segments.
pub(crate) fn last_number(segments: &[&Segment], series: &Key, year: u16) -> Option<u32> {
    let entries = segments.iter().flat_map(|segment| &segment.money);
    let numbers = entries.flat_map(|(_, entry)| legal_numbers(entry));
    let of_series = numbers.filter(|number| number.series == *series && number.year == year);
    of_series.map(|number| number.number).max()
}

fn is_of(known: &(Name, Box<Pinned>), name: Name, id: &AccountId) -> bool {
    known.0 == name && known.1.account.id == *id
}

/// Where an entry's name is looked for. Its last bit is that of all others, too.
const fn hash(name: Name) -> u64 {
    name.0.rotate_right(1)
}

/// Puts what is due of those that changed among what is due of all other accounts.
pub(crate) fn merge_due(
    changed: Changed,
    others: Vec<Due>,
    now: Timestamp,
    limit: usize,
) -> Vec<Due> {
    let mut due = others;
    due.extend(changed.into_iter().filter_map(|(account, searched)| {
        let since = searched.due_at.filter(|since| *since <= now)?;
        Some(Due { account, since })
    }));
    due.sort_unstable_by(|a, b| (a.since, &a.account).cmp(&(b.since, &b.account)));
    due.truncate(limit);
    due
}
