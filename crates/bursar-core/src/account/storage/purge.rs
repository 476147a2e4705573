//! Giving up all that is stored.

use alloc::vec::Vec;

use super::Storage;
use crate::account::event::{Event, UploadEnd};

/// Ends the vault: "After 30 days, data is permanently deleted." Uploads under way end first. A vault
/// without any file stays; what is left of its uploads is erased one by one.
pub(in crate::account) fn give_up(storage: &Storage) -> Vec<Event> {
    let ended = |upload: &super::Upload| Event::UploadEnded {
        asset: upload.asset,
        bytes: upload.bytes,
        cause: UploadEnd::Purged,
    };
    let mut events: Vec<Event> = storage.uploads.iter().map(ended).collect();
    let all = storage.kinds.total();
    if all.assets > 0 {
        let vault = storage.vault;
        events.push(Event::VaultPurged { vault, assets: all.assets, bytes: all.bytes });
    }
    events
}
