//! What is stored: counted like credits, so that no more is ever kept than was paid for.
//!
//! Room is reserved before an upload and becomes what is used when the file is there. The bytes are
//! objects elsewhere; what is to be erased there follows from the state, as what is to be asked of the
//! payment provider does. See ADR 17.

pub mod delete;
pub mod erase;
pub mod external;
pub mod manifest;
pub mod purge;
pub mod record;
pub mod reserve;
pub mod store;

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Account;
use super::event::Event;
use super::holds::place::check_features;
use super::state::Subscription;
use crate::catalog::{AssetKind, Catalog};
use crate::id::{AssetId, Reference};
use crate::rare::Empty;
use crate::rejection::{Rejection, StorageFull, StorageRejection};
use crate::time::Timestamp;

/// What an account stores. Sums, and what isn't over; each stored file is a
/// [record](record::AssetRecord) elsewhere, so that this stays small.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Storage {
    /// Bytes of stored assets, external ones included.
    pub used_bytes: u64,
    /// Bytes reserved for uploads under way.
    pub reserved_bytes: u64,
    /// The stored assets by kind.
    pub kinds: Kinds,
    /// The vault that assets are in. A purge ends it, and the next has the next number.
    pub vault: u32,
    /// Uploads under way, oldest first.
    pub uploads: Vec<Upload>,
    /// Deleted assets and ended uploads of this vault that aren't erased yet, oldest first.
    pub erasing: Vec<AssetId>,
    /// Vaults that ended and aren't erased yet, oldest first.
    pub purges: Vec<PurgedVault>,
    /// Vaults that are erased, oldest first.
    pub certificates: Vec<PurgeCertificate>,
}

impl Empty for Storage {
    fn empty() -> &'static Self {
        static EMPTY: Storage = Storage {
            used_bytes: 0,
            reserved_bytes: 0,
            kinds: Kinds {
                image: Stored::NONE,
                video: Stored::NONE,
                export: Stored::NONE,
                vault: Stored::NONE,
            },
            vault: 0,
            uploads: Vec::new(),
            erasing: Vec::new(),
            purges: Vec::new(),
            certificates: Vec::new(),
        };
        &EMPTY
    }
}

/// Stored assets by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kinds {
    /// Images.
    pub image: Stored,
    /// Videos.
    pub video: Stored,
    /// Exports.
    pub export: Stored,
    /// Files of the asset vault.
    pub vault: Stored,
}

/// How much is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// How many assets.
    pub assets: u64,
    /// How many bytes they take.
    pub bytes: u64,
}

/// A file that is being uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// The asset that it is to be.
    pub asset: AssetId,
    /// Of which kind.
    pub kind: AssetKind,
    /// What is reserved, in bytes.
    pub bytes: u64,
    /// When that is given up: the first instant at which it is gone.
    pub expires_at: Timestamp,
    /// The caller's reference.
    pub reference: Option<Reference>,
}

/// A vault that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgedVault {
    /// Its number.
    pub vault: u32,
    /// How many assets it had.
    pub assets: u64,
    /// How many bytes they took.
    pub bytes: u64,
    /// When.
    pub purged_at: Timestamp,
}

/// The proof that nothing is left of a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurgeCertificate {
    /// Its number.
    pub vault: u32,
    /// How many assets it had.
    pub assets: u64,
    /// How many bytes they took.
    pub bytes: u64,
    /// How many of them had their bytes in the vault; the app kept those of the others.
    pub objects: u64,
    /// The hash of the [list](manifest) of all of them.
    pub digest: [u8; 32],
    /// When they were given up.
    pub purged_at: Timestamp,
    /// When nothing of them was left.
    pub certified_at: Timestamp,
}

impl Stored {
    const NONE: Self = Self { assets: 0, bytes: 0 };
}

impl Kinds {
    /// Those of a kind.
    pub const fn of(&self, kind: AssetKind) -> Stored {
        match kind {
            AssetKind::Image => self.image,
            AssetKind::Video => self.video,
            AssetKind::Export => self.export,
            AssetKind::Vault => self.vault,
        }
    }

    const fn of_mut(&mut self, kind: AssetKind) -> &mut Stored {
        match kind {
            AssetKind::Image => &mut self.image,
            AssetKind::Video => &mut self.video,
            AssetKind::Export => &mut self.export,
            AssetKind::Vault => &mut self.vault,
        }
    }

    /// Each kind with what is stored of it.
    pub fn iter(&self) -> impl Iterator<Item = (AssetKind, Stored)> {
        AssetKind::ALL.map(|kind| (kind, self.of(kind))).into_iter()
    }

    /// All kinds together.
    pub fn total(&self) -> Stored {
        self.iter().fold(Stored::default(), |sum, (_, stored)| Stored {
            assets: sum.assets.saturating_add(stored.assets),
            bytes: sum.bytes.saturating_add(stored.bytes),
        })
    }
}

impl Storage {
    /// What the quota is held against: bytes in use and bytes reserved.
    pub const fn taken(&self) -> u64 {
        self.used_bytes.saturating_add(self.reserved_bytes)
    }

    /// How many assets are stored.
    pub fn assets(&self) -> u64 {
        self.kinds.total().assets
    }

    /// The upload of that asset, if it is under way.
    pub fn upload(&self, asset: AssetId) -> Option<&Upload> {
        self.uploads.iter().find(|upload| upload.asset == asset)
    }

    /// Is anything to be erased?
    pub const fn is_erasing(&self) -> bool {
        !self.erasing.is_empty() || !self.purges.is_empty()
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let sum = self.kinds.total().bytes;
        if self.used_bytes != sum {
            return Err(format!("{} bytes used, {sum} by kind", self.used_bytes));
        }
        let reserved = self.uploads.iter();
        let reserved = reserved.fold(0_u64, |sum, upload| sum.saturating_add(upload.bytes));
        if self.reserved_bytes != reserved {
            return Err(format!("{} bytes reserved, {reserved} by uploads", self.reserved_bytes));
        }
        Ok(())
    }
}

/// May a new asset of that kind and size be stored? An asset that is refused changes nothing.
///
/// # Errors
/// [`StorageRejection`]; [`SpendRejection::FeatureNotInPlan`](crate::rejection::SpendRejection) for what
/// the plan doesn't have.
fn check_new(
    account: &Account,
    catalog: &Catalog,
    kind: AssetKind,
    bytes: u64,
) -> Result<(), Rejection> {
    if bytes == 0 {
        return Err(StorageRejection::Empty.into());
    }
    match &account.subscription {
        Subscription::Live(_) => {}
        Subscription::None => return Err(StorageRejection::NotSubscribed.into()),
        Subscription::Retention(ended) => {
            let (ended_at, kept_until) = (ended.ended_at, Some(ended.purge_at));
            return Err(StorageRejection::SubscriptionEnded { ended_at, kept_until }.into());
        }
        Subscription::Purged { at } => {
            let ended = StorageRejection::SubscriptionEnded { ended_at: *at, kept_until: None };
            return Err(ended.into());
        }
    }
    if kind == AssetKind::Vault
        && let Some(feature) = &catalog.policies.vault.feature
    {
        check_features(account, catalog, core::slice::from_ref(feature))?;
    }
    let after = account.storage.taken().checked_add(bytes);
    if after.is_none_or(|after| after > account.storage_quota()) {
        return Err(StorageRejection::Full(full(account, catalog, bytes)).into());
    }
    Ok(())
}

/// Why there is no room for `need_bytes` more, or for anything, and what would make room.
pub(super) fn full(account: &Account, catalog: &Catalog, need_bytes: u64) -> StorageFull {
    let Storage { used_bytes, reserved_bytes, .. } = *account.storage;
    let quota_bytes = account.storage_quota();
    let wanted = account.storage.taken().saturating_add(need_bytes.max(1));
    let roomy = catalog.roomy_plan(wanted).filter(|plan| plan.storage_bytes > quota_bytes);
    StorageFull {
        used_bytes,
        reserved_bytes,
        quota_bytes,
        need_bytes,
        short_bytes: wanted.saturating_sub(quota_bytes),
        upgrade: roomy.map(|plan| plan.key.clone()),
        upgrade_name: roomy.map(|plan| plan.name.clone()),
        upgrade_bytes: roomy.map_or(0, |plan| plan.storage_bytes),
    }
}

/// Folds an event about what is stored; others do nothing here.
pub(super) fn apply(storage: &mut Storage, at: Timestamp, event: &Event) {
    match event {
        Event::UploadReserved { asset, kind, bytes, expires_at, reference, .. } => {
            storage.reserved_bytes = storage.reserved_bytes.saturating_add(*bytes);
            storage.uploads.push(Upload {
                asset: *asset,
                kind: *kind,
                bytes: *bytes,
                expires_at: *expires_at,
                reference: reference.clone(),
            });
        }
        Event::AssetStored { asset, kind, bytes, reserved_bytes, .. } => {
            storage.uploads.retain(|upload| upload.asset != *asset);
            storage.reserved_bytes = storage.reserved_bytes.saturating_sub(*reserved_bytes);
            storage.used_bytes = storage.used_bytes.saturating_add(*bytes);
            let stored = storage.kinds.of_mut(*kind);
            stored.assets = stored.assets.saturating_add(1);
            stored.bytes = stored.bytes.saturating_add(*bytes);
        }
        Event::UploadEnded { asset, bytes, .. } => {
            storage.uploads.retain(|upload| upload.asset != *asset);
            storage.reserved_bytes = storage.reserved_bytes.saturating_sub(*bytes);
            storage.erasing.push(*asset);
        }
        Event::AssetDeleted { asset, kind, bytes, .. } => {
            storage.used_bytes = storage.used_bytes.saturating_sub(*bytes);
            let stored = storage.kinds.of_mut(*kind);
            stored.assets = stored.assets.saturating_sub(1);
            stored.bytes = stored.bytes.saturating_sub(*bytes);
            storage.erasing.push(*asset);
        }
        other => apply_erasing(storage, at, other),
    }
}

fn apply_erasing(storage: &mut Storage, at: Timestamp, event: &Event) {
    match event {
        Event::AssetsErased { assets } => {
            let erased: BTreeSet<&AssetId> = assets.iter().collect();
            storage.erasing.retain(|erasing| !erased.contains(erasing));
        }
        Event::VaultPurged { vault, assets, bytes } => {
            storage.used_bytes = 0;
            storage.kinds = Kinds::default();
            // All of the vault is erased, and these with it.
            storage.erasing.clear();
            storage.vault = vault.saturating_add(1);
            let (vault, assets, bytes) = (*vault, *assets, *bytes);
            storage.purges.push(PurgedVault { vault, assets, bytes, purged_at: at });
        }
        Event::PurgeCertified { vault, assets, bytes, objects, digest } => {
            let purged = storage.purges.iter().find(|purged| purged.vault == *vault);
            let purged_at = purged.map_or(at, |purged| purged.purged_at);
            storage.purges.retain(|purged| purged.vault != *vault);
            storage.certificates.push(PurgeCertificate {
                vault: *vault,
                assets: *assets,
                bytes: *bytes,
                objects: *objects,
                digest: *digest,
                purged_at,
                certified_at: at,
            });
        }
        _ => {}
    }
}
