//! Reserving room for a file before it is uploaded.

use alloc::vec::Vec;

use super::check_new;
use crate::Context;
use crate::account::Account;
use crate::account::command::ReserveUpload;
use crate::account::event::{Event, UploadEnd};
use crate::catalog::Catalog;
use crate::id::AssetId;
use crate::rejection::{Rejection, StorageRejection};
use crate::time::Timestamp;

impl ReserveUpload {
    /// Reserves the declared size until the file is there or its time runs out, so that uploads under
    /// way never sum to more than the plan has: "Each plan includes storage for your generated assets".
    ///
    /// # Errors
    /// [`StorageRejection`]: no room, too large, no running subscription, too many at once.
    /// [`SpendRejection::FeatureNotInPlan`](crate::rejection::SpendRejection) for kind `vault`.
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        context: &Context,
    ) -> Result<Vec<Event>, Rejection> {
        let policy = &catalog.policies.vault;
        if self.bytes > policy.max_asset {
            let (given_bytes, most_bytes) = (self.bytes, policy.max_asset);
            return Err(StorageRejection::TooLarge { given_bytes, most_bytes }.into());
        }
        check_new(account, catalog, self.kind, self.bytes)?;
        if account.storage.uploads.len()
            >= usize::try_from(policy.max_uploads).unwrap_or(usize::MAX)
        {
            return Err(StorageRejection::TooManyUploads { most: policy.max_uploads }.into());
        }
        Ok(alloc::vec![Event::UploadReserved {
            asset: AssetId::generate(context),
            kind: self.kind,
            bytes: self.bytes,
            expires_at: context.now.after(policy.upload_ttl),
            reference: self.reference.clone(),
            vault: account.storage.vault,
        }])
    }
}

/// The first upload whose time has run out at `due`, if any: it gives back what it reserved.
pub(in crate::account) fn expired(account: &Account, due: Timestamp) -> Option<Event> {
    let late = account.storage.uploads.iter().find(|upload| upload.expires_at <= due)?;
    let (asset, bytes) = (late.asset, late.bytes);
    Some(Event::UploadEnded { asset, bytes, cause: UploadEnd::Abandoned })
}
