//! Lines of the index: what an entry is called, and where it stands.

use std::fmt::{self, Write};

use bursar_core::account::spend::subject;
use bursar_core::id::{AccountId, IdempotencyKey, SpendId};
use bursar_store::{Entry, JournalPosition, StoreError};
use xxhash_rust::xxh3::Xxh3;

use crate::error::Result;

/// How many versions of an account have a name together: about as many as a page of a statement has lines.
const VERSIONS: u64 = 16;
/// The bits of a [`Place`] that are for the entry within its commit.
const INDEX_BITS: u32 = 20;

/// A hash of what an entry is looked up by. Two may be the same by chance: whoever finds an entry looks
/// whether it is the one. Its last bit says whether it is [rare](Name::is_rare).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(pub(crate) u64);

/// An entry's position, in eight bytes, in the order of positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(pub(crate) u64);

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Line {
    pub(crate) name: Name,
    pub(crate) place: Place,
}

impl Name {
    /// What an entry with this idempotency key is called.
    pub(crate) fn key(account: &AccountId, key: &IdempotencyKey) -> Self {
        Self(Self::of("key", account, key.as_str()).0 | 1)
    }

    /// What all entries about a spend are called.
    pub(crate) fn spend(account: &AccountId, spend: SpendId) -> Self {
        Self(Self::of("spend", account, spend).0 | 1)
    }

    /// What all entries are called that have an event of this version or of those around it.
    pub(crate) fn version(account: &AccountId, version: u64) -> Self {
        Self(Self::of("version", account, version / VERSIONS).0 & !1)
    }

    /// Is it in few runs, if in any? Names of keys and spends are; an account in use has versions in each.
    pub(crate) const fn is_rare(self) -> bool {
        self.0 & 1 == 1
    }

    fn of(kind: &str, account: &AccountId, rest: impl fmt::Display) -> Self {
        let mut hash = Hash(Xxh3::new());
        // No id has a space in it. Hashing never fails.
        let _ = write!(hash, "{kind} {account} {rest}");
        Self(hash.0.digest())
    }
}

/// A hash that can be written to.
struct Hash(Xxh3);

impl fmt::Write for Hash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

/// The versions that are looked up together with this one.
pub(crate) const fn around(version: u64) -> std::ops::RangeInclusive<u64> {
    let first = version.saturating_sub(version % VERSIONS);
    first..=first.saturating_add(VERSIONS - 1)
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
