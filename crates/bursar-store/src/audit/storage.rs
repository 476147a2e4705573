//! The proof of what is stored: each file is there once, and the gauge is the sum of them.

use std::collections::BTreeMap;

use bursar_core::account::Account;
use bursar_core::account::event::{Event, Recorded};
use bursar_core::account::storage::manifest::Manifest;
use bursar_core::account::storage::record::{AssetRecord, Stage, after};
use bursar_core::account::storage::{Kinds, Stored};
use bursar_core::catalog::AssetKind;
use bursar_core::id::AssetId;

/// How much is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AssetCounts {
    /// Files, external ones included.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Uploads under way.
    pub uploads: u64,
    /// Files of purged vaults that aren't erased yet.
    pub purged: u64,
    /// Accounts that have ever stored anything.
    pub accounts: u64,
}

/// The files of one account.
#[derive(Debug, Default)]
pub(super) struct AssetSeat {
    assets: BTreeMap<AssetId, AssetRecord>,
    /// Vaults that were purged and aren't certified.
    purged: BTreeMap<u32, Purged>,
    used: bool,
}

#[derive(Debug)]
struct Purged {
    files: u64,
    bytes: u64,
    objects: u64,
    digest: [u8; 32],
}

impl AssetSeat {
    /// Takes an event that is folded into `account`.
    pub(super) fn add(&mut self, account: &Account, recorded: &Recorded) -> Result<(), String> {
        match &recorded.event {
            Event::UploadReserved { asset, .. }
            | Event::AssetStored { asset, external: true, .. } => {
                self.is_new(*asset)?;
                self.put(recorded)?;
            }
            Event::AssetStored { asset, bytes, reserved_bytes, .. } => {
                self.end_upload(*asset, *reserved_bytes)?;
                if bytes > reserved_bytes {
                    return Err(format!("{asset} has more bytes than were reserved"));
                }
                self.put(recorded)?;
            }
            Event::UploadEnded { asset, bytes, .. } => self.end_upload(*asset, *bytes)?,
            Event::AssetDeleted { asset, kind, bytes, external } => {
                self.delete(*asset, *kind, *bytes, *external)?;
            }
            Event::VaultPurged { vault, assets, bytes } => self.purge(*vault, *assets, *bytes)?,
            Event::PurgeCertified { .. } => self.certify(&recorded.event)?,
            _ => return Ok(()),
        }
        self.used = true;
        if let Some(asset) = self.assets.values().next_back()
            && asset.vault != account.storage.vault
        {
            return Err(format!("{} is not in vault {}", asset.id, account.storage.vault));
        }
        Ok(())
    }

    fn is_new(&self, asset: AssetId) -> Result<(), String> {
        match self.assets.get(&asset) {
            Some(_) => Err(format!("{asset} is there already")),
            None => Ok(()),
        }
    }

    fn put(&mut self, recorded: &Recorded) -> Result<(), String> {
        let asset = after(recorded).ok_or("it leaves no file")?;
        self.assets.insert(asset.id, asset);
        Ok(())
    }

    fn end_upload(&mut self, asset: AssetId, reserved: u64) -> Result<(), String> {
        match self.assets.remove(&asset) {
            Some(AssetRecord { stage: Stage::Uploading { .. }, bytes, .. })
                if bytes == reserved =>
            {
                Ok(())
            }
            _ => Err(format!("{asset} is no upload that reserves {reserved} bytes")),
        }
    }

    fn delete(
        &mut self,
        asset: AssetId,
        kind: AssetKind,
        bytes: u64,
        external: bool,
    ) -> Result<(), String> {
        let as_said = |record: &AssetRecord| {
            record.stored_at().is_some()
                && (record.kind, record.bytes, record.is_external()) == (kind, bytes, external)
        };
        match self.assets.remove(&asset).filter(as_said) {
            Some(_) => Ok(()),
            None => Err(format!("{asset} is no such file of {bytes} bytes")),
        }
    }

    fn purge(&mut self, vault: u32, files: u64, bytes: u64) -> Result<(), String> {
        let sum = self.kinds().total();
        if (files, bytes) != (sum.assets, sum.bytes) {
            return Err(format!("the vault had {} files of {} bytes", sum.assets, sum.bytes));
        }
        let mut manifest = Manifest::new();
        for asset in std::mem::take(&mut self.assets).values() {
            manifest.add(asset);
        }
        let (objects, digest) = manifest.finish();
        self.purged.insert(vault, Purged { files, bytes, objects, digest });
        Ok(())
    }

    fn certify(&mut self, event: &Event) -> Result<(), String> {
        let Event::PurgeCertified { vault, assets, bytes, objects, digest } = event else {
            return Ok(());
        };
        let purged = self.purged.remove(vault).ok_or("certifies a vault that was not purged")?;
        let certified = (*assets, *bytes, *objects);
        if certified != (purged.files, purged.bytes, purged.objects) || *digest != purged.digest {
            return Err(format!("the certificate of vault {vault} is not that of its files"));
        }
        Ok(())
    }

    fn kinds(&self) -> Kinds {
        let mut kinds = Kinds::default();
        for asset in self.assets.values().filter(|asset| asset.stored_at().is_some()) {
            let sum = match asset.kind {
                AssetKind::Image => &mut kinds.image,
                AssetKind::Video => &mut kinds.video,
                AssetKind::Export => &mut kinds.export,
                AssetKind::Vault => &mut kinds.vault,
            };
            let Stored { assets, bytes } = sum;
            *assets += 1;
            *bytes = bytes.saturating_add(asset.bytes);
        }
        kinds
    }

    /// Is the gauge of the state the sum of the files? Looks at all of them: for the end.
    pub(super) fn check(&self, account: &Account) -> Result<(), String> {
        let (kinds, gauge) = (self.kinds(), &account.storage);
        if kinds != gauge.kinds {
            return Err(format!("the files are {kinds:?}, the gauge has {:?}", gauge.kinds));
        }
        let uploads = self.assets.values().filter(|asset| asset.stored_at().is_none());
        let uploads: Vec<AssetId> = uploads.map(|asset| asset.id).collect();
        let mut known: Vec<AssetId> = gauge.uploads.iter().map(|upload| upload.asset).collect();
        known.sort_unstable();
        if uploads != known {
            return Err(format!("the uploads are {uploads:?}, the state has {known:?}"));
        }
        let purged: Vec<u32> = self.purged.keys().copied().collect();
        let known: Vec<u32> = gauge.purges.iter().map(|purged| purged.vault).collect();
        if purged != known {
            return Err(format!("purged are {purged:?}, the state has {known:?}"));
        }
        Ok(())
    }

    /// May there be details of that file? Until it is erased.
    pub(super) fn may_have_details(&self, account: &Account, asset: AssetId, vault: u32) -> bool {
        match self.assets.get(&asset) {
            Some(here) => here.vault == vault,
            None => {
                let erasing = account.storage.erasing.contains(&asset);
                self.purged.contains_key(&vault) || (erasing && account.storage.vault == vault)
            }
        }
    }

    /// The files that must have details: their bytes are here.
    pub(super) fn must_have_details(&self) -> impl Iterator<Item = AssetId> {
        self.assets.values().filter(|asset| asset.attempt().is_some()).map(|asset| asset.id)
    }

    pub(super) fn count(&self, counts: &mut AssetCounts) {
        let sum = self.kinds().total();
        let all = u64::try_from(self.assets.len()).unwrap_or(u64::MAX);
        counts.files += sum.assets;
        counts.bytes = counts.bytes.saturating_add(sum.bytes);
        counts.uploads += all.saturating_sub(sum.assets);
        counts.purged += self.purged.values().map(|purged| purged.files).sum::<u64>();
        counts.accounts += u64::from(self.used);
    }
}
