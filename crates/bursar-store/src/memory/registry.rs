//! The plain tables.

use std::collections::BTreeSet;

use async_trait::async_trait;
use bursar_core::id::{AccountId, AssetId};
use bursar_core::time::Timestamp;

use super::MemoryStore;
use crate::port::StoreError;
use crate::registry::{
    ApiKeyRecord, AssetDetails, BillingDetails, CatalogRecord, Contact, NewPortalSession,
    PortalLink, PortalSession, Registry,
};

#[async_trait]
impl Registry for MemoryStore {
    async fn put_contact(&self, account: &AccountId, contact: Contact) -> Result<(), StoreError> {
        self.data()?.contacts.insert(account.clone(), contact);
        Ok(())
    }

    async fn contact(&self, account: &AccountId) -> Result<Contact, StoreError> {
        Ok(self.data()?.contacts.get(account).cloned().unwrap_or_default())
    }

    async fn add_billing_details(
        &self,
        account: &AccountId,
        details: BillingDetails,
    ) -> Result<u32, StoreError> {
        let mut data = self.data()?;
        let revisions = data.billing_details.entry(account.clone()).or_default();
        revisions.push(details);
        Ok(u32::try_from(revisions.len()).unwrap_or(u32::MAX))
    }

    async fn billing_details(
        &self,
        account: &AccountId,
        revision: u32,
    ) -> Result<Option<BillingDetails>, StoreError> {
        let data = self.data()?;
        let place = revision.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        let revisions = data.billing_details.get(account);
        Ok(place.and_then(|place| revisions?.get(place).cloned()))
    }

    async fn put_asset_details(
        &self,
        account: &AccountId,
        asset: AssetId,
        details: AssetDetails,
    ) -> Result<(), StoreError> {
        self.data()?.asset_details.insert((account.clone(), asset), details);
        Ok(())
    }

    async fn asset_details(
        &self,
        account: &AccountId,
        assets: &[AssetId],
    ) -> Result<Vec<(AssetId, AssetDetails)>, StoreError> {
        let data = self.data()?;
        let known = |asset: &AssetId| data.asset_details.get(&(account.clone(), *asset)).cloned();
        let wanted: BTreeSet<AssetId> = assets.iter().copied().collect();
        Ok(wanted.into_iter().filter_map(|asset| Some((asset, known(&asset)?))).collect())
    }

    async fn detailed_assets(
        &self,
        after: Option<&(AccountId, AssetId)>,
        limit: usize,
    ) -> Result<Vec<(AccountId, AssetId)>, StoreError> {
        let data = self.data()?;
        let all = data.asset_details.keys();
        Ok(all.filter(|key| after.is_none_or(|after| *key > after)).take(limit).cloned().collect())
    }

    async fn remove_asset_details(
        &self,
        account: &AccountId,
        assets: &[AssetId],
    ) -> Result<(), StoreError> {
        let mut data = self.data()?;
        for asset in assets {
            data.asset_details.remove(&(account.clone(), *asset));
        }
        Ok(())
    }

    async fn remove_vault_details(
        &self,
        account: &AccountId,
        vault: u32,
    ) -> Result<(), StoreError> {
        let mut data = self.data()?;
        data.asset_details.retain(|(id, _), details| id != account || details.vault != vault);
        Ok(())
    }

    async fn put_api_key(&self, key: ApiKeyRecord) -> Result<(), StoreError> {
        self.data()?.keys.insert(key.id.clone(), key);
        Ok(())
    }

    async fn api_key_by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKeyRecord>, StoreError> {
        let data = self.data()?;
        Ok(data.keys.values().find(|key| key.hash == *hash).cloned())
    }

    async fn api_keys(&self) -> Result<Vec<ApiKeyRecord>, StoreError> {
        let mut keys: Vec<_> = self.data()?.keys.values().cloned().collect();
        keys.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(keys)
    }

    async fn setting_or(&self, name: &str, default: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut data = self.data()?;
        let value = data.settings.entry(name.to_owned());
        Ok(value.or_insert_with(|| default.to_vec()).clone())
    }

    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.data()?.settings.get(name).cloned())
    }

    async fn settings(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let data = self.data()?;
        let named = data.settings.iter().filter(|(name, _)| name.starts_with(prefix));
        let mut found: Vec<_> = named.map(|(name, value)| (name.clone(), value.clone())).collect();
        found.sort_unstable();
        Ok(found)
    }

    async fn change_settings(
        &self,
        settings: Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError> {
        let mut data = self.data()?;
        for (name, value) in settings {
            match value {
                Some(value) => data.settings.insert(name, value),
                None => data.settings.remove(&name),
            };
        }
        Ok(())
    }

    async fn put_setting(&self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.data()?.settings.insert(name.to_owned(), value.to_vec());
        Ok(())
    }

    async fn replace_setting(
        &self,
        name: &str,
        from: Option<&[u8]>,
        to: &[u8],
    ) -> Result<bool, StoreError> {
        let mut data = self.data()?;
        let is_so = data.settings.get(name).map(Vec::as_slice) == from;
        if is_so {
            data.settings.insert(name.to_owned(), to.to_vec());
        }
        Ok(is_so)
    }

    async fn put_catalog(&self, catalog: CatalogRecord) -> Result<(), StoreError> {
        let mut data = self.data()?;
        if data.catalogs.iter().all(|known| known.version != catalog.version) {
            data.catalogs.push(catalog);
        }
        Ok(())
    }

    async fn catalogs(&self) -> Result<Vec<CatalogRecord>, StoreError> {
        let mut catalogs = self.data()?.catalogs.clone();
        catalogs.sort_by_key(|catalog| (catalog.since, catalog.version));
        Ok(catalogs)
    }

    async fn put_portal_link(&self, link: PortalLink) -> Result<(), StoreError> {
        self.data()?.portal_links.insert(link.hash, link);
        Ok(())
    }

    async fn use_portal_link(
        &self,
        code: &[u8; 32],
        now: Timestamp,
        session: NewPortalSession,
    ) -> Result<Option<PortalLink>, StoreError> {
        let mut data = self.data()?;
        let Some(link) = data.portal_links.get_mut(code) else {
            return Ok(None);
        };
        let before = link.clone();
        if before.is_good(now) {
            link.used_at = Some(now);
            let NewPortalSession { hash, expires_at, ends_at } = session;
            let (account, return_url) = (before.account.clone(), before.return_url.clone());
            let session = PortalSession { hash, account, return_url, expires_at, ends_at };
            data.portal_sessions.insert(hash, session);
        }
        Ok(Some(before))
    }

    async fn portal_session(&self, hash: &[u8; 32]) -> Result<Option<PortalSession>, StoreError> {
        Ok(self.data()?.portal_sessions.get(hash).cloned())
    }

    async fn extend_portal_session(
        &self,
        hash: &[u8; 32],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(session) = self.data()?.portal_sessions.get_mut(hash) {
            session.expires_at = expires_at;
        }
        Ok(())
    }

    async fn end_portal_session(&self, hash: &[u8; 32]) -> Result<(), StoreError> {
        self.data()?.portal_sessions.remove(hash);
        Ok(())
    }

    async fn forget_portal_visits(&self, then: Timestamp) -> Result<(), StoreError> {
        let mut data = self.data()?;
        data.portal_links.retain(|_, link| link.expires_at >= then);
        data.portal_sessions.retain(|_, session| session.expires_at >= then);
        Ok(())
    }
}
