//! Files of one account: what is stored and what is reserved.

use std::collections::BTreeMap;

use bursar_core::account::event::Event;
use bursar_core::id::AssetId;
use bursar_core::time::Timestamp;

/// Files and uploads, in bytes.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    files: BTreeMap<AssetId, u64>,
    uploads: BTreeMap<AssetId, (u64, Timestamp)>,
}

impl Shelf {
    /// What is taken of the quota.
    pub(super) fn taken(&self) -> u64 {
        let uploads: u64 = self.uploads.values().map(|(bytes, _)| bytes).sum();
        self.files.values().sum::<u64>() + uploads
    }

    pub(super) fn nothing_is_overdue(&self, at: Timestamp, asks: bool) -> Result<(), String> {
        let over = |due: Timestamp| if asks { due <= at } else { due < at };
        let late = self.uploads.iter().find(|(_, (_, expires_at))| over(*expires_at));
        ensure!(late.is_none(), "at {at} an upload should have ended before: {late:?}");
        Ok(())
    }

    pub(super) fn take(&mut self, at: Timestamp, event: &Event) -> Result<(), String> {
        match event {
            Event::UploadReserved { asset, bytes, expires_at, .. } => {
                ensure!(*expires_at > at, "ends when it begins");
                let known = self.uploads.insert(*asset, (*bytes, *expires_at));
                ensure!(known.is_none(), "{asset} is reserved again");
            }
            Event::AssetStored { asset, bytes, external, reserved_bytes, .. } => {
                let reserved = self.uploads.remove(asset).map(|(bytes, _)| bytes);
                let expected = if *external { None } else { Some(*reserved_bytes) };
                ensure!(reserved == expected, "{reserved:?} were reserved");
                ensure!(reserved.is_none_or(|room| *bytes <= room), "more than was reserved");
                let known = self.files.insert(*asset, *bytes);
                ensure!(known.is_none(), "{asset} is stored again");
            }
            Event::UploadEnded { asset, bytes, .. } => {
                let reserved = self.uploads.remove(asset).map(|(bytes, _)| bytes);
                ensure!(reserved == Some(*bytes), "{reserved:?} were reserved");
            }
            Event::AssetDeleted { asset, bytes, .. } => {
                let stored = self.files.remove(asset);
                ensure!(stored == Some(*bytes), "{stored:?} were stored");
            }
            Event::VaultPurged { assets, bytes, .. } => {
                let count = u64::try_from(self.files.len()).unwrap_or(u64::MAX);
                let sum = self.files.values().sum::<u64>();
                ensure!((*assets, *bytes) == (count, sum), "there were {count} of {sum} bytes");
                self.files.clear();
            }
            _ => {}
        }
        Ok(())
    }
}
