//! What the worker that erases has done. Whatever it repeats after a crash is old news here.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::account::Account;
use crate::account::command::{CertifyPurge, NoteErased};
use crate::account::event::Event;
use crate::id::AssetId;
use crate::rejection::StorageRejection;

impl NoteErased {
    /// Forgets what is erased.
    ///
    /// # Errors
    /// [`StorageRejection::NothingNew`].
    pub fn decide(&self, account: &Account) -> Result<Vec<Event>, StorageRejection> {
        let storage = &account.storage;
        let erased: BTreeSet<&AssetId> = self.assets.iter().collect();
        let waiting = storage.erasing.iter().filter(|asset| erased.contains(asset)).copied();
        let assets: Vec<AssetId> = waiting.collect();
        // Those of a vault that has ended are erased with it.
        if self.vault != storage.vault || assets.is_empty() {
            return Err(StorageRejection::NothingNew);
        }
        Ok(alloc::vec![Event::AssetsErased { assets }])
    }
}

impl CertifyPurge {
    /// Certifies that nothing is left of a vault: "After 30 days, data is permanently deleted."
    ///
    /// # Errors
    /// [`StorageRejection::NothingNew`].
    pub fn decide(&self, account: &Account) -> Result<Vec<Event>, StorageRejection> {
        let mut purged = account.storage.purges.iter();
        let purged = purged.find(|purged| purged.vault == self.vault);
        let purged = purged.ok_or(StorageRejection::NothingNew)?;
        Ok(alloc::vec![Event::PurgeCertified {
            vault: self.vault,
            assets: purged.assets,
            bytes: purged.bytes,
            objects: self.objects,
            digest: self.digest,
        }])
    }
}
