//! Plain rows, whole, in order of their keys.

use bursar_core::country::Country;
use bursar_core::id::CatalogVersion;
use bursar_core::time::Timestamp;
use bursar_store::projection::parse;
use bursar_store::transfer::{PlainRow, PlainTable};
use bursar_store::{
    AssetDetails, BillingDetails, CatalogRecord, Contact, PortalLink, PortalSession, StoreError,
};
use deadpool_postgres::Client;
use futures::future::try_join_all;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use crate::assets::asset_id;
use crate::error::{Attempt, Result, get, unsigned};
use crate::registry::api_key;
use crate::views::{account_id, most};

type Value = Box<dyn ToSql + Sync + Send>;

/// How a table is read and written: its columns, in order, and how many of them, the first ones, are the key.
const fn columns(table: PlainTable) -> (&'static [&'static str], usize) {
    match table {
        PlainTable::Contacts => (&["account_id", "name", "email"], 1),
        PlainTable::BillingDetails => {
            (&["account_id", "revision", "name", "company", "address", "country", "vat_id"], 2)
        }
        PlainTable::AssetDetails => {
            (&["account_id", "asset", "vault", "name", "media_type", "sha256", "thumbnail"], 2)
        }
        PlainTable::ApiKeys => {
            (&["key_id", "hash", "name", "scopes", "created_at", "expires_at"], 1)
        }
        PlainTable::Settings => (&["name", "value"], 1),
        PlainTable::Catalogs => (&["version", "text", "since"], 1),
        PlainTable::PortalLinks => {
            (&["hash", "account_id", "return_url", "expires_at", "used_at"], 1)
        }
        PlainTable::PortalSessions => {
            (&["hash", "account_id", "return_url", "expires_at", "ends_at"], 1)
        }
    }
}

const fn table(row: &PlainRow) -> PlainTable {
    match row {
        PlainRow::Contact(..) => PlainTable::Contacts,
        PlainRow::BillingDetails(..) => PlainTable::BillingDetails,
        PlainRow::AssetDetails(..) => PlainTable::AssetDetails,
        PlainRow::ApiKey(_) => PlainTable::ApiKeys,
        PlainRow::Setting(..) => PlainTable::Settings,
        PlainRow::Catalog(_) => PlainTable::Catalogs,
        PlainRow::PortalLink(_) => PlainTable::PortalLinks,
        PlainRow::PortalSession(_) => PlainTable::PortalSessions,
    }
}

/// `$1, $2 …`
fn places(count: usize) -> String {
    let places = (1..=count).map(|number| format!("${number}"));
    places.collect::<Vec<_>>().join(", ")
}

/// At most so many rows after one.
pub(super) async fn rows(
    client: &Client,
    table: PlainTable,
    after: Option<&PlainRow>,
    limit: usize,
) -> Attempt<Vec<PlainRow>> {
    let (columns, keys) = columns(table);
    let key = columns.iter().take(keys).copied().collect::<Vec<_>>().join(", ");
    let mut values = Vec::new();
    let mut begins = String::new();
    if let Some(after) = after {
        values = values_of(after);
        values.truncate(keys);
        begins = format!("WHERE ({key}) > ({})", places(keys));
    }
    let last = values.len().saturating_add(1);
    values.push(Box::new(most(limit)));
    let (columns, name) = (columns.join(", "), table.as_str());
    let select = format!("SELECT {columns} FROM {name} {begins} ORDER BY {key} LIMIT ${last}");
    let select = client.prepare_cached(&select).await?;
    let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(as_sql).collect();
    let rows = client.query(&select, &values).await?;
    Ok(rows.iter().map(|row| plain(table, row)).collect::<Result<_>>()?)
}

fn as_sql(value: &Value) -> &(dyn ToSql + Sync) {
    value.as_ref()
}

/// Adds rows of one table that aren't there, all sent at once.
pub(super) async fn insert(client: &Client, rows: &[PlainRow]) -> Attempt<()> {
    let Some(first) = rows.first() else {
        return Ok(());
    };
    let (columns, _) = columns(table(first));
    let (name, places) = (table(first).as_str(), places(columns.len()));
    let columns = columns.join(", ");
    let insert = format!("INSERT INTO {name} ({columns}) VALUES ({places})");
    let insert = client.prepare_cached(&insert).await?;
    let values: Vec<Vec<Value>> = rows.iter().map(values_of).collect();
    let values: Vec<Vec<&(dyn ToSql + Sync)>> =
        values.iter().map(|row| row.iter().map(as_sql).collect()).collect();
    try_join_all(values.iter().map(|row| client.execute(&insert, row))).await?;
    Ok(())
}

/// A row as it is written, in the order of its columns.
fn values_of(row: &PlainRow) -> Vec<Value> {
    let text = |text: &dyn ToString| -> Value { Box::new(text.to_string()) };
    let time = |at: Timestamp| -> Value { Box::new(at.micros()) };
    let maybe = |at: Option<Timestamp>| -> Value { Box::new(at.map(Timestamp::micros)) };
    match row.clone() {
        PlainRow::Contact(id, Contact { name, email }) => {
            vec![text(&id), Box::new(name), Box::new(email)]
        }
        PlainRow::BillingDetails(id, revision, details) => {
            let mut values = vec![text(&id), Box::new(i32::try_from(revision).unwrap_or(i32::MAX))];
            values.extend(billing_values(details));
            values
        }
        PlainRow::AssetDetails(id, asset, details) => {
            let AssetDetails { vault, name, media_type, sha256, thumbnail } = details;
            let sha256 = sha256.map(|hash| hash.to_vec());
            let (vault, sha256): (Value, Value) = (Box::new(i64::from(vault)), Box::new(sha256));
            let (name, media_type) = (text(&name), text(&media_type));
            vec![text(&id), text(&asset), vault, name, media_type, sha256, Box::new(thumbnail)]
        }
        PlainRow::ApiKey(key) => {
            let (created, expires) = (time(key.created_at), maybe(key.expires_at));
            let (hash, scopes): (Value, Value) =
                (Box::new(key.hash.to_vec()), Box::new(key.scopes));
            vec![text(&key.id), hash, text(&key.name), scopes, created, expires]
        }
        PlainRow::Setting(name, value) => vec![text(&name), Box::new(value)],
        PlainRow::Catalog(CatalogRecord { version, text: toml, since }) => {
            vec![Box::new(version.0.to_vec()), text(&toml), time(since)]
        }
        PlainRow::PortalLink(PortalLink { hash, account, return_url, expires_at, used_at }) => {
            let (hash, url): (Value, Value) = (Box::new(hash.to_vec()), Box::new(return_url));
            vec![hash, text(&account), url, time(expires_at), maybe(used_at)]
        }
        PlainRow::PortalSession(session) => {
            let PortalSession { hash, account, return_url, expires_at, ends_at } = session;
            let (hash, url): (Value, Value) = (Box::new(hash.to_vec()), Box::new(return_url));
            vec![hash, text(&account), url, time(expires_at), time(ends_at)]
        }
    }
}

/// What an erased revision keeps is nothing.
fn billing_values(details: Option<BillingDetails>) -> Vec<Value> {
    let Some(BillingDetails { name, company, address, country, vat_id }) = details else {
        let nothing = || -> Value { Box::new(None::<String>) };
        let address: Value = Box::new(None::<Vec<String>>);
        return vec![nothing(), nothing(), address, nothing(), nothing()];
    };
    let country = country.map(|country| country.code().to_owned());
    vec![Box::new(name), Box::new(company), Box::new(address), Box::new(country), Box::new(vat_id)]
}

fn plain(table: PlainTable, row: &Row) -> Result<PlainRow> {
    let time = |column| Ok::<_, StoreError>(Timestamp::from_micros(get(row, column)?));
    let maybe = |column| {
        let at: Option<i64> = get(row, column)?;
        Ok::<_, StoreError>(at.map(Timestamp::from_micros))
    };
    Ok(match table {
        PlainTable::Contacts => {
            let contact = Contact { name: get(row, 1)?, email: get(row, 2)? };
            PlainRow::Contact(account_id(row, 0)?, contact)
        }
        PlainTable::BillingDetails => {
            let revision = unsigned(i64::from(get::<i32>(row, 1)?))?;
            PlainRow::BillingDetails(account_id(row, 0)?, revision, billing_details(row)?)
        }
        PlainTable::AssetDetails => {
            let sha256: Option<Vec<u8>> = get(row, 5)?;
            let details = AssetDetails {
                vault: unsigned(get(row, 2)?)?,
                name: get(row, 3)?,
                media_type: get(row, 4)?,
                sha256: sha256.map(hash).transpose()?,
                thumbnail: get(row, 6)?,
            };
            PlainRow::AssetDetails(account_id(row, 0)?, asset_id(row, 1)?, details)
        }
        PlainTable::ApiKeys => PlainRow::ApiKey(api_key(row)?),
        PlainTable::Settings => PlainRow::Setting(get(row, 0)?, get(row, 1)?),
        PlainTable::Catalogs => PlainRow::Catalog(CatalogRecord {
            version: CatalogVersion(hash(get(row, 0)?)?),
            text: get(row, 1)?,
            since: time(2)?,
        }),
        PlainTable::PortalLinks => PlainRow::PortalLink(PortalLink {
            hash: hash(get(row, 0)?)?,
            account: account_id(row, 1)?,
            return_url: get(row, 2)?,
            expires_at: time(3)?,
            used_at: maybe(4)?,
        }),
        PlainTable::PortalSessions => PlainRow::PortalSession(PortalSession {
            hash: hash(get(row, 0)?)?,
            account: account_id(row, 1)?,
            return_url: get(row, 2)?,
            expires_at: time(3)?,
            ends_at: time(4)?,
        }),
    })
}

/// Where a name is, there are details.
fn billing_details(row: &Row) -> Result<Option<BillingDetails>> {
    let Some(name) = get::<Option<String>>(row, 2)? else {
        return Ok(None);
    };
    Ok(Some(BillingDetails {
        name,
        company: get(row, 3)?,
        address: get(row, 4)?,
        country: parse::<Country>("country", get(row, 5)?)?,
        vat_id: get(row, 6)?,
    }))
}

fn hash<const N: usize>(bytes: Vec<u8>) -> Result<[u8; N]> {
    let wrong = |_| StoreError::Damaged("a hash of another length".to_owned());
    bytes.try_into().map_err(wrong)
}
