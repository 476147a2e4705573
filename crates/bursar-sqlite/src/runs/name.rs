//! What records are looked up by.

use std::fmt::{self, Write};

use bursar_core::id::{AccountId, IdempotencyKey, SpendId};
use xxhash_rust::xxh3::Xxh3;

/// How many versions of an account have a name together: about as many as a page of a statement has lines.
const VERSIONS: u64 = 16;

/// A hash of what a record is looked up by. Two may be the same by chance: whoever finds a record looks
/// whether it is the one. Its last bit says whether it is [rare](Name::is_rare).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(pub(crate) u64);

impl Name {
    /// What an entry with this idempotency key is called.
    pub(crate) fn key(account: &AccountId, key: &IdempotencyKey) -> Self {
        Self::of("key", account, key.as_str()).rare()
    }

    /// What all entries about a spend are called.
    pub(crate) fn spend(account: &AccountId, spend: SpendId) -> Self {
        Self::of("spend", account, spend).rare()
    }

    /// What all entries are called that have an event of this version or of those around it.
    pub(crate) fn version(account: &AccountId, version: u64) -> Self {
        Self(Self::of("version", account, version / VERSIONS).0 & !1)
    }

    /// What an account's states are called.
    pub(crate) fn state(account: &AccountId) -> Self {
        Self::of("state", account, "").rare()
    }

    /// Is it in few runs, if in any? Those of versions aren't: an account in use has some in each.
    pub(crate) const fn is_rare(self) -> bool {
        self.0 & 1 == 1
    }

    const fn rare(self) -> Self {
        Self(self.0 | 1)
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
