//! The plain tables, as one node has them.

use async_trait::async_trait;
use bursar_core::id::{AccountId, AssetId};
use bursar_core::time::Timestamp;
use bursar_store::{
    ApiKeyRecord, AssetDetails, BillingDetails, CatalogRecord, Contact, NewPortalSession,
    PortalLink, PortalSession, Registry, StoreError,
};

use super::NodeStore;

#[async_trait]
impl Registry for NodeStore {
    async fn put_contact(&self, account: &AccountId, contact: Contact) -> Result<(), StoreError> {
        self.memory().await.put_contact(account, contact).await
    }

    async fn contact(&self, account: &AccountId) -> Result<Contact, StoreError> {
        self.memory().await.contact(account).await
    }

    async fn add_billing_details(
        &self,
        account: &AccountId,
        details: BillingDetails,
    ) -> Result<u32, StoreError> {
        self.memory().await.add_billing_details(account, details).await
    }

    async fn billing_details(
        &self,
        account: &AccountId,
        revision: u32,
    ) -> Result<Option<BillingDetails>, StoreError> {
        self.memory().await.billing_details(account, revision).await
    }

    async fn put_asset_details(
        &self,
        account: &AccountId,
        asset: AssetId,
        details: AssetDetails,
    ) -> Result<(), StoreError> {
        self.memory().await.put_asset_details(account, asset, details).await
    }

    async fn asset_details(
        &self,
        account: &AccountId,
        assets: &[AssetId],
    ) -> Result<Vec<(AssetId, AssetDetails)>, StoreError> {
        self.memory().await.asset_details(account, assets).await
    }

    async fn detailed_assets(
        &self,
        after: Option<&(AccountId, AssetId)>,
        limit: usize,
    ) -> Result<Vec<(AccountId, AssetId)>, StoreError> {
        self.memory().await.detailed_assets(after, limit).await
    }

    async fn remove_asset_details(
        &self,
        account: &AccountId,
        assets: &[AssetId],
    ) -> Result<(), StoreError> {
        self.memory().await.remove_asset_details(account, assets).await
    }

    async fn remove_vault_details(
        &self,
        account: &AccountId,
        vault: u32,
    ) -> Result<(), StoreError> {
        self.memory().await.remove_vault_details(account, vault).await
    }

    async fn put_api_key(&self, key: ApiKeyRecord) -> Result<(), StoreError> {
        self.memory().await.put_api_key(key).await
    }

    async fn api_key_by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKeyRecord>, StoreError> {
        self.memory().await.api_key_by_hash(hash).await
    }

    async fn api_keys(&self) -> Result<Vec<ApiKeyRecord>, StoreError> {
        self.memory().await.api_keys().await
    }

    async fn setting_or(&self, name: &str, default: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.memory().await.setting_or(name, default).await
    }

    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.memory().await.setting(name).await
    }

    async fn settings(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.memory().await.settings(prefix).await
    }

    async fn change_settings(
        &self,
        settings: Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError> {
        self.memory().await.change_settings(settings).await
    }

    async fn put_setting(&self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.memory().await.put_setting(name, value).await
    }

    async fn replace_setting(
        &self,
        name: &str,
        from: Option<&[u8]>,
        to: &[u8],
    ) -> Result<bool, StoreError> {
        self.memory().await.replace_setting(name, from, to).await
    }

    async fn put_catalog(&self, catalog: CatalogRecord) -> Result<(), StoreError> {
        self.memory().await.put_catalog(catalog).await
    }

    async fn catalogs(&self) -> Result<Vec<CatalogRecord>, StoreError> {
        self.memory().await.catalogs().await
    }

    async fn put_portal_link(&self, link: PortalLink) -> Result<(), StoreError> {
        self.memory().await.put_portal_link(link).await
    }

    async fn use_portal_link(
        &self,
        code: &[u8; 32],
        now: Timestamp,
        session: NewPortalSession,
    ) -> Result<Option<PortalLink>, StoreError> {
        self.memory().await.use_portal_link(code, now, session).await
    }

    async fn portal_session(&self, hash: &[u8; 32]) -> Result<Option<PortalSession>, StoreError> {
        self.memory().await.portal_session(hash).await
    }

    async fn extend_portal_session(
        &self,
        hash: &[u8; 32],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.memory().await.extend_portal_session(hash, expires_at).await
    }

    async fn end_portal_session(&self, hash: &[u8; 32]) -> Result<(), StoreError> {
        self.memory().await.end_portal_session(hash).await
    }

    async fn forget_portal_visits(&self, then: Timestamp) -> Result<(), StoreError> {
        self.memory().await.forget_portal_visits(then).await
    }
}
