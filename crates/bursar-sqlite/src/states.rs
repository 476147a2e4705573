//! The state of each account after its last event.
//!
//! Snapshots are in [runs](crate::runs): accounts are charged in no order, and a row of a table would take a
//! page of 4 KB with it each time, twice; see ADR 24. A later snapshot replaces an earlier one when their runs
//! are merged; until then the newest run that has one is right.

use std::cmp::Ordering;

use bursar_core::account::Account;
use bursar_core::id::AccountId;
use bursar_store::codec;
use bytes::{Buf, Bytes};

use crate::error::Result;
use crate::runs::{Name, Record, Runs};
use crate::views::decode;

/// What comes before a snapshot's id and state, big endian: the name (8 bytes), and how long they are (2 and 4).
const HEAD: usize = 14;

/// The newest snapshot of every account, and some older ones.
pub(crate) type States = Runs<Snapshot>;

/// An account's id, and its encoded state. Two of one account are equal, whatever they say.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    name: Name,
    id: Bytes,
    /// The encoded [`Account`].
    pub(crate) state: Bytes,
}

impl Snapshot {
    /// The snapshot of an account, which has this name.
    ///
    /// # Errors
    /// As [`codec::encode`].
    pub(crate) fn of(name: Name, account: &Account) -> Result<Self> {
        let id = Bytes::copy_from_slice(account.id.as_str().as_bytes());
        Ok(Self { name, id, state: codec::encode(account)?.into() })
    }

    /// One that says this of an account that has this name.
    #[cfg(test)]
    pub(crate) fn named(name: Name, id: &AccountId, state: Bytes) -> Self {
        Self { name, id: id.as_str().to_owned().into(), state }
    }

    /// One that says this.
    #[cfg(test)]
    pub(crate) fn saying(id: &AccountId, state: Bytes) -> Self {
        Self::named(Name::state(id), id, state)
    }

    fn is_of(&self, id: &AccountId) -> bool {
        self.id == id.as_str().as_bytes()
    }
}

impl Record for Snapshot {
    const KIND: &'static str = "states";
    const REPLACED: bool = true;
    const RARE: u64 = 100;

    fn name(&self) -> Name {
        self.name
    }

    fn write(&self, block: &mut Vec<u8>) {
        block.extend(self.name.0.to_be_bytes());
        // No id is as long as this, and no state.
        block.extend(u16::try_from(self.id.len()).unwrap_or(u16::MAX).to_be_bytes());
        block.extend(u32::try_from(self.state.len()).unwrap_or(u32::MAX).to_be_bytes());
        block.extend_from_slice(&self.id);
        block.extend_from_slice(&self.state);
    }

    fn first(block: &[u8]) -> Option<(Name, usize)> {
        let (name, id, state) = head(block)?;
        let length = HEAD.checked_add(id)?.checked_add(state)?;
        (block.len() >= length).then_some((name, length))
    }

    fn read(mut bytes: Bytes) -> Option<Self> {
        let (name, id, state) = head(&bytes)?;
        bytes.advance(HEAD);
        if id.checked_add(state)? != bytes.len() {
            return None;
        }
        let id = bytes.split_to(id);
        Some(Self { name, id, state: bytes })
    }
}

/// A snapshot's name, and the lengths of its id and of its state.
fn head(mut bytes: &[u8]) -> Option<(Name, usize, usize)> {
    let name = Name(bytes.try_get_u64().ok()?);
    let id = usize::from(bytes.try_get_u16().ok()?);
    let state = usize::try_from(bytes.try_get_u32().ok()?).ok()?;
    Some((name, id, state))
}

impl Ord for Snapshot {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(&other.name).then_with(|| self.id.cmp(&other.id))
    }
}

impl PartialOrd for Snapshot {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Snapshot {}

impl States {
    /// An account's newest snapshot.
    ///
    /// # Errors
    /// [`StoreError`](bursar_store::StoreError): a run can't be read, or is damaged.
    pub(crate) fn snapshot(&self, id: &AccountId) -> Result<Option<Snapshot>> {
        let name = Name::state(id);
        let mut found = None;
        self.each_newest_first(|run| {
            run.find(name, |snapshot| {
                if snapshot.is_of(id) {
                    found = Some(snapshot);
                }
            })?;
            Ok(found.is_none())
        })?;
        Ok(found)
    }

    /// An account's newest state.
    ///
    /// # Errors
    /// As [`States::snapshot`] and [`States::decode`].
    pub(crate) fn account(&self, id: &AccountId) -> Result<Option<Account>> {
        self.snapshot(id)?.map(|snapshot| self.decode(id, &snapshot)).transpose()
    }

    /// Decodes an account's snapshot, naming it if that fails.
    ///
    /// # Errors
    /// As [`decode`].
    pub(crate) fn decode(&self, id: &AccountId, snapshot: &Snapshot) -> Result<Account> {
        decode(self.path(), id, &snapshot.state)
    }
}
