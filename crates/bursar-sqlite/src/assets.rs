//! The rows of files in views.db, and what commits that the views don't have yet do to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bursar_core::account::storage::record::AssetRecord;
use bursar_core::id::{AccountId, AssetId};
use bursar_store::projection::{AssetChange, AssetColumns, asset_changes, parse};
use bursar_store::{AssetCursor, AssetFilter, AssetOrder, AssetRow, Entry};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use crate::directory::Directory;
use crate::error::{Result, about, signed};

/// What is listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listing {
    pub(crate) filter: AssetFilter,
    pub(crate) order: AssetOrder,
    pub(crate) after: Option<AssetCursor>,
    pub(crate) limit: usize,
}

impl Listing {
    fn has(&self, asset: &AssetRecord) -> bool {
        let comes = self.after.is_none_or(|after| self.order.is_after(&after, asset));
        comes && self.filter.has(asset)
    }
}

/// What entries that follow each other do to the files of an account.
#[derive(Default)]
pub(crate) struct ChangedAssets {
    /// `None` for those that are gone.
    changed: BTreeMap<AssetId, Option<AssetRow>>,
    /// Vaults that nothing is left of.
    ended: BTreeSet<u32>,
}

impl ChangedAssets {
    pub(crate) fn add(&mut self, entry: &Entry) {
        for change in asset_changes(entry) {
            match change {
                AssetChange::Is(row) => drop(self.changed.insert(row.record.id, Some(row))),
                AssetChange::Gone(asset) => drop(self.changed.insert(asset, None)),
                AssetChange::VaultGone(vault) => {
                    let of_vault = |row: &AssetRow| row.record.vault == vault;
                    let rows =
                        self.changed.values_mut().filter(|row| row.as_ref().is_some_and(of_vault));
                    rows.for_each(|row| *row = None);
                    self.ended.insert(vault);
                }
            }
        }
    }

    /// What became of a file, if anything did: gone, if that is `None`.
    pub(crate) fn of(&self, asset: AssetId) -> Option<Option<&AssetRow>> {
        self.changed.get(&asset).map(Option::as_ref)
    }

    /// Is nothing left of that vault?
    pub(crate) fn has_ended(&self, vault: u32) -> bool {
        self.ended.contains(&vault)
    }

    /// The files of a listing; `stored` gives at most so many of the views', of which some may be
    /// others now.
    pub(crate) fn list(
        &self,
        wanted: &Listing,
        stored: impl FnOnce(usize) -> Result<Vec<AssetRow>>,
    ) -> Result<Vec<AssetRow>> {
        let mut rows: Vec<AssetRow> = Vec::new();
        if !self.has_ended(wanted.filter.vault) {
            rows = stored(wanted.limit.saturating_add(self.changed.len()))?;
        }
        rows.retain(|row| !self.changed.contains_key(&row.record.id));
        let changed = self.changed.values().flatten().filter(|row| wanted.has(&row.record));
        rows.extend(changed.cloned());
        rows.sort_unstable_by(|one, other| wanted.order.compare(&one.record, &other.record));
        rows.truncate(wanted.limit);
        Ok(rows)
    }
}

/// Writes what an account's entries do to its files.
pub(crate) fn write(
    directory: &Directory,
    views: &Connection,
    id: &AccountId,
    entries: &[Arc<Entry>],
) -> Result<()> {
    let mut changes = ChangedAssets::default();
    entries.iter().for_each(|entry| changes.add(entry));
    write_changes(views, id, &changes).map_err(about(&directory.views()))
}

fn write_changes(
    views: &Connection,
    id: &AccountId,
    changes: &ChangedAssets,
) -> rusqlite::Result<()> {
    let gone = "DELETE FROM assets WHERE account_id = ?1 AND asset = ?2";
    for (asset, row) in &changes.changed {
        match row {
            Some(row) => {
                views.prepare_cached(WRITE)?.execute(params_from_iter(values(id, row)))?;
            }
            None => {
                views.prepare_cached(gone)?.execute(params![id.as_str(), asset.to_string()])?;
            }
        }
    }
    for vault in &changes.ended {
        let ended = "DELETE FROM assets WHERE account_id = ?1 AND vault = ?2";
        views.prepare_cached(ended)?.execute(params![id.as_str(), vault])?;
    }
    views
        .prepare_cached("INSERT INTO owners VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![id.object_name(), id.as_str()])
        .map(drop)
}

const WRITE: &str = "INSERT INTO assets VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
     ON CONFLICT (account_id, asset) DO UPDATE SET version = ?3, vault = ?4, kind = ?5, bytes = ?6,
     stored_at = ?7, expires_at = ?8, external = ?9, attempt = ?10, reference = ?11";

const COLUMNS: &str =
    "asset, version, vault, kind, bytes, stored_at, expires_at, external, attempt, reference";

fn values(id: &AccountId, row: &AssetRow) -> Vec<Value> {
    let columns = AssetColumns::of(row);
    vec![
        id.to_string().into(),
        columns.asset.into(),
        columns.version.into(),
        columns.vault.into(),
        columns.kind.into(),
        columns.bytes.into(),
        columns.stored_at.into(),
        columns.expires_at.into(),
        columns.external.into(),
        columns.attempt.into(),
        columns.reference.into(),
    ]
}

fn columns(row: &Row<'_>) -> rusqlite::Result<AssetColumns> {
    Ok(AssetColumns {
        asset: row.get(0)?,
        version: row.get(1)?,
        vault: row.get(2)?,
        kind: row.get(3)?,
        bytes: row.get(4)?,
        stored_at: row.get(5)?,
        expires_at: row.get(6)?,
        external: row.get(7)?,
        attempt: row.get(8)?,
        reference: row.get(9)?,
    })
}

/// One file.
pub(crate) fn read(
    directory: &Directory,
    views: &Connection,
    id: &AccountId,
    asset: AssetId,
) -> Result<Option<AssetRow>> {
    let select = format!("SELECT {COLUMNS} FROM assets WHERE account_id = ?1 AND asset = ?2");
    let found = views
        .prepare_cached(&select)
        .and_then(|mut select| {
            select.query_row(params![id.as_str(), asset.to_string()], columns).optional()
        })
        .map_err(about(&directory.views()))?;
    found.map(AssetColumns::row).transpose()
}

/// A file of a vault, if there is one.
pub(crate) fn of_vault(
    directory: &Directory,
    views: &Connection,
    id: &AccountId,
    vault: u32,
) -> Result<Option<AssetId>> {
    let found: Option<String> = views
        .prepare_cached("SELECT asset FROM assets WHERE account_id = ?1 AND vault = ?2 LIMIT 1")
        .and_then(|mut select| {
            select.query_row(params![id.as_str(), vault], |row| row.get(0)).optional()
        })
        .map_err(about(&directory.views()))?;
    parse("asset", found)
}

/// A page of files.
pub(crate) fn list(
    directory: &Directory,
    views: &Connection,
    id: &AccountId,
    wanted: &Listing,
) -> Result<Vec<AssetRow>> {
    let Listing { filter, order, after, limit } = wanted;
    // `+vault` keeps the index by size out of listings by id, which the key has in order.
    let (of_vault, begins, sorted) = match (order, after.is_some()) {
        (AssetOrder::Newest, true) => ("+vault = ?2", "asset < ?5", "asset DESC"),
        (AssetOrder::Newest, false) => ("+vault = ?2", "?5 IS NULL", "asset DESC"),
        (AssetOrder::Oldest, true) => ("+vault = ?2", "asset > ?5", "asset"),
        (AssetOrder::Oldest, false) => ("+vault = ?2", "?5 IS NULL", "asset"),
        (AssetOrder::Largest, true) => {
            ("vault = ?2", "(bytes, asset) < (?6, ?5)", "bytes DESC, asset DESC")
        }
        (AssetOrder::Largest, false) => ("vault = ?2", "?5 IS ?6", "bytes DESC, asset DESC"),
    };
    let select = format!(
        "SELECT {COLUMNS} FROM assets WHERE account_id = ?1 AND {of_vault} AND {begins}
         AND (?3 IS NULL OR kind = ?3) AND (NOT ?4 OR stored_at IS NOT NULL)
         ORDER BY {sorted} LIMIT ?7"
    );
    let path = directory.views();
    let mut select = views.prepare_cached(&select).map_err(about(&path))?;
    let found = select
        .query_map(
            params![
                id.as_str(),
                filter.vault,
                filter.kind.map(|kind| kind.as_str()),
                filter.stored_only,
                after.map(|after| after.asset.to_string()),
                after.map(|after| signed(after.bytes)),
                i64::try_from(*limit).unwrap_or(i64::MAX),
            ],
            columns,
        )
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(about(&path))?;
    found.into_iter().map(AssetColumns::row).collect()
}

/// Whose objects are filed under that name.
pub(crate) fn owner(
    directory: &Directory,
    views: &Connection,
    object_name: [u8; 16],
) -> Result<Option<AccountId>> {
    let found: Option<String> = views
        .prepare_cached("SELECT account_id FROM owners WHERE object_name = ?1")
        .and_then(|mut select| select.query_row([object_name], |row| row.get(0)).optional())
        .map_err(about(&directory.views()))?;
    parse("account_id", found)
}
