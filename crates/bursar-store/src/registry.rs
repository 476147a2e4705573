//! Plain tables beside the journal: what is configured, secret or personal, and so not an event.

use async_trait::async_trait;
use bursar_core::country::Country;
use bursar_core::id::{AccountId, AssetId, CatalogVersion, Key};
use bursar_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::port::StoreError;

/// Who is behind an account: personal data, kept apart from the journal so that it can be erased.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// A name.
    pub name: Option<String>,
    /// A mail address.
    pub email: Option<String>,
}

/// What invoices say of the customer: personal data, kept apart from the journal. A revision never
/// changes, so that what was printed once can be printed again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingDetails {
    /// The person.
    pub name: String,
    /// The company, if it is one.
    pub company: String,
    /// Street, postcode and city, a line each, without the country.
    pub address: Vec<String>,
    /// The country.
    pub country: Option<Country>,
    /// The VAT id with its country's prefix.
    pub vat_id: Option<String>,
}

/// What is known of a file besides that it exists: personal data, kept apart from the journal so that
/// it goes when the file goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetDetails {
    /// The vault that it is in.
    pub vault: u32,
    /// What people call it.
    pub name: String,
    /// Its media type, such as `image/png`.
    pub media_type: String,
    /// The hash of its bytes, once they are there.
    pub sha256: Option<[u8; 32]>,
    /// Is there a thumbnail beside its object?
    pub thumbnail: bool,
}

/// An API key as it is kept: its secret only as a hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKeyRecord {
    /// Its public id, `key_…`.
    pub id: Key,
    /// BLAKE3 of the secret.
    pub hash: [u8; 32],
    /// What it is for.
    pub name: String,
    /// What it may do, by scope name.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The first instant at which it no longer works; never, if absent. A key is revoked or rotated
    /// by setting it.
    pub expires_at: Option<Timestamp>,
}

/// A link into the portal as it is kept: its code only as a hash. It stays a while after it was used or
/// has expired, so that whoever comes too late is told so and sent back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalLink {
    /// BLAKE3 of the code.
    pub hash: [u8; 32],
    /// Whose pages it leads to.
    pub account: AccountId,
    /// Where the customer came from.
    pub return_url: Option<String>,
    /// The first instant at which it no longer works, by the real clock.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

impl PortalLink {
    /// Does it work at `now`?
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }
}

/// A customer who looks at the portal, as it is kept: the cookie only as a hash. Times are by the real
/// clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalSession {
    /// BLAKE3 of what the cookie says.
    pub hash: [u8; 32],
    /// Whose pages.
    pub account: AccountId,
    /// Where the customer came from.
    pub return_url: Option<String>,
    /// The first instant at which it is over unless it is used before.
    pub expires_at: Timestamp,
    /// The first instant at which it is over however it is used.
    pub ends_at: Timestamp,
}

/// What a link is exchanged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPortalSession {
    /// [`PortalSession::hash`].
    pub hash: [u8; 32],
    /// [`PortalSession::expires_at`].
    pub expires_at: Timestamp,
    /// [`PortalSession::ends_at`].
    pub ends_at: Timestamp,
}

/// A catalog that was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogRecord {
    /// Its content hash.
    pub version: CatalogVersion,
    /// Its text.
    pub text: String,
    /// When it came into force first.
    pub since: Timestamp,
}

/// The plain tables.
#[async_trait]
pub trait Registry: Send + Sync {
    /// Sets who is behind an account, replacing what was there.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn put_contact(&self, account: &AccountId, contact: Contact) -> Result<(), StoreError>;

    /// Who is behind an account; empty if nothing is known.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn contact(&self, account: &AccountId) -> Result<Contact, StoreError>;

    /// Keeps another revision of an account's billing details, and returns its number, from 1.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn add_billing_details(
        &self,
        account: &AccountId,
        details: BillingDetails,
    ) -> Result<u32, StoreError>;

    /// A revision of an account's billing details; `None` if there is none of that number, or it was
    /// erased.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn billing_details(
        &self,
        account: &AccountId,
        revision: u32,
    ) -> Result<Option<BillingDetails>, StoreError>;

    /// Sets what is known of a file, replacing what was there.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn put_asset_details(
        &self,
        account: &AccountId,
        asset: AssetId,
        details: AssetDetails,
    ) -> Result<(), StoreError>;

    /// What is known of files, in order of their ids; nothing for those that nothing is known of.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn asset_details(
        &self,
        account: &AccountId,
        assets: &[AssetId],
    ) -> Result<Vec<(AssetId, AssetDetails)>, StoreError>;

    /// At most `limit` files that something is known of, in order of accounts and ids, after one.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn detailed_assets(
        &self,
        after: Option<&(AccountId, AssetId)>,
        limit: usize,
    ) -> Result<Vec<(AccountId, AssetId)>, StoreError>;

    /// Forgets what is known of files.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is forgotten.
    async fn remove_asset_details(
        &self,
        account: &AccountId,
        assets: &[AssetId],
    ) -> Result<(), StoreError>;

    /// Forgets what is known of all files of a vault.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is forgotten.
    async fn remove_vault_details(&self, account: &AccountId, vault: u32)
    -> Result<(), StoreError>;

    /// Adds an API key, or replaces the one of the same id.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn put_api_key(&self, key: ApiKeyRecord) -> Result<(), StoreError>;

    /// The API key whose secret has this hash.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn api_key_by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKeyRecord>, StoreError>;

    /// All API keys, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn api_keys(&self) -> Result<Vec<ApiKeyRecord>, StoreError>;

    /// The value of a setting; sets it to `default` first if there is none. Of several callers at
    /// once all get the same value.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn setting_or(&self, name: &str, default: &[u8]) -> Result<Vec<u8>, StoreError>;

    /// The value of a setting, if it is set.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// All settings whose names begin so, in order of their names.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn settings(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError>;

    /// Sets settings, or removes those without a value, all at once.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is changed.
    async fn change_settings(
        &self,
        settings: Vec<(String, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError>;

    /// Sets a setting.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn put_setting(&self, name: &str, value: &[u8]) -> Result<(), StoreError>;

    /// Sets a setting if its value is still `from`, or if there is none and `from` is none. Was it so? Of
    /// several callers at once with the same `from` one is told so.
    ///
    /// # Errors
    /// [`StoreError`]; then it may have been set all the same.
    async fn replace_setting(
        &self,
        name: &str,
        from: Option<&[u8]>,
        to: &[u8],
    ) -> Result<bool, StoreError>;

    /// Notes a catalog, unless its version is noted already.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn put_catalog(&self, catalog: CatalogRecord) -> Result<(), StoreError>;

    /// All noted catalogs, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn catalogs(&self) -> Result<Vec<CatalogRecord>, StoreError>;

    /// Keeps a link into the portal.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn put_portal_link(&self, link: PortalLink) -> Result<(), StoreError>;

    /// Uses the link whose code has this hash, if it [works](PortalLink::is_good) at `now`: then the
    /// session is there afterwards. Of several at once one gets it. Returns the link as it was before;
    /// `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn use_portal_link(
        &self,
        code: &[u8; 32],
        now: Timestamp,
        session: NewPortalSession,
    ) -> Result<Option<PortalLink>, StoreError>;

    /// The session whose cookie has this hash, over or not.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn portal_session(&self, hash: &[u8; 32]) -> Result<Option<PortalSession>, StoreError>;

    /// Lets a session last longer; nothing if it has ended.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn extend_portal_session(
        &self,
        hash: &[u8; 32],
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Ends a session, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn end_portal_session(&self, hash: &[u8; 32]) -> Result<(), StoreError>;

    /// Forgets links and sessions that were over before `then`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn forget_portal_visits(&self, then: Timestamp) -> Result<(), StoreError>;
}
