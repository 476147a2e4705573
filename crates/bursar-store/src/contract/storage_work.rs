//! Random commands about files.

use bursar_core::account::command::{CertifyPurge, Command};
use bursar_core::account::event::{Event, Recorded};
use bursar_core::account::storage::manifest::Manifest;
use bursar_core::account::storage::record::{self, AssetRecord};
use bursar_core::catalog::AssetKind;
use bursar_core::id::{AccountId, AssetId};
use bursar_core::time::Timestamp;

use super::{Ask, Outcome};
use crate::{AssetCursor, AssetDetails, AssetFilter, AssetOrder, Store};

/// What there is to be asked about.
#[derive(Default)]
pub(super) struct StorageWork {
    /// Every file that ever was, with how it was last known.
    files: Vec<(String, AssetId, Option<AssetRecord>)>,
    /// Vaults that were purged, with their certificates.
    purged: Vec<(String, CertifyPurge)>,
}

impl StorageWork {
    pub(super) fn ask(&self, random: &mut fastrand::Rng, name: &str) -> Ask {
        if random.u8(0..5) == 0
            && let Some((owner, certify)) = random.choice(&self.purged)
        {
            return Ask::new(owner, Command::CertifyPurge(certify.clone()));
        }
        // Mostly those of late, which are there.
        let from = if random.bool() { self.files.len().saturating_sub(12) } else { 0 };
        let Some((owner, asset, known)) = random.choice(&self.files[from..]) else {
            return Ask::reserve(name, random.u64(1..300_000_000));
        };
        let bytes = known.as_ref().map_or(1, |known| known.bytes);
        match random.u8(0..11) {
            0..=2 => Ask::reserve(name, random.u64(1..300_000_000)),
            3 => Ask::external(name, random.u64(1..300_000_000)),
            4..=6 => Ask::store(owner, *asset, random.u64(1..=bytes), random.u64(..)),
            7..=8 => Ask::delete(owner, *asset),
            _ => {
                let all = self.files.iter().filter(|(of, ..)| of == owner);
                Ask::erased(owner, 0, all.map(|(_, asset, _)| *asset).collect())
            }
        }
    }

    pub(super) fn note(&mut self, owner: &str, event: &Event) {
        if let Event::VaultPurged { vault, .. } = event {
            let mut manifest = Manifest::new();
            let mut of_owner: Vec<&mut (String, AssetId, Option<AssetRecord>)> =
                self.files.iter_mut().filter(|(of, ..)| of == owner).collect();
            of_owner.sort_by_key(|(_, asset, _)| *asset);
            of_owner.iter_mut().filter_map(|file| file.2.take()).for_each(|f| manifest.add(&f));
            let (objects, digest) = manifest.finish();
            let certify = CertifyPurge { vault: *vault, objects, digest };
            self.purged.push((owner.to_owned(), certify));
        }
        let Some(asset) = record::subject(event) else { return };
        let (available, held) = Default::default();
        let at = Timestamp::from_micros(0);
        let known = record::after(&Recorded { at, event: event.clone(), available, held });
        match self.files.iter_mut().find(|(of, id, _)| of == owner && *id == asset) {
            Some(file) => file.2 = known,
            None => self.files.push((owner.to_owned(), asset, known)),
        }
    }

    /// Asks two stores for the files of an account in every way.
    pub(super) async fn compare(&self, one: &dyn Store, other: &dyn Store, id: &AccountId) {
        let mut stores = false;
        for (_, asset, _) in self.files.iter().filter(|(owner, ..)| owner == id.as_str()) {
            let row = one.asset(id, *asset).await.unwrap();
            assert_eq!(other.asset(id, *asset).await.unwrap(), row);
            stores = true;
        }
        let owner = stores.then(|| id.clone());
        assert_eq!(one.owner(id.object_name()).await.unwrap(), owner);
        assert_eq!(other.owner(id.object_name()).await.unwrap(), owner);
        let newest = one.account(id).await.unwrap().map_or(0, |account| account.storage.vault);
        for vault in 0..=newest {
            for kind in [None, Some(AssetKind::Image), Some(AssetKind::Video)] {
                for stored_only in [true, false] {
                    let filter = AssetFilter { vault, kind, stored_only };
                    for order in [AssetOrder::Newest, AssetOrder::Oldest, AssetOrder::Largest] {
                        compare_pages(one, other, id, filter, order).await;
                    }
                }
            }
        }
    }
}

/// Keeps and forgets details of files as an app and the eraser do.
pub async fn keep_details(store: &dyn Store, outcomes: &[Outcome]) {
    for entry in outcomes.iter().filter_map(Outcome::entry) {
        let id = &entry.account;
        for recorded in &entry.events {
            match &recorded.event {
                Event::UploadReserved { asset, vault, .. } => {
                    let details = AssetDetails { vault: *vault, ..AssetDetails::default() };
                    store.put_asset_details(id, *asset, details).await.unwrap();
                }
                Event::AssetsErased { assets } => {
                    store.remove_asset_details(id, assets).await.unwrap();
                }
                Event::PurgeCertified { vault, .. } => {
                    store.remove_vault_details(id, *vault).await.unwrap();
                }
                _ => {}
            }
        }
    }
}

/// All at once is what the pages are together.
async fn compare_pages(
    one: &dyn Store,
    other: &dyn Store,
    id: &AccountId,
    filter: AssetFilter,
    order: AssetOrder,
) {
    let all = one.assets(id, filter, order, None, 10_000).await.unwrap();
    assert!(all.iter().all(|row| filter.has(&row.record)));
    assert!(all.is_sorted_by(|a, b| order.compare(&a.record, &b.record).is_lt()));
    assert_eq!(other.assets(id, filter, order, None, 10_000).await.unwrap(), all);
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = other.assets(id, filter, order, after, 3).await.unwrap();
        let full = page.len() == 3;
        after = page.last().map(|row| AssetCursor::of(&row.record));
        pages.extend(page);
        if !full {
            break;
        }
    }
    assert_eq!(pages, all);
}
