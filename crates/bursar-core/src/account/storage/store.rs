//! Noting that a file is there.

use alloc::vec::Vec;

use super::record::{AssetRecord, Stage};
use crate::account::Account;
use crate::account::command::StoreAsset;
use crate::account::event::Event;
use crate::catalog::Catalog;
use crate::rejection::StorageRejection;
use crate::time::Timestamp;

impl StoreAsset {
    /// Turns what is reserved into what is used; what the file didn't need is free again. It was
    /// promised when it was reserved, so neither an end of the subscription nor a smaller plan
    /// since then is in its way.
    ///
    /// # Errors
    /// [`StorageRejection`]: the upload is over, or more came than was reserved.
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        now: Timestamp,
        past: Option<&AssetRecord>,
    ) -> Result<Vec<Event>, StorageRejection> {
        let Some(upload) = account.storage.upload(self.asset) else {
            return Err(self.is_over(account, catalog, now, past));
        };
        if self.bytes == 0 {
            return Err(StorageRejection::Empty);
        }
        if self.bytes > upload.bytes {
            let (given_bytes, reserved_bytes) = (self.bytes, upload.bytes);
            return Err(StorageRejection::ExceedsReservation { given_bytes, reserved_bytes });
        }
        Ok(alloc::vec![Event::AssetStored {
            asset: self.asset,
            kind: upload.kind,
            bytes: self.bytes,
            external: false,
            attempt: self.attempt,
            reserved_bytes: upload.bytes,
            reference: upload.reference.clone(),
            vault: account.storage.vault,
        }])
    }

    /// Why there is no upload of that asset.
    fn is_over(
        &self,
        account: &Account,
        catalog: &Catalog,
        now: Timestamp,
        past: Option<&AssetRecord>,
    ) -> StorageRejection {
        let asset = self.asset;
        let here = past.filter(|record| record.vault == account.storage.vault);
        if here.is_some_and(|record| matches!(record.stage, Stage::Stored { .. })) {
            return StorageRejection::AlreadyStored { asset };
        }
        // Nothing is kept of uploads that ended; but an id tells when it was made.
        let made_at = asset.made_at();
        match made_at.map(|made_at| made_at.after(catalog.policies.vault.upload_ttl)) {
            Some(expired_at) if expired_at <= now => {
                StorageRejection::UploadExpired { asset, expired_at }
            }
            _ => StorageRejection::NotFound { asset },
        }
    }
}
