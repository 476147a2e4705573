//! Deleting files: "Delete unused assets to free space".

use alloc::vec::Vec;

use super::record::{AssetRecord, Stage};
use crate::account::Account;
use crate::account::event::{Event, UploadEnd};
use crate::id::AssetId;
use crate::rejection::StorageRejection;

/// Frees the bytes at once; erasing what is left follows. An upload under way is given up. Works
/// whatever state the subscription is in.
///
/// # Errors
/// [`StorageRejection::NotFound`].
pub(in crate::account) fn decide(
    account: &Account,
    asset: AssetId,
    past: Option<&AssetRecord>,
) -> Result<Vec<Event>, StorageRejection> {
    if let Some(upload) = account.storage.upload(asset) {
        let (bytes, cause) = (upload.bytes, UploadEnd::Canceled);
        return Ok(alloc::vec![Event::UploadEnded { asset, bytes, cause }]);
    }
    // What an earlier vault had is gone, though it may not be erased yet.
    let here = past.filter(|record| record.vault == account.storage.vault);
    let Some(AssetRecord { kind, bytes, stage: Stage::Stored { external, .. }, .. }) = here else {
        return Err(StorageRejection::NotFound { asset });
    };
    let (kind, bytes, external) = (*kind, *bytes, *external);
    Ok(alloc::vec![Event::AssetDeleted { asset, kind, bytes, external }])
}
