//! What is stored, and what happens to it, in every form.

use bursar_core::account::event::{Event, UploadEnd};
use bursar_core::account::storage::{
    Kinds, PurgeCertificate, PurgedVault, Storage, Stored, Upload,
};
use bursar_core::catalog::AssetKind;
use bursar_core::id::AssetId;

use super::samples::at;

pub(crate) fn asset(last: u8) -> AssetId {
    format!("asset_0192f0c1d2e37a4b8c5d6e7f809130{last:02x}").parse().unwrap()
}

pub(crate) fn storage() -> Storage {
    Storage {
        used_bytes: 5_000_000_010,
        reserved_bytes: 1,
        kinds: Kinds {
            image: Stored { assets: 1, bytes: 1 },
            video: Stored { assets: 2, bytes: 5_000_000_000 },
            export: Stored { assets: 3, bytes: 4 },
            vault: Stored { assets: 4, bytes: 5 },
        },
        vault: 2,
        uploads: vec![Upload {
            asset: asset(1),
            kind: AssetKind::Video,
            bytes: 1,
            expires_at: at(3_600),
            reference: Some("job-9".parse().unwrap()),
        }],
        erasing: vec![asset(2), asset(3)],
        purges: vec![PurgedVault { vault: 1, assets: 7, bytes: 700, purged_at: at(2) }],
        certificates: vec![PurgeCertificate {
            vault: 0,
            assets: 3,
            bytes: 300,
            objects: 2,
            digest: [7; 32],
            purged_at: at(1),
            certified_at: at(2),
        }],
    }
}

pub(crate) fn events() -> Vec<Event> {
    let reference = || Some("job-9".parse().unwrap());
    let stored = |external, attempt, reserved_bytes, kind| Event::AssetStored {
        asset: asset(1),
        kind,
        bytes: 900_000_000,
        external,
        attempt,
        reserved_bytes,
        reference: if external { None } else { reference() },
        vault: 3,
    };
    let ended = |cause| Event::UploadEnded { asset: asset(1), bytes: 1_000_000_000, cause };
    vec![
        Event::UploadReserved {
            asset: asset(1),
            kind: AssetKind::Image,
            bytes: 1_000_000_000,
            expires_at: at(3_600),
            reference: reference(),
            vault: 3,
        },
        stored(false, 0xfedc_ba98_7654_3210, 1_000_000_000, AssetKind::Video),
        stored(true, 0, 0, AssetKind::Vault),
        ended(UploadEnd::Abandoned),
        ended(UploadEnd::Canceled),
        ended(UploadEnd::Purged),
        Event::AssetDeleted {
            asset: asset(1),
            kind: AssetKind::Export,
            bytes: 900_000_000,
            external: true,
        },
        Event::AssetsErased { assets: vec![asset(1), asset(2)] },
        Event::VaultPurged { vault: 3, assets: 12, bytes: 900_000_000 },
        Event::PurgeCertified {
            vault: 3,
            assets: 12,
            bytes: 900_000_000,
            objects: 11,
            digest: [0xab; 32],
        },
    ]
}
