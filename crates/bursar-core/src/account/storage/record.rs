//! One file: what is listed, and what deleting it frees. The fold of its own events.

use serde::{Deserialize, Serialize};

use crate::account::event::{Event, Recorded};
use crate::catalog::AssetKind;
use crate::id::{AssetId, Reference};
use crate::time::Timestamp;

/// A file, or an upload under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetRecord {
    /// Its id.
    pub id: AssetId,
    /// The vault that it is in. It is gone when the account's is another.
    pub vault: u32,
    /// Its kind.
    pub kind: AssetKind,
    /// Its size; while it is uploaded, what is reserved.
    pub bytes: u64,
    /// The caller's reference.
    pub reference: Option<Reference>,
    /// How far it is.
    pub stage: Stage,
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// It is being uploaded.
    Uploading {
        /// When what is reserved is given up.
        expires_at: Timestamp,
    },
    /// It is there.
    Stored {
        /// Since when.
        at: Timestamp,
        /// Does the app keep the bytes?
        external: bool,
        /// Which attempt to upload it counts; 0 if external.
        attempt: u64,
    },
}

impl AssetRecord {
    /// The attempt whose object has its bytes: of a file that is there and isn't external.
    pub const fn attempt(&self) -> Option<u64> {
        match self.stage {
            Stage::Stored { external: false, attempt, .. } => Some(attempt),
            Stage::Stored { .. } | Stage::Uploading { .. } => None,
        }
    }

    /// When it was reserved or registered.
    pub fn begun_at(&self) -> Timestamp {
        let (Stage::Uploading { expires_at: known } | Stage::Stored { at: known, .. }) = self.stage;
        self.id.made_at().unwrap_or(known)
    }

    /// Since when it is there.
    pub const fn stored_at(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Stored { at, .. } => Some(at),
            Stage::Uploading { .. } => None,
        }
    }

    /// Does the app keep its bytes?
    pub const fn is_external(&self) -> bool {
        matches!(self.stage, Stage::Stored { external: true, .. })
    }
}

/// The file that an event is about.
pub const fn subject(event: &Event) -> Option<AssetId> {
    match event {
        Event::UploadReserved { asset, .. }
        | Event::AssetStored { asset, .. }
        | Event::UploadEnded { asset, .. }
        | Event::AssetDeleted { asset, .. } => Some(*asset),
        _ => None,
    }
}

/// The file after an event of its own, whatever it was before; `None` if it is gone.
pub fn after(recorded: &Recorded) -> Option<AssetRecord> {
    match &recorded.event {
        Event::UploadReserved { asset, kind, bytes, expires_at, reference, vault } => {
            Some(AssetRecord {
                id: *asset,
                vault: *vault,
                kind: *kind,
                bytes: *bytes,
                reference: reference.clone(),
                stage: Stage::Uploading { expires_at: *expires_at },
            })
        }
        Event::AssetStored { asset, kind, bytes, external, attempt, reference, vault, .. } => {
            let (at, external, attempt) = (recorded.at, *external, *attempt);
            Some(AssetRecord {
                id: *asset,
                vault: *vault,
                kind: *kind,
                bytes: *bytes,
                reference: reference.clone(),
                stage: Stage::Stored { at, external, attempt },
            })
        }
        _ => None,
    }
}
