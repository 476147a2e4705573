//! What every store refuses: batches that no command makes.

use std::collections::HashMap;

use bursar_core::id::AccountId;

use crate::port::{Batch, StoreError};

impl Batch {
    /// Is this the batch of accounts that were begun at these versions (0 if there was none)? A
    /// store asks before it writes: the journal keeps what it is given for ever.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], in words; it is a mistake of the caller's.
    pub fn check(&self, begun: HashMap<AccountId, u64>) -> Result<(), StoreError> {
        let wrong = |id: &AccountId, what: &str| {
            Err(StoreError::Damaged(format!("a batch that no command makes: {id} {what}")))
        };
        let mut versions = begun;
        let mut changed = HashMap::new();
        for entry in &self.entries {
            let id = &entry.account;
            let Some(version) = versions.get_mut(id) else {
                return wrong(id, "was not begun");
            };
            if entry.first_version != version.saturating_add(1) || entry.events.is_empty() {
                return wrong(id, "has an entry that does not follow its version");
            }
            *version = entry.version();
            changed.insert(id, *version);
        }
        for account in &self.accounts {
            if changed.remove(&account.id) != Some(account.version) {
                return wrong(&account.id, "has a state that is not the one after its last entry");
            }
        }
        match changed.keys().next() {
            Some(id) => wrong(id, "has entries but no state"),
            None => Ok(()),
        }
    }
}
