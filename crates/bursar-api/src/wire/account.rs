//! One customer of the app.

use std::collections::BTreeMap;

use bursar_core::account::Account;
use bursar_core::account::payments::{OpenPayment, Stage};
use bursar_core::catalog::Catalog;
use bursar_core::id::{AccountId, PaymentId};
use bursar_core::money::{Currency, Money};
use bursar_core::time::{Timestamp, ZoneName};
use bursar_store::Contact;
use serde::Serialize;
use utoipa::ToSchema;

use super::balance::Balance;
use super::method::MethodView;
use super::storage::Storage;
use super::subscription::SubscriptionView;
use super::{Price, Shown, Time};

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
    /// What it pays with; null if there is nothing.
    payment_method: Option<MethodView>,
    /// Payments under way, oldest first.
    open_payments: Vec<OpenPaymentView>,
    /// What unused time was worth that no bill has used yet, as prices are listed.
    carried_forward: Price,
    /// Its storage.
    storage: Storage,
    /// Each feature of the catalog: may it be used?
    features: BTreeMap<String, bool>,
    /// When something happens on its own next: an expiry, a refresh, a renewal, an end.
    next_due_at: Option<Time>,
    /// Its present, if a test clock has moved it ahead of real time.
    now: Option<Time>,
    /// Grows with every change.
    version: u64,
}

/// A payment under way.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OpenPayment)]
struct OpenPaymentView {
    /// The payment.
    #[schema(value_type = String, example = "pay_0198f3a2b4c57d6e8f9012345678abcd")]
    id: Shown<PaymentId>,
    /// What it is for: `start`, `change`, `renewal` or `topup`.
    #[schema(example = "topup")]
    purpose: &'static str,
    /// `processing` or `requires_action`; `canceling` if it isn't wanted any more.
    #[schema(example = "requires_action")]
    status: &'static str,
    /// How much.
    amount: Price,
    /// When it was asked for.
    requested_at: Time,
    /// When it is given up, if it waits for the customer.
    expires_at: Option<Time>,
}

impl OpenPaymentView {
    fn of(payment: &OpenPayment) -> Self {
        let waits = payment.stage == Stage::RequiresAction && !payment.abandoned;
        Self {
            id: Shown(payment.id),
            purpose: payment.order.purchase.as_str(),
            status: match payment.stage {
                _ if payment.abandoned => "canceling",
                Stage::RequiresAction => "requires_action",
                Stage::Requested | Stage::Processing => "processing",
            },
            amount: payment.money().into(),
            requested_at: Time(payment.requested_at),
            expires_at: waits.then_some(Time(payment.expires_at)),
        }
    }
}

impl AccountView {
    /// The view at `now`, the account's present.
    pub(crate) fn of(
        account: &Account,
        contact: Contact,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Self {
        let method = account.billing.default_method();
        Self {
            id: Shown(account.id.clone()),
            name: contact.name,
            email: contact.email,
            time_zone: Shown(account.zone.clone()),
            currency: Shown(account.currency),
            created_at: Time(account.opened_at),
            subscription: SubscriptionView::of(account, catalog),
            balance: Balance::of(account),
            payment_method: method.map(|method| MethodView::of(method, true, now)),
            open_payments: account.billing.payments.iter().map(OpenPaymentView::of).collect(),
            carried_forward: Money::new(account.billing.carried, account.currency).into(),
            storage: Storage::of(account),
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
