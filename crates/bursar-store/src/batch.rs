//! What every store refuses: batches that no command makes.

use std::collections::HashMap;

use bursar_core::id::{AccountId, Key};

use crate::ordered::{Cursor, Versions};
use crate::port::{Batch, StoreError};
use crate::projection::legal_numbers;

/// The last number of each series and year.
pub type Numbers = HashMap<(Key, u16), u32>;

impl Batch {
    /// Is this the batch of accounts that were begun at these versions? A store asks before it writes: the
    /// journal keeps what it is given for ever.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], in words; it is a mistake of the caller's.
    pub fn check(&self, begun: Versions) -> Result<(), StoreError> {
        let wrong = |id: &AccountId, what: &str| {
            Err(StoreError::Damaged(format!("a batch that no command makes: {id} {what}")))
        };
        let Versions { accounts, mut versions } = begun;
        // The version after the last entry of each, as long as its state wasn't seen.
        let mut changed = vec![None; accounts.len()];
        let mut cursor = Cursor::default();
        for entry in &self.entries {
            let id = &entry.account;
            let place = cursor.find(&accounts, id);
            let found = place.and_then(|place| versions.get_mut(place).zip(changed.get_mut(place)));
            let Some((version, changed)) = found else {
                return wrong(id, "was not begun");
            };
            if entry.first_version != version.saturating_add(1) || entry.events.is_empty() {
                return wrong(id, "has an entry that does not follow its version");
            }
            *version = entry.version();
            *changed = Some(*version);
        }
        for account in &self.accounts {
            let place = cursor.find(&accounts, &account.id);
            let changed = place.and_then(|place| changed.get_mut(place)?.take());
            if changed != Some(account.version) {
                return wrong(&account.id, "has a state that is not the one after its last entry");
            }
        }
        match accounts.iter().zip(changed).find(|(_, changed)| changed.is_some()) {
            Some((id, _)) => wrong(id, "has entries but no state"),
            None => Ok(()),
        }
    }

    /// Do the legal numbers of the batch follow those that are committed, one by one? `last` is as
    /// [`Writer::last_number`](crate::Writer::last_number). Returns the last ones after the batch; a
    /// store asks before it writes, since a number can't be taken back.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], in words, for a mistake of the caller's; whatever `last` fails with.
    pub fn check_numbers(
        &self,
        mut last: impl FnMut(&Key, u16) -> Result<u32, StoreError>,
    ) -> Result<Numbers, StoreError> {
        let mut numbers = Numbers::new();
        for number in self.entries.iter().flat_map(|entry| legal_numbers(entry)) {
            let key = (number.series.clone(), number.year);
            let before = match numbers.get(&key) {
                Some(before) => *before,
                None => last(&number.series, number.year)?,
            };
            if before.checked_add(1) != Some(number.number) {
                return Err(StoreError::Damaged(format!(
                    "a batch that no command makes: document {number} follows number {before}"
                )));
            }
            numbers.insert(key, number.number);
        }
        Ok(numbers)
    }
}
