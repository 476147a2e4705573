//! One file of the vault.

use bursar_core::account::event::Event;
use bursar_core::account::storage::record::{self, AssetRecord, Stage};
use bursar_core::catalog::AssetKind;
use bursar_core::id::{AccountId, AssetId, Reference};
use bursar_store::{AssetDetails, Entry};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Shown, Time};

/// What a file is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AssetKind)]
pub(crate) enum KindName {
    /// A generated image.
    Image,
    /// A generated video.
    Video,
    /// An exported video file.
    Export,
    /// A file of the asset vault.
    Vault,
}

impl From<AssetKind> for KindName {
    fn from(kind: AssetKind) -> Self {
        match kind {
            AssetKind::Image => Self::Image,
            AssetKind::Video => Self::Video,
            AssetKind::Export => Self::Export,
            AssetKind::Vault => Self::Vault,
        }
    }
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AssetStatus)]
pub(crate) enum Status {
    /// Its place is reserved.
    Uploading,
    /// It is there.
    Stored,
}

/// A file, or one that is being uploaded.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Asset)]
pub(crate) struct AssetView {
    /// The file.
    #[schema(value_type = String, example = "asset_0198f3a2b4c57d6e8f9012345678abcd")]
    id: Shown<AssetId>,
    /// What it is.
    kind: KindName,
    /// How far it is.
    status: Status,
    /// What people call it.
    #[schema(example = "A cat on a wall.png")]
    name: String,
    /// Its media type.
    #[schema(example = "image/png")]
    media_type: String,
    /// Its bytes; while it is uploaded, what is reserved.
    size: u64,
    /// Does the app keep the content?
    external: bool,
    /// The caller's reference.
    #[schema(value_type = Option<String>, example = "job-9")]
    reference: Option<Shown<Reference>>,
    /// When it was begun.
    created_at: Time,
    /// Since when it is there.
    stored_at: Option<Time>,
    /// When its place is given up, if nothing is uploaded.
    expires_at: Option<Time>,
    /// The SHA-256 of the content, in hexadecimal.
    sha256: Option<String>,
    /// Where the content is put and read; null for an external file.
    #[schema(
        example = "/v1/accounts/customer-7/assets/asset_0198f3a2b4c57d6e8f9012345678abcd/content"
    )]
    content: Option<String>,
    /// Where a small picture of it is; null if there is none.
    thumbnail: Option<String>,
}

impl AssetView {
    pub(crate) fn of(account: &AccountId, record: &AssetRecord, details: AssetDetails) -> Self {
        let address = format!("/v1/accounts/{account}/assets/{}", record.id);
        let (status, expires_at) = match record.stage {
            Stage::Uploading { expires_at } => (Status::Uploading, Some(Time(expires_at))),
            Stage::Stored { .. } => (Status::Stored, None),
        };
        let external = record.is_external();
        Self {
            id: Shown(record.id),
            kind: record.kind.into(),
            status,
            name: details.name,
            media_type: details.media_type,
            size: record.bytes,
            external,
            reference: record.reference.clone().map(Shown),
            created_at: Time(record.begun_at()),
            stored_at: record.stored_at().map(Time),
            expires_at,
            sha256: details.sha256.as_ref().map(|sum| hex(sum)),
            content: (!external).then(|| format!("{address}/content")),
            thumbnail: details.thumbnail.then(|| format!("{address}/thumbnail")),
        }
    }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// A file after a change of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AssetChanged {
    #[serde(flatten)]
    asset: AssetView,
    /// The account's version after it.
    version: u64,
}

/// The file that an entry began or stored, by the record that it leaves.
pub(crate) fn record(entry: &Entry) -> Option<AssetRecord> {
    entry.events.iter().rev().find_map(|recorded| match recorded.event {
        Event::UploadReserved { .. } | Event::AssetStored { .. } => record::after(recorded),
        _ => None,
    })
}

/// The reply to a change of a file.
pub(crate) fn changed(entry: &Entry, details: AssetDetails) -> Option<AssetChanged> {
    let asset = AssetView::of(&entry.account, &record(entry)?, details);
    Some(AssetChanged { asset, version: entry.version() })
}

/// A file that is gone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AssetDeleted {
    /// The file.
    #[schema(value_type = String, example = "asset_0198f3a2b4c57d6e8f9012345678abcd")]
    id: Shown<AssetId>,
    /// Always true.
    deleted: bool,
    /// How many bytes are free again.
    freed_bytes: u64,
    /// The account's version after it.
    version: u64,
}

/// The reply to a deletion, also of an upload under way.
pub(crate) fn deleted(entry: &Entry, asset: AssetId) -> Option<AssetDeleted> {
    entry.events.iter().find_map(|recorded| match recorded.event {
        Event::AssetDeleted { asset: id, bytes, .. }
        | Event::UploadEnded { asset: id, bytes, .. }
            if id == asset =>
        {
            Some(AssetDeleted {
                id: Shown(id),
                deleted: true,
                freed_bytes: bytes,
                version: entry.version(),
            })
        }
        _ => None,
    })
}
