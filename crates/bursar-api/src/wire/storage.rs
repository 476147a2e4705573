//! How full an account's vault is, and what is left of vaults that were purged.

use std::collections::BTreeMap;

use bursar_core::account::Account;
use bursar_core::account::state::Subscription;
use bursar_core::account::storage::{PurgeCertificate, Stored};
use bursar_core::catalog::Catalog;
use bursar_core::id::Key;
use serde::Serialize;
use utoipa::ToSchema;

use super::asset::AssetView;
use super::{Shown, Time};

/// Bytes of the vault.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Storage {
    /// Bytes of stored files, external ones included.
    used_bytes: u64,
    /// Bytes reserved for uploads under way.
    reserved_bytes: u64,
    /// Bytes the plan has.
    quota_bytes: u64,
    /// Is there no room for a new file?
    full: bool,
    /// How many files are stored.
    assets: u64,
}

impl Storage {
    pub(crate) fn of(account: &Account) -> Self {
        let (storage, quota_bytes) = (&account.storage, account.storage_quota());
        Self {
            used_bytes: storage.used_bytes,
            reserved_bytes: storage.reserved_bytes,
            quota_bytes,
            full: storage.taken() >= quota_bytes,
            assets: storage.assets(),
        }
    }
}

/// Files of one kind.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StorageOfKind)]
pub(crate) struct OfKind {
    /// How many.
    assets: u64,
    /// Their bytes.
    bytes: u64,
}

impl From<Stored> for OfKind {
    fn from(Stored { assets, bytes }: Stored) -> Self {
        Self { assets, bytes }
    }
}

/// How full the vault is, and of what.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = StorageDetails)]
pub(crate) struct StorageView {
    #[serde(flatten)]
    storage: Storage,
    /// Bytes that are left.
    free_bytes: u64,
    /// The stored files by kind: `image`, `video`, `export` and `vault`.
    kinds: BTreeMap<&'static str, OfKind>,
    /// How many uploads are under way.
    uploads: usize,
    /// The largest files, largest first: at most ten.
    largest: Vec<AssetView>,
    /// The smallest plan with more storage; null if there is none.
    #[schema(value_type = Option<String>, example = "professional")]
    more_with: Option<Shown<Key>>,
    /// When everything is deleted, because the subscription has ended; null while it runs.
    kept_until: Option<Time>,
}

impl StorageView {
    pub(crate) fn of(account: &Account, catalog: &Catalog, largest: Vec<AssetView>) -> Self {
        let quota = account.storage_quota();
        let more = catalog.roomy_plan(quota.saturating_add(1)).map(|plan| plan.key.clone());
        let kept_until = match &account.subscription {
            Subscription::Retention(ended) => Some(Time(ended.purge_at)),
            Subscription::None | Subscription::Live(_) | Subscription::Purged { .. } => None,
        };
        let kinds = account.storage.kinds.iter();
        Self {
            storage: Storage::of(account),
            free_bytes: quota.saturating_sub(account.storage.taken()),
            kinds: kinds.map(|(kind, stored)| (kind.as_str(), stored.into())).collect(),
            uploads: account.storage.uploads.len(),
            largest,
            more_with: more.map(Shown),
            kept_until,
        }
    }
}

/// The proof that nothing is left of a vault.
///
/// `digest` is the SHA-256 of a list of all its files, one line each in order of their ids: the id, the
/// kind, the size, and `stored` or `external`, with single spaces between and a line feed after each.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = PurgeCertificate)]
pub(crate) struct CertificateView {
    /// The vault, counted from 0.
    vault: u32,
    /// How many files it had.
    assets: u64,
    /// Their bytes.
    bytes: u64,
    /// How many of them lay here; the app kept the others.
    objects: u64,
    /// In hexadecimal.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    digest: String,
    /// When they were given up.
    purged_at: Time,
    /// When nothing of them was left.
    certified_at: Time,
}

impl From<&PurgeCertificate> for CertificateView {
    fn from(certificate: &PurgeCertificate) -> Self {
        Self {
            vault: certificate.vault,
            assets: certificate.assets,
            bytes: certificate.bytes,
            objects: certificate.objects,
            digest: super::asset::hex(&certificate.digest),
            purged_at: Time(certificate.purged_at),
            certified_at: Time(certificate.certified_at),
        }
    }
}
