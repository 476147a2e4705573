//! The plain tables beside the journal.

pub(crate) mod rows;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use bursar_core::country::Country;
use bursar_core::id::{AccountId, AssetId, CatalogVersion};
use bursar_core::time::Timestamp;
use bursar_store::{
    ApiKeyRecord, AssetDetails, BillingDetails, CatalogRecord, Contact, NewPortalSession,
    PortalLink, PortalSession, Registry, StoreError,
};
use rusqlite::{Connection, OptionalExtension, params};

use crate::SqliteStore;
use crate::error::{Result, about};
use crate::readers::{blocking, closed};
use rows::{api_key, asset_details, billing_details, json, portal_link, portal_session, wrong};
pub(crate) use rows::{each_detailed, has_details};

impl SqliteStore {
    /// Changes a plain table through the one connection that writes the file.
    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let shared = Arc::clone(&self.shared);
        blocking(move || {
            let refused = || if shared.is_read_only() { read_only() } else { closed() };
            let journal = shared.journal.lock();
            let journal = journal.as_ref().ok_or_else(refused)?;
            change(&journal.connection).map_err(about(&journal.path))
        })
        .await
    }

    async fn look_up<T: Send + 'static>(
        &self,
        look_up: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let read = self.shared.readers.read(move |reader| {
            look_up(&reader.journal).map_err(about(&reader.directory.journal()))
        });
        read.await
    }
}

pub(crate) fn read_only() -> StoreError {
    StoreError::Unavailable("the data directory was opened for reading only".to_owned())
}

#[async_trait]
impl Registry for SqliteStore {
    async fn put_contact(&self, account: &AccountId, contact: Contact) -> Result<()> {
        let account = account.clone();
        self.change(move |tables| {
            if contact == Contact::default() {
                return tables
                    .execute("DELETE FROM contacts WHERE account_id = ?1", [account.as_str()]);
            }
            tables.execute(
                "INSERT INTO contacts VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET name = ?2, email = ?3",
                params![account.as_str(), contact.name, contact.email],
            )
        })
        .await
        .map(drop)
    }

    async fn contact(&self, account: &AccountId) -> Result<Contact> {
        let account = account.clone();
        self.look_up(move |tables| {
            let contact = tables
                .prepare_cached("SELECT name, email FROM contacts WHERE account_id = ?1")?
                .query_row([account.as_str()], |row| {
                    Ok(Contact { name: row.get(0)?, email: row.get(1)? })
                })
                .optional()?;
            Ok(contact.unwrap_or_default())
        })
        .await
    }

    async fn add_billing_details(
        &self,
        account: &AccountId,
        details: BillingDetails,
    ) -> Result<u32> {
        let account = account.clone();
        self.change(move |tables| {
            tables.query_row(
                "INSERT INTO billing_details
                 SELECT ?1, 1 + coalesce(max(revision), 0), ?2, ?3, ?4, ?5, ?6
                 FROM billing_details WHERE account_id = ?1 RETURNING revision",
                params![
                    account.as_str(),
                    details.name,
                    details.company,
                    json(&details.address)?,
                    details.country.map(Country::code),
                    details.vat_id,
                ],
                |row| row.get(0),
            )
        })
        .await
    }

    async fn billing_details(
        &self,
        account: &AccountId,
        revision: u32,
    ) -> Result<Option<BillingDetails>> {
        let account = account.clone();
        self.look_up(move |tables| {
            tables
                .prepare_cached(
                    "SELECT name, company, address, country, vat_id FROM billing_details
                     WHERE account_id = ?1 AND revision = ?2 AND name IS NOT NULL",
                )?
                .query_row(params![account.as_str(), revision], billing_details)
                .optional()
        })
        .await
    }

    async fn put_asset_details(
        &self,
        account: &AccountId,
        asset: AssetId,
        details: AssetDetails,
    ) -> Result<()> {
        let account = account.clone();
        self.change(move |tables| {
            tables.execute(
                "INSERT INTO asset_details VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT DO UPDATE SET vault = ?3, name = ?4, media_type = ?5, sha256 = ?6,
                 thumbnail = ?7",
                params![
                    account.as_str(),
                    asset.to_string(),
                    details.vault,
                    details.name,
                    details.media_type,
                    details.sha256,
                    details.thumbnail,
                ],
            )
        })
        .await
        .map(drop)
    }

    async fn asset_details(
        &self,
        account: &AccountId,
        assets: &[AssetId],
    ) -> Result<Vec<(AssetId, AssetDetails)>> {
        let account = account.clone();
        let assets: BTreeSet<AssetId> = assets.iter().copied().collect();
        self.look_up(move |tables| {
            let mut select = tables.prepare_cached(
                "SELECT vault, name, media_type, sha256, thumbnail FROM asset_details
                 WHERE account_id = ?1 AND asset = ?2",
            )?;
            let mut found = Vec::new();
            for asset in assets {
                let key = params![account.as_str(), asset.to_string()];
                let details = select.query_row(key, asset_details).optional()?;
                found.extend(details.map(|details| (asset, details)));
            }
            Ok(found)
        })
        .await
    }

    async fn detailed_assets(
        &self,
        after: Option<&(AccountId, AssetId)>,
        limit: usize,
    ) -> Result<Vec<(AccountId, AssetId)>> {
        let after = after.map(|(account, asset)| (account.to_string(), asset.to_string()));
        let (account, asset) = after.unwrap_or_default();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.look_up(move |tables| {
            tables
                .prepare_cached(
                    "SELECT account_id, asset FROM asset_details
                     WHERE (account_id, asset) > (?1, ?2) ORDER BY account_id, asset LIMIT ?3",
                )?
                .query_map(params![account, asset, limit], |row| {
                    let (account, asset): (String, String) = (row.get(0)?, row.get(1)?);
                    let account = account.parse().map_err(|_| wrong(0, "not an account"))?;
                    Ok((account, asset.parse().map_err(|_| wrong(1, "not an asset"))?))
                })?
                .collect()
        })
        .await
    }

    async fn remove_asset_details(&self, account: &AccountId, assets: &[AssetId]) -> Result<()> {
        let (account, assets) = (account.clone(), assets.to_vec());
        self.change(move |tables| {
            let transaction = tables.unchecked_transaction()?;
            for asset in assets {
                let remove = "DELETE FROM asset_details WHERE account_id = ?1 AND asset = ?2";
                let key = params![account.as_str(), asset.to_string()];
                transaction.prepare_cached(remove)?.execute(key)?;
            }
            transaction.commit()
        })
        .await
    }

    async fn remove_vault_details(&self, account: &AccountId, vault: u32) -> Result<()> {
        let account = account.clone();
        self.change(move |tables| {
            let remove = "DELETE FROM asset_details WHERE account_id = ?1 AND vault = ?2";
            tables.execute(remove, params![account.as_str(), vault])
        })
        .await
        .map(drop)
    }

    async fn put_api_key(&self, key: ApiKeyRecord) -> Result<()> {
        self.change(move |tables| {
            tables.execute(
                "INSERT INTO api_keys VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET hash = ?2, name = ?3, scopes = ?4, created_at = ?5,
                 expires_at = ?6",
                params![
                    key.id.as_str(),
                    key.hash,
                    key.name,
                    json(&key.scopes)?,
                    key.created_at.micros(),
                    key.expires_at.map(Timestamp::micros)
                ],
            )
        })
        .await
        .map(drop)
    }

    async fn api_key_by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKeyRecord>> {
        let hash = *hash;
        self.look_up(move |tables| {
            tables
                .prepare_cached(
                    "SELECT key_id, hash, name, scopes, created_at, expires_at
                     FROM api_keys WHERE hash = ?1",
                )?
                .query_row([hash], api_key)
                .optional()
        })
        .await
    }

    async fn api_keys(&self) -> Result<Vec<ApiKeyRecord>> {
        self.look_up(|tables| {
            tables
                .prepare_cached(
                    "SELECT key_id, hash, name, scopes, created_at, expires_at
                     FROM api_keys ORDER BY created_at, key_id",
                )?
                .query_map([], api_key)?
                .collect()
        })
        .await
    }

    async fn setting_or(&self, name: &str, default: &[u8]) -> Result<Vec<u8>> {
        let (name, default) = (name.to_owned(), default.to_vec());
        // Of several callers one inserts: they all come through one connection.
        self.change(move |tables| {
            tables.execute(
                "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![name, default],
            )?;
            tables.query_row("SELECT value FROM settings WHERE name = ?1", [name], |row| row.get(0))
        })
        .await
    }

    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let name = name.to_owned();
        self.look_up(move |tables| {
            tables
                .prepare_cached("SELECT value FROM settings WHERE name = ?1")?
                .query_row([name], |row| row.get(0))
                .optional()
        })
        .await
    }

    async fn settings(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>> {
        let prefix = prefix.to_owned();
        self.look_up(move |tables| {
            tables
                .prepare_cached(
                    "SELECT name, value FROM settings
                     WHERE name >= ?1 AND substr(name, 1, length(?1)) = ?1 ORDER BY name",
                )?
                .query_map([prefix], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
        .await
    }

    async fn change_settings(&self, settings: Vec<(String, Option<Vec<u8>>)>) -> Result<()> {
        self.change(move |tables| {
            let transaction = tables.unchecked_transaction()?;
            for (name, value) in settings {
                match value {
                    Some(value) => transaction.execute(
                        "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
                        params![name, value],
                    )?,
                    None => transaction.execute("DELETE FROM settings WHERE name = ?1", [name])?,
                };
            }
            transaction.commit()
        })
        .await
    }

    async fn put_setting(&self, name: &str, value: &[u8]) -> Result<()> {
        let (name, value) = (name.to_owned(), value.to_vec());
        self.change(move |tables| {
            tables.execute(
                "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2",
                params![name, value],
            )
        })
        .await
        .map(drop)
    }

    async fn replace_setting(&self, name: &str, from: Option<&[u8]>, to: &[u8]) -> Result<bool> {
        let (name, from, to) = (name.to_owned(), from.map(<[u8]>::to_vec), to.to_vec());
        self.change(move |tables| rows::replace_setting(tables, &name, from.as_deref(), &to)).await
    }

    async fn put_catalog(&self, catalog: CatalogRecord) -> Result<()> {
        self.change(move |tables| {
            tables.execute(
                "INSERT INTO catalogs VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                params![catalog.version.0, catalog.text, catalog.since.micros()],
            )
        })
        .await
        .map(drop)
    }

    async fn catalogs(&self) -> Result<Vec<CatalogRecord>> {
        self.look_up(|tables| {
            tables
                .prepare_cached(
                    "SELECT version, text, since FROM catalogs ORDER BY since, version",
                )?
                .query_map([], |row| {
                    Ok(CatalogRecord {
                        version: CatalogVersion(row.get(0)?),
                        text: row.get(1)?,
                        since: Timestamp::from_micros(row.get(2)?),
                    })
                })?
                .collect()
        })
        .await
    }

    async fn put_portal_link(&self, link: PortalLink) -> Result<()> {
        self.change(move |tables| {
            tables.execute(
                "INSERT INTO portal_links VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET account_id = ?2, return_url = ?3, expires_at = ?4,
                 used_at = ?5",
                params![
                    link.hash,
                    link.account.as_str(),
                    link.return_url,
                    link.expires_at.micros(),
                    link.used_at.map(Timestamp::micros)
                ],
            )
        })
        .await
        .map(drop)
    }

    async fn use_portal_link(
        &self,
        code: &[u8; 32],
        now: Timestamp,
        session: NewPortalSession,
    ) -> Result<Option<PortalLink>> {
        let code = *code;
        // The one connection that writes is locked meanwhile: of two at once one comes second.
        self.change(move |tables| {
            let link = tables
                .query_row(
                    "SELECT hash, account_id, return_url, expires_at, used_at FROM portal_links
                     WHERE hash = ?1",
                    [code],
                    portal_link,
                )
                .optional()?;
            if let Some(link) = link.as_ref().filter(|link| link.is_good(now)) {
                use_link(tables, link, now, session)?;
            }
            Ok(link)
        })
        .await
    }

    async fn portal_session(&self, hash: &[u8; 32]) -> Result<Option<PortalSession>> {
        let hash = *hash;
        self.look_up(move |tables| {
            tables
                .prepare_cached(
                    "SELECT hash, account_id, return_url, expires_at, ends_at FROM portal_sessions
                     WHERE hash = ?1",
                )?
                .query_row([hash], portal_session)
                .optional()
        })
        .await
    }

    async fn extend_portal_session(&self, hash: &[u8; 32], expires_at: Timestamp) -> Result<()> {
        let hash = *hash;
        self.change(move |tables| {
            tables.execute(
                "UPDATE portal_sessions SET expires_at = ?2 WHERE hash = ?1",
                params![hash, expires_at.micros()],
            )
        })
        .await
        .map(drop)
    }

    async fn end_portal_session(&self, hash: &[u8; 32]) -> Result<()> {
        let hash = *hash;
        self.change(move |tables| {
            tables.execute("DELETE FROM portal_sessions WHERE hash = ?1", [hash])
        })
        .await
        .map(drop)
    }

    async fn forget_portal_visits(&self, then: Timestamp) -> Result<()> {
        self.change(move |tables| {
            let then = then.micros();
            tables.execute("DELETE FROM portal_links WHERE expires_at < ?1", [then])?;
            tables.execute("DELETE FROM portal_sessions WHERE expires_at < ?1", [then])
        })
        .await
        .map(drop)
    }
}

/// Opens the session and marks the link, both or neither.
fn use_link(
    tables: &Connection,
    link: &PortalLink,
    now: Timestamp,
    session: NewPortalSession,
) -> rusqlite::Result<()> {
    let both = tables.unchecked_transaction()?;
    both.execute(
        "UPDATE portal_links SET used_at = ?2 WHERE hash = ?1",
        params![link.hash, now.micros()],
    )?;
    both.execute(
        "INSERT INTO portal_sessions VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            session.hash,
            link.account.as_str(),
            link.return_url,
            session.expires_at.micros(),
            session.ends_at.micros()
        ],
    )?;
    both.commit()
}
