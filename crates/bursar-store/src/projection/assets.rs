//! The rows of files as databases keep them. An event about a file says all that is known of it then, so
//! that a row needs nothing of what was there before.

use bursar_core::account::event::Event;
use bursar_core::account::storage::record::{self, AssetRecord, Stage};
use bursar_core::id::AssetId;
use bursar_core::time::Timestamp;

use super::{number, parse};
use crate::entry::Entry;
use crate::port::{AssetRow, StoreError};

/// What an event does to the files of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssetChange {
    /// It is this now.
    Is(AssetRow),
    /// It is gone.
    Gone(AssetId),
    /// All of a vault are gone: nothing is left of them.
    VaultGone(u32),
}

/// What an entry does to the files of its account, in order.
pub fn asset_changes(entry: &Entry) -> impl Iterator<Item = AssetChange> {
    entry.versions().filter_map(|(version, recorded)| match &recorded.event {
        Event::PurgeCertified { vault, .. } => Some(AssetChange::VaultGone(*vault)),
        event => {
            let asset = record::subject(event)?;
            Some(match record::after(recorded) {
                Some(record) => AssetChange::Is(AssetRow { version, record }),
                None => AssetChange::Gone(asset),
            })
        }
    })
}

/// Is an entry about files at all? Most aren't.
pub fn is_about_assets(entry: &Entry) -> bool {
    asset_changes(entry).next().is_some()
}

/// A row of `assets`, keyed by account and asset: integers and text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetColumns {
    /// As text; sorts as the ids do.
    pub asset: String,
    /// [`AssetRow::version`].
    pub version: i64,
    /// The vault.
    pub vault: i64,
    /// [`AssetKind::as_str`](bursar_core::catalog::AssetKind::as_str).
    pub kind: String,
    /// The size, or what is reserved.
    pub bytes: i64,
    /// Since when it is there: [`Timestamp::micros`].
    pub stored_at: Option<i64>,
    /// When its upload is given up: [`Timestamp::micros`].
    pub expires_at: Option<i64>,
    /// Does the app keep the bytes?
    pub external: bool,
    /// The bits of the attempt that counts.
    pub attempt: Option<i64>,
    /// As text.
    pub reference: Option<String>,
}

impl AssetColumns {
    /// The columns of a row.
    pub fn of(row: &AssetRow) -> Self {
        let record = &row.record;
        let signed = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let (stored_at, expires_at) = asset_parts(record);
        Self {
            asset: record.id.to_string(),
            version: signed(row.version),
            vault: i64::from(record.vault),
            kind: record.kind.as_str().to_owned(),
            bytes: signed(record.bytes),
            stored_at,
            expires_at,
            external: record.is_external(),
            attempt: record.attempt().map(u64::cast_signed),
            reference: record.reference.as_ref().map(ToString::to_string),
        }
    }

    /// The row that was written.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if no row was ever written so.
    pub fn row(self) -> Result<AssetRow, StoreError> {
        let damaged = || StoreError::Damaged(format!("a row of assets is of no stage: {self:?}"));
        let stage = match (self.stored_at, self.expires_at) {
            (Some(at), None) => Stage::Stored {
                at: Timestamp::from_micros(at),
                external: self.external,
                attempt: self.attempt.map_or(0, i64::cast_unsigned),
            },
            (None, Some(at)) => Stage::Uploading { expires_at: Timestamp::from_micros(at) },
            _ => return Err(damaged()),
        };
        let id = parse("asset", Some(self.asset.clone()))?.ok_or_else(damaged)?;
        let kind = parse("kind", Some(self.kind.clone()))?.ok_or_else(damaged)?;
        let vault = number("vault", Some(self.vault))?.ok_or_else(damaged)?;
        let bytes = number("bytes", Some(self.bytes))?.ok_or_else(damaged)?;
        let version = number("version", Some(self.version))?.ok_or_else(damaged)?;
        let reference = parse("reference", self.reference)?;
        Ok(AssetRow { version, record: AssetRecord { id, vault, kind, bytes, reference, stage } })
    }
}

/// Since when a file is there, and when its upload is given up, in [microseconds](Timestamp::micros).
pub fn asset_parts(asset: &AssetRecord) -> (Option<i64>, Option<i64>) {
    match asset.stage {
        Stage::Uploading { expires_at } => (None, Some(expires_at.micros())),
        Stage::Stored { at, .. } => (Some(at.micros()), None),
    }
}
