//! One customer of the app.

use std::collections::BTreeMap;

use bursar_core::account::Account;
use bursar_core::catalog::Catalog;
use bursar_core::id::AccountId;
use bursar_core::money::Currency;
use bursar_core::time::{Timestamp, ZoneName};
use bursar_store::Contact;
use serde::Serialize;
use utoipa::ToSchema;

use super::balance::Balance;
use super::subscription::SubscriptionView;
use super::{Shown, Time};

/// An account with all that is in force.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct AccountView {
    /// The account.
    #[schema(value_type = String, example = "customer-7")]
    id: Shown<AccountId>,
    /// A name, if one was given.
    name: Option<String>,
    /// A mail address, if one was given.
    email: Option<String>,
    /// The calendar it is billed by.
    #[schema(value_type = String, example = "Europe/Berlin")]
    time_zone: Shown<ZoneName>,
    /// The currency it pays in.
    #[schema(value_type = String, example = "USD")]
    currency: Shown<Currency>,
    /// When it was created.
    created_at: Time,
    /// Its subscription.
    subscription: SubscriptionView,
    /// Its balance.
    balance: Balance,
    /// Its storage.
    storage: StorageView,
    /// Each feature of the catalog: may it be used?
    features: BTreeMap<String, bool>,
    /// When something happens on its own next: an expiry, a refresh, a renewal, an end.
    next_due_at: Option<Time>,
    /// Its present, if a test clock has moved it ahead of real time.
    now: Option<Time>,
    /// Grows with every change.
    version: u64,
}

/// Bytes of the asset vault.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Storage)]
struct StorageView {
    /// Bytes of stored assets.
    used_bytes: u64,
    /// Bytes reserved for uploads under way.
    reserved_bytes: u64,
    /// Bytes the plan has.
    quota_bytes: u64,
    /// Is there no room for a new asset?
    full: bool,
}

impl AccountView {
    /// The view at `now`, the account's present.
    pub(crate) fn of(
        account: &Account,
        contact: Contact,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Self {
        let storage = account.storage;
        let quota_bytes = account.storage_quota();
        let taken = storage.used_bytes.saturating_add(storage.reserved_bytes);
        Self {
            id: Shown(account.id.clone()),
            name: contact.name,
            email: contact.email,
            time_zone: Shown(account.zone.clone()),
            currency: Shown(account.currency),
            created_at: Time(account.opened_at),
            subscription: SubscriptionView::of(account, catalog),
            balance: Balance::of(account),
            storage: StorageView {
                used_bytes: storage.used_bytes,
                reserved_bytes: storage.reserved_bytes,
                quota_bytes,
                full: taken >= quota_bytes,
            },
            features: features(account, catalog),
            next_due_at: account.next_due_at().map(Time),
            now: (!account.clock_ahead.is_zero()).then_some(Time(now)),
            version: account.version,
        }
    }
}

impl AccountView {
    /// The view as the reply to its opening: without what the catalog in force decides, so that a
    /// repeat gets the same bytes under any catalog.
    pub(crate) fn opened(self) -> Self {
        Self { features: BTreeMap::new(), ..self }
    }
}

fn features(account: &Account, catalog: &Catalog) -> BTreeMap<String, bool> {
    let plan = account.plan().and_then(|key| account.plan_of(catalog, key));
    let features = catalog.features.iter();
    features
        .map(|feature| {
            let has = plan.is_some_and(|plan| plan.features.contains(&feature.key));
            (feature.key.to_string(), has)
        })
        .collect()
}
