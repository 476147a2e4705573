//! Accounts in order of their ids, and finding one of them.

use std::sync::Arc;

use bursar_core::account::Account;
use bursar_core::id::AccountId;

/// Finds accounts in a list that is in order of their ids. Whoever asks for them in about the same order has each
/// at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor(usize);

impl Cursor {
    /// Where an account stands.
    pub fn find(&mut self, ordered: &[AccountId], id: &AccountId) -> Option<usize> {
        let next = self.0.saturating_add(1);
        let near = [self.0, next].into_iter().find(|place| ordered.get(*place) == Some(id));
        let found = near.or_else(|| ordered.binary_search(id).ok())?;
        self.0 = found;
        Some(found)
    }
}

/// The accounts that a batch has begun, with the version of each; 0 of one that there isn't yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    pub(crate) accounts: Vec<AccountId>,
    pub(crate) versions: Vec<u64>,
}

impl Versions {
    /// Those of accounts in order of their ids, whose states are these.
    pub fn of(accounts: &[AccountId], states: &[Option<Arc<Account>>]) -> Self {
        let versions = states.iter().map(|state| state.as_ref().map_or(0, |state| state.version));
        Self { accounts: accounts.to_vec(), versions: versions.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_in_whatever_order_they_are_asked_for() {
        let ids = |names: [&str; 3]| names.map(|name| name.parse::<AccountId>().unwrap());
        let ordered = ids(["ada", "bob", "eve"]);
        let mut cursor = Cursor::default();
        for name in ["ada", "ada", "bob", "eve", "bob", "ada", "eve"] {
            let id = name.parse().unwrap();
            let place = cursor.find(&ordered, &id).unwrap();
            assert_eq!(ordered[place], id);
        }
        for other in ids(["a", "carl", "zoe"]) {
            assert_eq!(cursor.find(&ordered, &other), None);
        }
        assert_eq!(cursor.find(&[], &ordered[0]), None);
    }
}
