//! Steps that store and delete, and a naive account of what is stored.

use std::collections::{BTreeMap, BTreeSet};

use bursar_core::account::Account;
use bursar_core::account::command::{
    CertifyPurge, Command, NoteErased, RegisterExternal, ReserveUpload, StoreAsset,
};
use bursar_core::account::event::{Event, Recorded, UploadEnd};
use bursar_core::account::storage::record::subject;
use bursar_core::catalog::AssetKind;
use bursar_core::id::AssetId;
use bursar_core::time::Timestamp;
use proptest::prelude::*;

use crate::support::customer::Customer;

/// Something to do with files, with which of the earlier ones it is about.
#[derive(Clone, Debug)]
pub(crate) enum Storing {
    Reserve { kind: AssetKind, bytes: u64 },
    External { kind: AssetKind, bytes: u64 },
    Store { which: usize, bytes: u64 },
    Delete(usize),
    Erased(usize),
    Certify,
}

pub(crate) fn storing() -> impl Strategy<Value = Storing> {
    use Storing::*;
    let kind = || prop::sample::select(&AssetKind::ALL[..]);
    prop_oneof![
        6 => (kind(), 0_u64..700).prop_map(|(kind, bytes)| Reserve { kind, bytes }),
        3 => (kind(), prop_oneof![8 => 0_u64..900, 1 => any::<u64>()])
            .prop_map(|(kind, bytes)| External { kind, bytes }),
        7 => (any::<usize>(), 0_u64..700).prop_map(|(which, bytes)| Store { which, bytes }),
        4 => any::<usize>().prop_map(Delete),
        2 => (0_usize..4).prop_map(Erased),
        1 => Just(Certify),
    ]
}

impl Storing {
    /// The command, if there is a file that it can be about.
    pub(crate) fn command(&self, customer: &Customer) -> Option<Command> {
        let storage = &customer.account.storage;
        Some(match *self {
            Self::Reserve { kind, bytes } => {
                Command::ReserveUpload(ReserveUpload { kind, bytes, reference: None })
            }
            Self::External { kind, bytes } => {
                Command::RegisterExternal(RegisterExternal { kind, bytes, reference: None })
            }
            Self::Store { which, bytes } => {
                Command::StoreAsset(StoreAsset { asset: pick(customer, which)?, bytes, attempt: 1 })
            }
            Self::Delete(which) => Command::DeleteAsset(pick(customer, which)?),
            Self::Erased(count) => {
                let assets = storage.erasing.iter().copied().take(count).collect();
                Command::NoteErased(NoteErased { vault: storage.vault, assets })
            }
            Self::Certify => {
                let vault = storage.purges.first()?.vault;
                Command::CertifyPurge(CertifyPurge { vault, objects: 0, digest: [0; 32] })
            }
        })
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap()
}

/// One of the last six files or uploads.
fn pick(customer: &Customer, which: usize) -> Option<AssetId> {
    let assets = customer.history.iter().rev().filter_map(|recorded| match &recorded.event {
        event @ (Event::UploadReserved { .. } | Event::AssetStored { external: true, .. }) => {
            subject(event)
        }
        _ => None,
    });
    let last: Vec<AssetId> = assets.take(6).collect();
    (!last.is_empty()).then(|| last[which % last.len()])
}

/// What is on the shelf by the events alone.
#[derive(Default)]
pub(crate) struct Shelf {
    files: BTreeMap<AssetId, (AssetKind, u64)>,
    uploads: BTreeMap<AssetId, (u64, Timestamp)>,
    erasing: BTreeSet<AssetId>,
    /// Files of each vault that was purged.
    purged: BTreeMap<u32, u64>,
    certified: u64,
}

impl Shelf {
    pub(crate) fn put(&mut self, recorded: &Recorded) {
        match &recorded.event {
            Event::UploadReserved { asset, bytes, expires_at, .. } => {
                assert!(*bytes > 0);
                assert_eq!(self.uploads.insert(*asset, (*bytes, *expires_at)), None);
            }
            Event::AssetStored { asset, kind, bytes, external, reserved_bytes, .. } => {
                let upload = self.uploads.remove(asset);
                assert_eq!(upload.is_none(), *external);
                assert_eq!(upload.map_or(0, |(reserved, _)| reserved), *reserved_bytes);
                assert!(*external || bytes <= reserved_bytes);
                assert_eq!(self.files.insert(*asset, (*kind, *bytes)), None);
            }
            Event::UploadEnded { asset, bytes, cause } => {
                let (reserved, expires_at) = self.uploads.remove(asset).unwrap();
                assert_eq!(reserved, *bytes);
                match cause {
                    UploadEnd::Abandoned => assert_eq!(recorded.at, expires_at, "exactly on time"),
                    UploadEnd::Canceled | UploadEnd::Purged => assert!(recorded.at < expires_at),
                }
                self.erasing.insert(*asset);
            }
            Event::AssetDeleted { asset, kind, bytes, .. } => {
                assert_eq!(self.files.remove(asset), Some((*kind, *bytes)));
                self.erasing.insert(*asset);
            }
            Event::AssetsErased { assets } => {
                assert!(!assets.is_empty());
                assert!(assets.iter().all(|asset| self.erasing.remove(asset)));
            }
            Event::VaultPurged { vault, assets, bytes } => {
                let sum: u64 = self.files.values().map(|(_, bytes)| bytes).sum();
                assert_eq!((count(self.files.len()), sum), (*assets, *bytes));
                assert!(self.uploads.is_empty() && *assets > 0);
                self.files.clear();
                self.erasing.clear();
                assert_eq!(self.purged.insert(*vault, *assets), None);
            }
            Event::PurgeCertified { vault, assets, .. } => {
                assert_eq!(self.purged.remove(vault), Some(*assets));
                self.certified += 1;
            }
            Event::AccountPurged => assert!(self.files.is_empty() && self.uploads.is_empty()),
            _ => {}
        }
    }

    pub(crate) fn compare(&self, account: &Account) {
        let storage = &account.storage;
        account.check().unwrap();
        let used: u64 = self.files.values().map(|(_, bytes)| bytes).sum();
        let reserved: u64 = self.uploads.values().map(|(bytes, _)| bytes).sum();
        assert_eq!((storage.used_bytes, storage.reserved_bytes), (used, reserved));
        for (kind, stored) in storage.kinds.iter() {
            let of_kind = self.files.values().filter(|(of, _)| *of == kind);
            let (files, bytes) =
                of_kind.fold((0, 0), |(files, sum), (_, bytes)| (files + 1, sum + bytes));
            assert_eq!((stored.assets, stored.bytes), (files, bytes));
        }
        let uploads: BTreeSet<_> = storage.uploads.iter().map(|upload| &upload.asset).collect();
        assert_eq!(uploads, self.uploads.keys().collect());
        let erasing: BTreeSet<_> = storage.erasing.iter().copied().collect();
        assert_eq!((&erasing, storage.erasing.len()), (&self.erasing, self.erasing.len()));
        let purged = storage.purges.iter().map(|purged| (purged.vault, purged.assets)).collect();
        assert_eq!(self.purged, purged);
        assert_eq!(count(storage.certificates.len()), self.certified);
        let ended = count(self.purged.len()) + self.certified;
        assert_eq!(u64::from(storage.vault), ended);
    }
}
