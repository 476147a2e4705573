//! Plain rows, whole, in order of their keys.

use bursar_core::country::Country;
use bursar_core::id::{AccountId, CatalogVersion};
use bursar_core::time::Timestamp;
use bursar_store::transfer::{PlainRow, PlainTable};
use bursar_store::{BillingDetails, CatalogRecord, Contact};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, ToSql, params, params_from_iter};

use crate::directory::Directory;
use crate::error::{Result, about};
use crate::registry::rows::{
    account, api_key, asset_details, billing_details, json, portal_link, portal_session, wrong,
};

/// What is read of a table, and the columns of its key.
const fn columns(table: PlainTable) -> (&'static str, &'static str) {
    match table {
        PlainTable::Contacts => ("name, email, account_id", "account_id"),
        PlainTable::BillingDetails => (
            "name, company, address, country, vat_id, account_id, revision",
            "account_id, revision",
        ),
        PlainTable::AssetDetails => {
            ("vault, name, media_type, sha256, thumbnail, account_id, asset", "account_id, asset")
        }
        PlainTable::ApiKeys => ("key_id, hash, name, scopes, created_at, expires_at", "key_id"),
        PlainTable::Settings => ("name, value", "name"),
        PlainTable::Catalogs => ("version, text, since", "version"),
        PlainTable::PortalLinks => ("hash, account_id, return_url, expires_at, used_at", "hash"),
        PlainTable::PortalSessions => ("hash, account_id, return_url, expires_at, ends_at", "hash"),
    }
}

/// A row's key, in the order of its columns.
fn key(row: &PlainRow) -> Vec<Value> {
    let text = |text: &dyn ToString| Value::Text(text.to_string());
    match row {
        PlainRow::Contact(id, _) => vec![text(id)],
        PlainRow::BillingDetails(id, revision, _) => {
            vec![text(id), Value::Integer(i64::from(*revision))]
        }
        PlainRow::AssetDetails(id, asset, _) => vec![text(id), text(asset)],
        PlainRow::ApiKey(key) => vec![text(&key.id)],
        PlainRow::Setting(name, _) => vec![text(name)],
        PlainRow::Catalog(catalog) => vec![Value::Blob(catalog.version.0.to_vec())],
        PlainRow::PortalLink(link) => vec![Value::Blob(link.hash.to_vec())],
        PlainRow::PortalSession(session) => vec![Value::Blob(session.hash.to_vec())],
    }
}

/// At most so many rows after one.
pub(super) fn rows(
    directory: &Directory,
    connection: &Connection,
    table: PlainTable,
    after: Option<&PlainRow>,
    limit: usize,
) -> Result<Vec<PlainRow>> {
    let (columns, order) = columns(table);
    let mut values = after.map(key).unwrap_or_default();
    let places = (1..=values.len()).map(|number| format!("?{number}")).collect::<Vec<_>>();
    let after = match places.as_slice() {
        [] => String::new(),
        places => format!("WHERE ({order}) > ({})", places.join(", ")),
    };
    let last = values.len() + 1;
    let select =
        format!("SELECT {columns} FROM {} {after} ORDER BY {order} LIMIT ?{last}", table.as_str());
    values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
    let read = || -> rusqlite::Result<Vec<PlainRow>> {
        let mut select = connection.prepare_cached(&select)?;
        let rows = select.query_map(params_from_iter(values), |row| plain(table, row))?;
        rows.collect()
    };
    read().map_err(about(&directory.journal()))
}

fn plain(table: PlainTable, row: &Row<'_>) -> rusqlite::Result<PlainRow> {
    Ok(match table {
        PlainTable::Contacts => {
            PlainRow::Contact(account(row, 2)?, Contact { name: row.get(0)?, email: row.get(1)? })
        }
        PlainTable::BillingDetails => {
            // Where a name was, there are details.
            let erased = row.get_ref(0)?.data_type() == rusqlite::types::Type::Null;
            let details = if erased { None } else { Some(billing_details(row)?) };
            PlainRow::BillingDetails(account(row, 5)?, row.get(6)?, details)
        }
        PlainTable::AssetDetails => {
            let asset: String = row.get(6)?;
            let asset = asset.parse().map_err(|_| wrong(6, "not an asset"))?;
            PlainRow::AssetDetails(account(row, 5)?, asset, asset_details(row)?)
        }
        PlainTable::ApiKeys => PlainRow::ApiKey(api_key(row)?),
        PlainTable::Settings => PlainRow::Setting(row.get(0)?, row.get(1)?),
        PlainTable::Catalogs => PlainRow::Catalog(CatalogRecord {
            version: CatalogVersion(row.get(0)?),
            text: row.get(1)?,
            since: Timestamp::from_micros(row.get(2)?),
        }),
        PlainTable::PortalLinks => PlainRow::PortalLink(portal_link(row)?),
        PlainTable::PortalSessions => PlainRow::PortalSession(portal_session(row)?),
    })
}

/// Adds a row that isn't there.
pub(super) fn insert(connection: &Connection, row: &PlainRow) -> rusqlite::Result<()> {
    let add = |statement: &str, values: &[&dyn ToSql]| {
        connection.prepare_cached(statement)?.execute(values).map(drop)
    };
    match row {
        PlainRow::Contact(id, contact) => add(
            "INSERT INTO contacts VALUES (?1, ?2, ?3)",
            params![id.as_str(), contact.name, contact.email],
        ),
        PlainRow::BillingDetails(id, revision, details) => {
            insert_billing(connection, id, *revision, details.as_ref())
        }
        PlainRow::AssetDetails(id, asset, details) => add(
            "INSERT INTO asset_details VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                id.as_str(),
                asset.to_string(),
                details.vault,
                details.name,
                details.media_type,
                details.sha256,
                details.thumbnail,
            ],
        ),
        PlainRow::ApiKey(key) => add(
            "INSERT INTO api_keys VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                key.id.as_str(),
                key.hash,
                key.name,
                json(&key.scopes)?,
                key.created_at.micros(),
                key.expires_at.map(Timestamp::micros),
            ],
        ),
        PlainRow::Setting(name, value) => {
            add("INSERT INTO settings VALUES (?1, ?2)", params![name, value])
        }
        PlainRow::Catalog(catalog) => add(
            "INSERT INTO catalogs VALUES (?1, ?2, ?3)",
            params![catalog.version.0, catalog.text, catalog.since.micros()],
        ),
        PlainRow::PortalLink(link) => add(
            "INSERT INTO portal_links VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                link.hash,
                link.account.as_str(),
                link.return_url,
                link.expires_at.micros(),
                link.used_at.map(Timestamp::micros),
            ],
        ),
        PlainRow::PortalSession(session) => add(
            "INSERT INTO portal_sessions VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                session.hash,
                session.account.as_str(),
                session.return_url,
                session.expires_at.micros(),
                session.ends_at.micros(),
            ],
        ),
    }
}

/// What an erased revision keeps is nothing.
fn insert_billing(
    connection: &Connection,
    id: &AccountId,
    revision: u32,
    details: Option<&BillingDetails>,
) -> rusqlite::Result<()> {
    let address = details.map(|details| json(&details.address)).transpose()?;
    let country = details.and_then(|details| details.country);
    let insert = "INSERT INTO billing_details VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let values = params![
        id.as_str(),
        revision,
        details.map(|details| &details.name),
        details.map(|details| &details.company),
        address,
        country.map(Country::code),
        details.and_then(|details| details.vat_id.as_ref()),
    ];
    connection.prepare_cached(insert)?.execute(values).map(drop)
}
