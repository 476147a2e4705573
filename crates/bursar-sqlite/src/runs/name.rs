//! What records are looked up by.

use bursar_core::id::{AccountId, IdempotencyKey, SpendId};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How many versions of an account have a name together: about as many as a page of a statement has lines.
const VERSIONS: u64 = 16;

/// A hash of what a record is looked up by. Two may be the same by chance: whoever finds a record looks
/// whether it is the one. Its last bit says whether it is [rare](Name::is_rare).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(pub(crate) u64);

impl Name {
    /// What an entry with this idempotency key is called.
    pub(crate) fn key(account: &AccountId, key: &IdempotencyKey) -> Self {
        Self::of(Kind::Key, account, key.as_str().as_bytes()).rare()
    }

    /// What all entries about a spend are called.
    pub(crate) fn spend(account: &AccountId, spend: SpendId) -> Self {
        Self::of(Kind::Spend, account, &spend.bytes()).common()
    }

    /// What all entries are called that have an event of this version or of those around it.
    pub(crate) fn version(account: &AccountId, version: u64) -> Self {
        Self::of(Kind::Version, account, &(version / VERSIONS).to_be_bytes()).common()
    }

    /// What an account's states are called.
    pub(crate) fn state(account: &AccountId) -> Self {
        Self::of(Kind::State, account, &[]).rare()
    }

    /// Is it looked up often, and in few runs, if in any? Those of versions aren't in few: an account in use has some in
    /// each. Those of spends aren't looked up often: what most commands want of a spend is in the account's state.
    pub(crate) const fn is_rare(self) -> bool {
        self.0 & 1 == 1
    }

    const fn common(self) -> Self {
        Self(self.0 & !1)
    }

    const fn rare(self) -> Self {
        Self(self.0 | 1)
    }

    /// XXH3 of the rest, seeded with that of the account, seeded with the kind.
    fn of(kind: Kind, account: &AccountId, rest: &[u8]) -> Self {
        let kind = match kind {
            Kind::Key => 1,
            Kind::Spend => 2,
            Kind::Version => 3,
            Kind::State => 4,
        };
        let account = xxh3_64_with_seed(account.as_str().as_bytes(), kind);
        Self(xxh3_64_with_seed(rest, account))
    }
}

/// What something is looked up by.
enum Kind {
    Key,
    Spend,
    Version,
    State,
}

/// The versions that are looked up together with this one.
pub(crate) const fn around(version: u64) -> std::ops::RangeInclusive<u64> {
    let first = version.saturating_sub(version % VERSIONS);
    first..=first.saturating_add(VERSIONS - 1)
}
