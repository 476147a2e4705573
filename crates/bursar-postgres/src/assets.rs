//! The rows of files, and what is known of them besides.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bursar_core::id::{AccountId, AssetId};
use bursar_store::projection::{AssetChange, AssetColumns, asset_changes, parse};
use bursar_store::{
    AssetCursor, AssetDetails, AssetFilter, AssetOrder, AssetRow, Entry, JournalPosition,
    StoreError,
};
use tokio_postgres::Row;

use crate::connection::{Connections, Values};
use crate::error::{Result, get, signed, unsigned};
use crate::views::{Write, account_id, column, most};

/// What is listed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listing {
    pub(crate) filter: AssetFilter,
    pub(crate) order: AssetOrder,
    pub(crate) after: Option<AssetCursor>,
    pub(crate) limit: usize,
}

/// What entries do to the files of their accounts, as rows.
#[derive(Default)]
pub(crate) struct ChangedAssets<'a> {
    changed: Vec<(&'a AccountId, AssetColumns)>,
    gone: Vec<(&'a AccountId, String)>,
    /// Vaults that nothing is left of.
    ended: Vec<(&'a AccountId, i64)>,
    owners: Vec<(&'a AccountId, [u8; 16])>,
}

impl<'a> ChangedAssets<'a> {
    /// What entries do, one after the other.
    pub(crate) fn of(entries: &'a [(JournalPosition, Arc<Entry>)]) -> Self {
        let mut rows: BTreeMap<(&AccountId, AssetId), Option<AssetRow>> = BTreeMap::new();
        let (mut ended, mut owners) = (BTreeSet::new(), BTreeSet::new());
        for (_, entry) in entries {
            let id = &entry.account;
            for change in asset_changes(entry) {
                owners.insert(id);
                match change {
                    AssetChange::Is(row) => drop(rows.insert((id, row.record.id), Some(row))),
                    AssetChange::Gone(asset) => drop(rows.insert((id, asset), None)),
                    AssetChange::VaultGone(vault) => {
                        ended.insert((id, i64::from(vault)));
                        let of_vault = |row: &AssetRow| row.record.vault == vault;
                        rows.retain(|(owner, _), row| {
                            *owner != id || !row.as_ref().is_some_and(of_vault)
                        });
                    }
                }
            }
        }
        let mut changes = Self {
            ended: ended.into_iter().collect(),
            owners: owners.into_iter().map(|id| (id, id.object_name())).collect(),
            ..Self::default()
        };
        for ((id, asset), row) in rows {
            match row {
                Some(row) => changes.changed.push((id, AssetColumns::of(&row))),
                None => changes.gone.push((id, asset.to_string())),
            }
        }
        changes
    }

    /// As statements, none for what is empty. No row is in two of them. Pairs are named by one text each
    /// besides: a distributed engine deletes by no join with a function.
    pub(crate) fn writes(&self) -> Vec<Write<'_>> {
        let mut writes = Vec::new();
        if !self.ended.is_empty() {
            writes.push(Write {
                statement: "
                    DELETE FROM assets WHERE account_id = ANY($1::text[]) AND vault = ANY($2::bigint[])
                    AND account_id || ' ' || vault::text = ANY($3::text[])",
                columns: vec![
                    column(&self.ended, |(id, _)| id.as_str()),
                    column(&self.ended, |(_, vault)| *vault),
                    column(&self.ended, |(id, vault)| format!("{id} {vault}")),
                ],
            });
        }
        if !self.gone.is_empty() {
            writes.push(Write {
                statement: "
                    DELETE FROM assets WHERE account_id = ANY($1::text[]) AND asset = ANY($2::text[])
                    AND account_id || ' ' || asset = ANY($3::text[])",
                columns: vec![
                    column(&self.gone, |(id, _)| id.as_str()),
                    column(&self.gone, |(_, asset)| asset.as_str()),
                    column(&self.gone, |(id, asset)| format!("{id} {asset}")),
                ],
            });
        }
        if !self.changed.is_empty() {
            writes.push(insert(&self.changed));
        }
        if !self.owners.is_empty() {
            writes.push(Write {
                statement: "
                    INSERT INTO owners (account_id, object_name)
                    SELECT * FROM unnest($1::text[], $2::bytea[])
                    ON CONFLICT (account_id) DO NOTHING",
                columns: vec![
                    column(&self.owners, |(id, _)| id.as_str()),
                    column(&self.owners, |(_, name)| name.as_slice()),
                ],
            });
        }
        writes
    }
}

fn insert<'a>(rows: &'a [(&'a AccountId, AssetColumns)]) -> Write<'a> {
    Write {
        statement: "
            INSERT INTO assets (account_id, asset, version, vault, kind, bytes, stored_at, expires_at,
                external, attempt, reference)
            SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[],
                $6::bigint[], $7::bigint[], $8::bigint[], $9::boolean[], $10::bigint[], $11::text[])
            ON CONFLICT (account_id, asset) DO UPDATE SET version = excluded.version,
                vault = excluded.vault, kind = excluded.kind, bytes = excluded.bytes,
                stored_at = excluded.stored_at, expires_at = excluded.expires_at,
                external = excluded.external, attempt = excluded.attempt,
                reference = excluded.reference",
        columns: vec![
            column(rows, |(id, _)| id.as_str()),
            column(rows, |(_, row)| row.asset.as_str()),
            column(rows, |(_, row)| row.version),
            column(rows, |(_, row)| row.vault),
            column(rows, |(_, row)| row.kind.as_str()),
            column(rows, |(_, row)| row.bytes),
            column(rows, |(_, row)| row.stored_at),
            column(rows, |(_, row)| row.expires_at),
            column(rows, |(_, row)| row.external),
            column(rows, |(_, row)| row.attempt),
            column(rows, |(_, row)| row.reference.as_deref()),
        ],
    }
}

const COLUMNS: &str =
    "asset, version, vault, kind, bytes, stored_at, expires_at, external, attempt, reference";

/// One file.
pub(crate) const ASSET: &str = "
    SELECT asset, version, vault, kind, bytes, stored_at, expires_at, external, attempt, reference
    FROM assets WHERE account_id = $1 AND asset = $2";

/// A file of [`ASSET`]'s columns.
pub(crate) fn asset_row(row: &Row) -> Result<AssetRow> {
    let columns = AssetColumns {
        asset: get(row, 0)?,
        version: get(row, 1)?,
        vault: get(row, 2)?,
        kind: get(row, 3)?,
        bytes: get(row, 4)?,
        stored_at: get(row, 5)?,
        expires_at: get(row, 6)?,
        external: get(row, 7)?,
        attempt: get(row, 8)?,
        reference: get(row, 9)?,
    };
    columns.row()
}

/// One file.
pub(crate) async fn read(
    connections: &Connections,
    id: &AccountId,
    asset: AssetId,
) -> Result<Option<AssetRow>> {
    let row = connections.query_one(ASSET, &[&id.as_str(), &asset.to_string()]).await?;
    row.as_ref().map(asset_row).transpose()
}

/// A page of files.
pub(crate) async fn list(
    connections: &Connections,
    id: &AccountId,
    wanted: &Listing,
) -> Result<Vec<AssetRow>> {
    let Listing { filter, order, after, limit } = wanted;
    let (begins, sorted) = match order {
        AssetOrder::Newest => ("asset < $5", "asset DESC"),
        AssetOrder::Oldest => ("asset > $5", "asset"),
        AssetOrder::Largest => ("(bytes, asset) < ($6, $5)", "bytes DESC, asset DESC"),
    };
    let begins = if after.is_some() { begins } else { "true" };
    let select = format!(
        "SELECT {COLUMNS} FROM assets WHERE account_id = $1 AND vault = $2
         AND ($3::text IS NULL OR kind = $3) AND (NOT $4::boolean OR stored_at IS NOT NULL)
         AND {begins} AND ($5::text IS NULL) = ($6::bigint IS NULL) ORDER BY {sorted} LIMIT $7"
    );
    let kind = filter.kind.map(|kind| kind.as_str());
    let asset = after.map(|after| after.asset.to_string());
    let bytes = after.map(|after| signed(after.bytes));
    let (vault, limit) = (i64::from(filter.vault), most(*limit));
    let values: Values<'_> =
        &[&id.as_str(), &vault, &kind, &filter.stored_only, &asset, &bytes, &limit];
    connections.query(&select, values).await?.iter().map(asset_row).collect()
}

/// Whose objects are filed under that name.
pub(crate) async fn owner(
    connections: &Connections,
    object_name: [u8; 16],
) -> Result<Option<AccountId>> {
    let select = "SELECT account_id FROM owners WHERE object_name = $1";
    let row = connections.query_one(select, &[&object_name.as_slice()]).await?;
    row.map(|row| account_id(&row, 0)).transpose()
}

/// Sets what is known of a file.
pub(crate) async fn put_details(
    tables: &Connections,
    account: &AccountId,
    asset: AssetId,
    details: &AssetDetails,
) -> Result<()> {
    let insert = "
        INSERT INTO asset_details (account_id, asset, vault, name, media_type, sha256, thumbnail)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (account_id, asset) DO UPDATE SET vault = excluded.vault, name = excluded.name,
            media_type = excluded.media_type, sha256 = excluded.sha256,
            thumbnail = excluded.thumbnail";
    let AssetDetails { vault, name, media_type, sha256, thumbnail } = details;
    let sha256 = sha256.as_ref().map(<[u8; 32]>::as_slice);
    let (id, asset, vault) = (account.as_str(), asset.to_string(), i64::from(*vault));
    let values: Values<'_> = &[&id, &asset, &vault, name, media_type, &sha256, thumbnail];
    tables.query(insert, values).await.map(drop)
}

/// What is known of files, in order of their ids.
pub(crate) async fn details(
    tables: &Connections,
    account: &AccountId,
    assets: &[AssetId],
) -> Result<Vec<(AssetId, AssetDetails)>> {
    let select = "
        SELECT asset, vault, name, media_type, sha256, thumbnail FROM asset_details
        WHERE account_id = $1 AND asset = ANY($2::text[]) ORDER BY asset";
    let rows = tables.query(select, &[&account.as_str(), &names(assets)]).await?;
    rows.iter().map(details_row).collect()
}

fn details_row(row: &Row) -> Result<(AssetId, AssetDetails)> {
    let damaged = |what: &str| StoreError::Damaged(format!("{what} is not what was written"));
    let asset = asset_id(row, 0)?;
    let sha256: Option<Vec<u8>> = get(row, 4)?;
    let details = AssetDetails {
        vault: unsigned(get(row, 1)?)?,
        name: get(row, 2)?,
        media_type: get(row, 3)?,
        sha256: sha256.map(TryInto::try_into).transpose().map_err(|_| damaged("a file's hash"))?,
        thumbnail: get(row, 5)?,
    };
    Ok((asset, details))
}

/// Files that something is known of, in order of accounts and ids, after one.
pub(crate) async fn detailed(
    tables: &Connections,
    after: Option<&(AccountId, AssetId)>,
    limit: usize,
) -> Result<Vec<(AccountId, AssetId)>> {
    let select = "
        SELECT account_id, asset FROM asset_details WHERE (account_id, asset) > ($1, $2)
        ORDER BY account_id, asset LIMIT $3";
    // Every id comes after no text at all.
    let account = after.map_or("", |(account, _)| account.as_str());
    let asset = after.map(|(_, asset)| asset.to_string()).unwrap_or_default();
    let rows = tables.query(select, &[&account, &asset, &most(limit)]).await?;
    rows.iter().map(|row| Ok((account_id(row, 0)?, asset_id(row, 1)?))).collect()
}

/// A file's id in a row.
pub(crate) fn asset_id(row: &Row, column: usize) -> Result<AssetId> {
    let id = parse("asset", Some(get(row, column)?))?;
    id.ok_or_else(|| StoreError::Damaged("a file without an id".to_owned()))
}

/// Forgets what is known of files.
pub(crate) async fn remove_details(
    tables: &Connections,
    account: &AccountId,
    assets: &[AssetId],
) -> Result<()> {
    let remove = "DELETE FROM asset_details WHERE account_id = $1 AND asset = ANY($2::text[])";
    tables.query(remove, &[&account.as_str(), &names(assets)]).await.map(drop)
}

fn names(assets: &[AssetId]) -> Vec<String> {
    assets.iter().map(ToString::to_string).collect()
}
