//! Billing details, and a plan of an account's own.

use bursar_core::account::event::Event;
use bursar_core::catalog::Plan;
use bursar_core::id::Key;
use bursar_store::{BillingDetails, Entry};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Amount, Price, Shown};

/// What documents say of the customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BillingDetails)]
pub(crate) struct BillingDetailsView {
    /// The person; null if none is given.
    name: Option<String>,
    /// The company; null if it is none.
    company: Option<String>,
    /// Street, postcode and city, a line each, without the country.
    address: Vec<String>,
    /// The country, which decides the tax: ISO 3166-1.
    #[schema(example = "DE")]
    country: Option<&'static str>,
    /// The VAT id with its country's prefix.
    #[schema(example = "DE123456789")]
    vat_id: Option<String>,
    /// Which revision they are; 0 before there are any. A document keeps the revision that it was
    /// issued with.
    revision: u32,
    /// The account's version.
    version: u64,
}

impl BillingDetailsView {
    /// Details as the revision of an account at a version.
    pub(crate) fn of(details: BillingDetails, revision: u32, version: u64) -> Self {
        let given = |text: String| (!text.is_empty()).then_some(text);
        let BillingDetails { name, company, address, country, vat_id } = details;
        Self {
            name: given(name),
            company: given(company),
            address,
            country: country.map(|country| country.code()),
            vat_id,
            revision,
            version,
        }
    }

    /// The reply of a change to these details.
    pub(crate) fn changed(entry: &Entry, details: BillingDetails) -> Option<Self> {
        entry.events.iter().find_map(|recorded| match recorded.event {
            Event::BillingDetailsChanged { revision, .. } => {
                Some(Self::of(details.clone(), revision, entry.version()))
            }
            _ => None,
        })
    }
}

/// A plan of an account's own, or that there is none any more.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CustomPlanChanged {
    /// The plan; null if there is none any more.
    plan: Option<CustomPlanView>,
    /// The account's version after it.
    version: u64,
}

/// A plan of an account's own.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CustomPlan)]
struct CustomPlanView {
    /// Always `custom`: what the account names to subscribe to it.
    #[schema(value_type = String, example = "custom")]
    key: Shown<Key>,
    /// Its name for people.
    name: String,
    /// The price of a month.
    price_month: Price,
    /// The price of a year, paid at once.
    price_year: Price,
    /// Credits each month.
    allowance: Amount,
    /// Storage quota.
    storage_bytes: u64,
    /// Keys of the features that it unlocks.
    #[schema(value_type = Vec<String>)]
    features: Vec<Shown<Key>>,
    /// Further selling points.
    highlights: Vec<String>,
}

impl CustomPlanChanged {
    /// The reply of a change.
    pub(crate) fn of(entry: &Entry) -> Option<Self> {
        entry.events.iter().find_map(|recorded| match &recorded.event {
            Event::CustomPlanChanged { plan } => Some(Self {
                plan: plan.as_deref().map(CustomPlanView::of),
                version: entry.version(),
            }),
            _ => None,
        })
    }
}

impl CustomPlanView {
    fn of(plan: &Plan) -> Self {
        Self {
            key: Shown(plan.key.clone()),
            name: plan.name.clone(),
            price_month: plan.price_month.into(),
            price_year: plan.price_year.into(),
            allowance: Amount(plan.allowance),
            storage_bytes: plan.storage_bytes,
            features: plan.features.iter().cloned().map(Shown).collect(),
            highlights: plan.highlights.clone(),
        }
    }
}
