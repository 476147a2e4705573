//! Finding entries of the journal.
//!
//! An entry is looked up by its idempotency key, by the spends that it is about and by the versions of its
//! account. Each of these is hashed to a [`Name`]; a [`Line`] has a name and the place of an entry. Lines are in
//! [runs](crate::runs): a table with an index would write a page of 4 KB for each name, since names come in no
//! order; see ADR 22.

use bursar_core::account::spend::subject;
use bursar_store::{Entry, JournalPosition, StoreError};
use bytes::Bytes;

use crate::error::Result;
use crate::runs::{Name, Record, Runs};

/// The bits of a [`Place`] that are for the entry within its commit.
const INDEX_BITS: u32 = 20;

/// A line's bytes: the name and the place, big endian.
const LINE: usize = 16;

/// Every line.
pub(crate) type Index = Runs<Line>;

/// An entry's position, in eight bytes, in the order of positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(pub(crate) u64);

/// What an entry is called, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) name: Name,
    pub(crate) place: Place,
}

impl Record for Line {
    const KIND: &'static str = "index";
    const REPLACED: bool = false;
    /// When accounts are charged: a charge has a key, is a spend and has a version, and only its key is rare. Of what is
    /// no spend a half is.
    const RARE: u64 = 40;

    fn name(&self) -> Name {
        self.name
    }

    fn write(&self, block: &mut Vec<u8>) {
        block.extend(self.name.0.to_be_bytes());
        block.extend(self.place.0.to_be_bytes());
    }

    fn first(block: &[u8]) -> Option<(Name, usize)> {
        let line = block.first_chunk::<LINE>()?;
        Some((Name(u64::from_be_bytes(*line.first_chunk()?)), LINE))
    }

    fn read(bytes: Bytes) -> Option<Self> {
        let (name, place) = bytes.split_first_chunk()?;
        let place = Place(u64::from_be_bytes(*place.first_chunk()?));
        Some(Self { name: Name(u64::from_be_bytes(*name)), place })
    }
}

impl Index {
    /// Where entries of a name stand, in order. Some may be of another name with the same hash.
    ///
    /// # Errors
    /// [`StoreError`]: a run can't be read, or is damaged.
    pub(crate) fn places(&self, name: Name) -> Result<Vec<Place>> {
        let mut found = Vec::new();
        self.each_newest_first(|run| {
            run.find(name, |line| found.push(line.place))?;
            Ok(true)
        })?;
        found.sort_unstable();
        Ok(found)
    }
}

impl Place {
    /// Where an entry stands.
    ///
    /// # Errors
    /// [`StoreError::Damaged`]: there are more commits (2^44) or entries in one (2^20) than can be.
    pub(crate) fn of(position: JournalPosition) -> Result<Self> {
        let index = u64::from(position.index);
        let fits = position.commit >> (u64::BITS - INDEX_BITS) == 0 && index >> INDEX_BITS == 0;
        if !fits {
            let JournalPosition { commit, index } = position;
            return Err(StoreError::Damaged(format!("no entry can stand at {index} of {commit}")));
        }
        Ok(Self(position.commit << INDEX_BITS | index))
    }

    /// The position.
    pub(crate) fn position(self) -> JournalPosition {
        let index = self.0 & ((1 << INDEX_BITS) - 1);
        JournalPosition {
            commit: self.0 >> INDEX_BITS,
            index: u32::try_from(index).unwrap_or(u32::MAX),
        }
    }
}

/// Adds all lines of an entry: for its key, for each spend that it is about, and for each sixteen versions that
/// it has a part of. Some may be there twice.
///
/// # Errors
/// As [`Place::of`].
pub(crate) fn add_lines(
    lines: &mut Vec<Line>,
    position: JournalPosition,
    entry: &Entry,
) -> Result<()> {
    let place = Place::of(position)?;
    let account = &entry.account;
    let mut add = |name| lines.push(Line { name, place });
    if let Some(idempotency) = &entry.idempotency {
        add(Name::key(account, &idempotency.key));
    }
    let mut last = None;
    for (version, recorded) in entry.versions() {
        let name = Name::version(account, version);
        if last.replace(name) != Some(name) {
            add(name);
        }
        if let Some(spend) = subject(&recorded.event) {
            add(Name::spend(account, spend));
        }
    }
    Ok(())
}
