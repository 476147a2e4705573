//! The plain tables beside the journal.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bursar_core::country::Country;
use bursar_core::id::{AccountId, AssetId, CatalogVersion};
use bursar_core::time::Timestamp;
use bursar_store::projection::parse;
use bursar_store::{
    ApiKeyRecord, AssetDetails, BillingDetails, CatalogRecord, Contact, NewPortalSession,
    PortalLink, PortalSession, Registry, StoreError,
};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;

use crate::PostgresStore;
use crate::error::{Attempt, Failure, Result, get, unsigned};
use crate::{assets, visits};

#[async_trait]
impl Registry for PostgresStore {
    async fn put_contact(&self, account: &AccountId, contact: Contact) -> Result<()> {
        if contact == Contact::default() {
            let delete = "DELETE FROM contacts WHERE account_id = $1";
            return self.tables()?.query(delete, &[&account.as_str()]).await.map(drop);
        }
        let insert = "
            INSERT INTO contacts (account_id, name, email) VALUES ($1, $2, $3)
            ON CONFLICT (account_id) DO UPDATE SET name = excluded.name, email = excluded.email";
        let Contact { name, email } = contact;
        self.tables()?.query(insert, &[&account.as_str(), &name, &email]).await.map(drop)
    }

    async fn contact(&self, account: &AccountId) -> Result<Contact> {
        let select = "SELECT name, email FROM contacts WHERE account_id = $1";
        let row = self.tables()?.query_one(select, &[&account.as_str()]).await?;
        let contact = row.map(|row| Ok(Contact { name: get(&row, 0)?, email: get(&row, 1)? }));
        Ok(contact.transpose()?.unwrap_or_default())
    }

    async fn add_billing_details(
        &self,
        account: &AccountId,
        details: BillingDetails,
    ) -> Result<u32> {
        let tables = self.tables()?;
        let mut backoff = tables.backoff();
        loop {
            let failure = match self.try_add_billing_details(account, &details).await {
                Ok(revision) => return Ok(revision),
                Err(failure) => failure,
            };
            // Not after a cut connection: the revision may be there, and another would be added.
            let again = is_duplicate(&failure) || (failure.is_passing() && failure.is_certain());
            if !again || !backoff.wait().await {
                return Err(failure.explain(&tables.place));
            }
        }
    }

    async fn billing_details(
        &self,
        account: &AccountId,
        revision: u32,
    ) -> Result<Option<BillingDetails>> {
        let select = "
            SELECT name, company, address, country, vat_id FROM billing_details
            WHERE account_id = $1 AND revision = $2 AND name IS NOT NULL";
        let Ok(revision) = i32::try_from(revision) else {
            return Ok(None);
        };
        let row = self.tables()?.query_one(select, &[&account.as_str(), &revision]).await?;
        row.as_ref().map(billing_details).transpose()
    }

    async fn put_asset_details(
        &self,
        account: &AccountId,
        asset: AssetId,
        details: AssetDetails,
    ) -> Result<()> {
        assets::put_details(self.tables()?, account, asset, &details).await
    }

    async fn asset_details(
        &self,
        account: &AccountId,
        assets: &[AssetId],
    ) -> Result<Vec<(AssetId, AssetDetails)>> {
        assets::details(self.tables()?, account, assets).await
    }

    async fn detailed_assets(
        &self,
        after: Option<&(AccountId, AssetId)>,
        limit: usize,
    ) -> Result<Vec<(AccountId, AssetId)>> {
        assets::detailed(self.tables()?, after, limit).await
    }

    async fn remove_asset_details(&self, account: &AccountId, assets: &[AssetId]) -> Result<()> {
        assets::remove_details(self.tables()?, account, assets).await
    }

    async fn remove_vault_details(&self, account: &AccountId, vault: u32) -> Result<()> {
        let remove = "DELETE FROM asset_details WHERE account_id = $1 AND vault = $2";
        self.tables()?.query(remove, &[&account.as_str(), &i64::from(vault)]).await.map(drop)
    }

    async fn put_api_key(&self, key: ApiKeyRecord) -> Result<()> {
        let insert = "
            INSERT INTO api_keys (key_id, hash, name, scopes, created_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (key_id) DO UPDATE SET hash = excluded.hash, name = excluded.name,
                scopes = excluded.scopes, created_at = excluded.created_at,
                expires_at = excluded.expires_at";
        let (created, expires) = (key.created_at.micros(), key.expires_at.map(Timestamp::micros));
        let hash = key.hash.as_slice();
        let id = key.id.as_str();
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
            [&id, &hash, &key.name, &key.scopes, &created, &expires];
        self.tables()?.query(insert, &values).await.map(drop)
    }

    async fn api_key_by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKeyRecord>> {
        let select = "
            SELECT key_id, hash, name, scopes, created_at, expires_at FROM api_keys
            WHERE hash = $1";
        let row = self.tables()?.query_one(select, &[&hash.as_slice()]).await?;
        row.as_ref().map(api_key).transpose()
    }

    async fn api_keys(&self) -> Result<Vec<ApiKeyRecord>> {
        let select = "
            SELECT key_id, hash, name, scopes, created_at, expires_at FROM api_keys
            ORDER BY created_at, key_id";
        self.tables()?.query(select, &[]).await?.iter().map(api_key).collect()
    }

    async fn setting_or(&self, name: &str, default: &[u8]) -> Result<Vec<u8>> {
        // Of several callers one inserts, the others wait for it. The second statement sees it.
        let insert = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        self.tables()?.query(insert, &[&name, &default]).await?;
        let value = self.setting(name).await?;
        Ok(value.unwrap_or_else(|| default.to_vec()))
    }

    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let select = "SELECT value FROM settings WHERE name = $1";
        let row = self.tables()?.query_one(select, &[&name]).await?;
        row.map(|row| get(&row, 0)).transpose()
    }

    async fn settings(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>> {
        let select = "
            SELECT name, value FROM settings WHERE name >= $1 AND starts_with(name, $1)
            ORDER BY name";
        let rows = self.tables()?.query(select, &[&prefix]).await?;
        rows.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?))).collect()
    }

    async fn change_settings(&self, settings: Vec<(String, Option<Vec<u8>>)>) -> Result<()> {
        // Of several values of one name the last counts.
        let settings: BTreeMap<String, Option<Vec<u8>>> = settings.into_iter().collect();
        let gone = settings.iter().filter(|(_, value)| value.is_none());
        let gone: Vec<&str> = gone.map(|(name, _)| name.as_str()).collect();
        let kept = settings.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        let (names, values): (Vec<&str>, Vec<&[u8]>) =
            kept.map(|(name, value)| (name.as_str(), value.as_slice())).unzip();
        // One statement is one transaction.
        let change = "
            WITH gone AS (DELETE FROM settings WHERE name = ANY($1::text[]))
            INSERT INTO settings (name, value) SELECT * FROM unnest($2::text[], $3::bytea[])
            ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.tables()?.query(change, &[&gone, &names, &values]).await.map(drop)
    }

    async fn put_setting(&self, name: &str, value: &[u8]) -> Result<()> {
        let insert = "
            INSERT INTO settings (name, value) VALUES ($1, $2)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        self.tables()?.query(insert, &[&name, &value]).await.map(drop)
    }

    async fn replace_setting(&self, name: &str, from: Option<&[u8]>, to: &[u8]) -> Result<bool> {
        let update = "UPDATE settings SET value = $3 WHERE name = $1 AND value = $2 RETURNING 1";
        let insert = "
            INSERT INTO settings (name, value) VALUES ($1, $2)
            ON CONFLICT (name) DO NOTHING RETURNING 1";
        let tables = self.tables()?;
        let rows = match from {
            Some(from) => tables.query(update, &[&name, &from, &to]).await?,
            None => tables.query(insert, &[&name, &to]).await?,
        };
        Ok(!rows.is_empty())
    }

    async fn put_catalog(&self, catalog: CatalogRecord) -> Result<()> {
        let insert = "
            INSERT INTO catalogs (version, text, since) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let CatalogRecord { version, text, since } = catalog;
        let version = version.0.as_slice();
        self.tables()?.query(insert, &[&version, &text, &since.micros()]).await.map(drop)
    }

    async fn catalogs(&self) -> Result<Vec<CatalogRecord>> {
        let select = "SELECT version, text, since FROM catalogs ORDER BY since, version";
        let rows = self.tables()?.query(select, &[]).await?;
        let catalog = |row: &Row| {
            let version = get::<Vec<u8>>(row, 0)?.try_into();
            Ok(CatalogRecord {
                version: CatalogVersion(version.map_err(|_| damaged("a catalog's version"))?),
                text: get(row, 1)?,
                since: Timestamp::from_micros(get(row, 2)?),
            })
        };
        rows.iter().map(catalog).collect()
    }

    async fn put_portal_link(&self, link: PortalLink) -> Result<()> {
        visits::put_link(self.tables()?, &link).await
    }

    async fn use_portal_link(
        &self,
        code: &[u8; 32],
        now: Timestamp,
        session: NewPortalSession,
    ) -> Result<Option<PortalLink>> {
        visits::use_link(self.tables()?, code, now, session).await
    }

    async fn portal_session(&self, hash: &[u8; 32]) -> Result<Option<PortalSession>> {
        visits::session(self.tables()?, hash).await
    }

    async fn extend_portal_session(&self, hash: &[u8; 32], expires_at: Timestamp) -> Result<()> {
        let extend = "UPDATE portal_sessions SET expires_at = $2 WHERE hash = $1";
        let hash = hash.as_slice();
        self.tables()?.query(extend, &[&hash, &expires_at.micros()]).await.map(drop)
    }

    async fn end_portal_session(&self, hash: &[u8; 32]) -> Result<()> {
        let end = "DELETE FROM portal_sessions WHERE hash = $1";
        self.tables()?.query(end, &[&hash.as_slice()]).await.map(drop)
    }

    async fn forget_portal_visits(&self, then: Timestamp) -> Result<()> {
        let forget = "
            WITH links AS (DELETE FROM portal_links WHERE expires_at < $1)
            DELETE FROM portal_sessions WHERE expires_at < $1";
        self.tables()?.query(forget, &[&then.micros()]).await.map(drop)
    }
}

impl PostgresStore {
    /// Two at once count to the same number, and the key lets one of them in.
    async fn try_add_billing_details(
        &self,
        account: &AccountId,
        details: &BillingDetails,
    ) -> Attempt<u32> {
        let insert = "
            INSERT INTO billing_details (account_id, revision, name, company, address, country, vat_id)
            SELECT $1, 1 + coalesce(max(revision), 0), $2, $3, $4, $5, $6
            FROM billing_details WHERE account_id = $1 RETURNING revision";
        let BillingDetails { name, company, address, country, vat_id } = details;
        let country = country.map(|country| country.code().to_owned());
        let id = account.as_str();
        let rows = self
            .tables()?
            .query_once(insert, &[&id, name, company, address, &country, vat_id])
            .await?;
        let revision = rows.first().map_or(Ok(0), |row| get::<i32>(row, 0))?;
        Ok(unsigned(i64::from(revision))?)
    }
}

fn is_duplicate(failure: &Failure) -> bool {
    matches!(failure, Failure::Database(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION))
}

fn damaged(what: &str) -> StoreError {
    StoreError::Damaged(format!("{what} is not what was written"))
}

fn billing_details(row: &Row) -> Result<BillingDetails> {
    Ok(BillingDetails {
        name: get(row, 0)?,
        company: get(row, 1)?,
        address: get(row, 2)?,
        country: parse::<Country>("country", get(row, 3)?)?,
        vat_id: get(row, 4)?,
    })
}

pub(crate) fn api_key(row: &Row) -> Result<ApiKeyRecord> {
    let hash = get::<Vec<u8>>(row, 1)?.try_into();
    let id = parse("key_id", Some(get(row, 0)?))?;
    Ok(ApiKeyRecord {
        id: id.ok_or_else(|| damaged("an API key's id"))?,
        hash: hash.map_err(|_| damaged("an API key's hash"))?,
        name: get(row, 2)?,
        scopes: get(row, 3)?,
        created_at: Timestamp::from_micros(get(row, 4)?),
        expires_at: get::<Option<i64>>(row, 5)?.map(Timestamp::from_micros),
    })
}
