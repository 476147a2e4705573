//! What one command leaves in the journal.

use bursar_core::account::event::{Actor, Idempotency, Recorded};
use bursar_core::account::{Account, apply};
use bursar_core::id::AccountId;
use serde::{Deserialize, Serialize};

/// All events of one command on one account, with who caused them: the unit that is committed, found
/// again by its idempotency key and sent to live listeners.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The account.
    pub account: AccountId,
    /// The account's version after the first of `events`; each further event adds one.
    pub first_version: u64,
    /// Who caused it.
    pub actor: Actor,
    /// The caller's idempotency key.
    pub idempotency: Option<Idempotency>,
    /// What happened, in order; never empty. What fell due before a command is an entry of its own,
    /// without a key; only moving a test clock has what fell due on the way in its own entry.
    pub events: Vec<Recorded>,
}

impl Entry {
    /// The account's version after the last of its events.
    pub fn version(&self) -> u64 {
        let more = u64::try_from(self.events.len()).unwrap_or(u64::MAX).saturating_sub(1);
        self.first_version.saturating_add(more)
    }

    /// Its events with the account's version after each.
    pub fn versions(&self) -> impl Iterator<Item = (u64, &Recorded)> {
        (self.first_version..).zip(&self.events)
    }

    /// Makes of an account what it was after this entry; `None` is one that there isn't yet.
    ///
    /// # Errors
    /// What is wrong with the entry in this place, in words; the account is of no use then.
    pub fn replay(&self, account: &mut Option<Account>) -> Result<(), String> {
        let version = account.as_ref().map_or(0, |account| account.version);
        if self.first_version != version.saturating_add(1) {
            return Err(format!("version {} follows version {version}", self.first_version));
        }
        for recorded in &self.events {
            match account {
                Some(account) => apply::apply(account, recorded.at, &recorded.event),
                None => *account = apply::first(&self.account, recorded.at, &recorded.event),
            }
        }
        match account {
            Some(account) if account.version == self.version() => Ok(()),
            _ => Err("its first event does not open it".to_owned()),
        }
    }
}

/// Where an entry stands in the journal: in commit order. Two entries of one account are always in
/// the order in which they happened.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct JournalPosition {
    /// The commit, from 1.
    pub commit: u64,
    /// The entry within it, from 0.
    pub index: u32,
}
