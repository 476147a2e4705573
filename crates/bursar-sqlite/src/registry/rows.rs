//! Rows of the plain tables, read.

use bursar_core::country::Country;
use bursar_core::id::{AccountId, AssetId};
use bursar_core::time::Timestamp;
use bursar_store::{ApiKeyRecord, AssetDetails, BillingDetails, PortalLink, PortalSession};
use rusqlite::{Connection, Row, params};

pub(crate) fn json(list: &[String]) -> rusqlite::Result<String> {
    serde_json::to_string(list)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// A text column holds what it never held when it was written.
pub(crate) fn wrong(
    column: usize,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into())
}

pub(crate) fn billing_details(row: &Row<'_>) -> rusqlite::Result<BillingDetails> {
    let address: String = row.get(2)?;
    let country: Option<String> = row.get(3)?;
    Ok(BillingDetails {
        name: row.get(0)?,
        company: row.get(1)?,
        address: serde_json::from_str(&address).map_err(|error| wrong(2, error))?,
        country: country
            .map(|code| code.parse::<Country>().map_err(|_| wrong(3, "not a country")))
            .transpose()?,
        vat_id: row.get(4)?,
    })
}

/// Every file that something is known of, with its vault.
pub(crate) fn each_detailed(
    tables: &Connection,
    mut each: impl FnMut(AccountId, AssetId, u32),
) -> rusqlite::Result<()> {
    let mut select = tables.prepare("SELECT account_id, asset, vault FROM asset_details")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (account, asset): (String, String) = (row.get(0)?, row.get(1)?);
        let account = account.parse().map_err(|_| wrong(0, "not an account"))?;
        each(account, asset.parse().map_err(|_| wrong(1, "not an asset"))?, row.get(2)?);
    }
    Ok(())
}

/// Is anything known of a file?
pub(crate) fn has_details(
    tables: &Connection,
    account: &AccountId,
    asset: AssetId,
) -> rusqlite::Result<bool> {
    tables
        .prepare_cached("SELECT 1 FROM asset_details WHERE account_id = ?1 AND asset = ?2")?
        .exists(params![account.as_str(), asset.to_string()])
}

pub(crate) fn asset_details(row: &Row<'_>) -> rusqlite::Result<AssetDetails> {
    Ok(AssetDetails {
        vault: row.get(0)?,
        name: row.get(1)?,
        media_type: row.get(2)?,
        sha256: row.get(3)?,
        thumbnail: row.get(4)?,
    })
}

pub(crate) fn api_key(row: &Row<'_>) -> rusqlite::Result<ApiKeyRecord> {
    let id: String = row.get(0)?;
    let scopes: String = row.get(3)?;
    let expires_at: Option<i64> = row.get(5)?;
    Ok(ApiKeyRecord {
        id: id.parse().map_err(|_| wrong(0, "not a key"))?,
        hash: row.get(1)?,
        name: row.get(2)?,
        scopes: serde_json::from_str(&scopes).map_err(|error| wrong(3, error))?,
        created_at: Timestamp::from_micros(row.get(4)?),
        expires_at: expires_at.map(Timestamp::from_micros),
    })
}

pub(crate) fn portal_link(row: &Row<'_>) -> rusqlite::Result<PortalLink> {
    let used_at: Option<i64> = row.get(4)?;
    Ok(PortalLink {
        hash: row.get(0)?,
        account: account(row, 1)?,
        return_url: row.get(2)?,
        expires_at: Timestamp::from_micros(row.get(3)?),
        used_at: used_at.map(Timestamp::from_micros),
    })
}

pub(crate) fn portal_session(row: &Row<'_>) -> rusqlite::Result<PortalSession> {
    Ok(PortalSession {
        hash: row.get(0)?,
        account: account(row, 1)?,
        return_url: row.get(2)?,
        expires_at: Timestamp::from_micros(row.get(3)?),
        ends_at: Timestamp::from_micros(row.get(4)?),
    })
}

pub(crate) fn account(row: &Row<'_>, column: usize) -> rusqlite::Result<AccountId> {
    let id: String = row.get(column)?;
    id.parse().map_err(|_| wrong(column, "not an account"))
}

/// Sets a setting if it is what it is thought to be. Was it?
pub(super) fn replace_setting(
    tables: &Connection,
    name: &str,
    from: Option<&[u8]>,
    to: &[u8],
) -> rusqlite::Result<bool> {
    let changed = match from {
        Some(from) => tables.execute(
            "UPDATE settings SET value = ?3 WHERE name = ?1 AND value = ?2",
            params![name, from, to],
        ),
        None => tables.execute(
            "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![name, to],
        ),
    };
    Ok(changed? > 0)
}
