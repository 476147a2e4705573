//! A catalog as JSON writes it: credits as plain numbers, money in minor units, times in seconds.

use std::collections::BTreeMap;
use std::time::Duration;

use bursar_core::catalog::{
    AssetKind, Attribute, Catalog, DocumentPolicy, Operation, OperationRate, Pack, Plan, Policies,
    Seller, TaxPolicy, VaultPolicy,
};
use bursar_core::id::Key;
use bursar_core::money::Money;
use serde::{Serialize, Serializer};

use crate::costs::{CostRow, cost_table};
use crate::words::percentage;

/// A catalog to be serialized for programs, with what [`show`](crate::show()) computes.
#[derive(Clone, Debug, Serialize)]
pub struct CatalogView<'a> {
    version: String,
    name: &'a str,
    support_email: &'a str,
    currency: &'a str,
    signup_url: Option<&'a str>,
    features: Vec<FeatureView<'a>>,
    plans: Vec<PlanView<'a>>,
    packs: Vec<PackView<'a>>,
    costs: Vec<CostRow>,
    operations: Vec<OperationView<'a>>,
    policies: PoliciesView,
    seller: SellerView<'a>,
    tax: TaxView<'a>,
    documents: DocumentsView<'a>,
}

impl<'a> CatalogView<'a> {
    /// The view of `catalog`.
    pub fn of(catalog: &'a Catalog) -> Self {
        Self {
            version: catalog.version.to_string(),
            name: &catalog.name,
            support_email: &catalog.support_email,
            currency: catalog.currency.code(),
            signup_url: catalog.signup_url.as_deref(),
            features: (catalog.features.iter())
                .map(|feature| FeatureView { key: &feature.key, name: &feature.name })
                .collect(),
            plans: catalog.plans.iter().map(PlanView::of).collect(),
            packs: catalog.packs.iter().map(PackView::of).collect(),
            costs: cost_table(catalog),
            operations: catalog.operations.iter().map(OperationView::of).collect(),
            policies: PoliciesView::of(&catalog.policies),
            seller: SellerView::of(&catalog.seller),
            tax: TaxView::of(&catalog.tax),
            documents: DocumentsView::of(&catalog.documents),
        }
    }
}

/// A decimal number, written as it is displayed: whole numbers as integers.
#[derive(Clone, Debug)]
pub(crate) struct Decimal(String);

impl Decimal {
    /// A number whose display is a plain decimal of at most 15 digits, which a JSON number holds
    /// without loss.
    pub(crate) fn of(number: impl ToString) -> Self {
        Self(number.to_string())
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Ok(whole) = self.0.parse::<i64>() {
            return serializer.serialize_i64(whole);
        }
        match self.0.parse::<f64>() {
            Ok(number) => serializer.serialize_f64(number),
            Err(_) => serializer.serialize_str(&self.0),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct MoneyView {
    amount: i64,
    currency: String,
}

impl MoneyView {
    fn of(money: Money) -> Self {
        Self { amount: money.amount, currency: money.currency.code().to_owned() }
    }
}

#[derive(Clone, Debug, Serialize)]
struct FeatureView<'a> {
    key: &'a Key,
    name: &'a str,
}

#[derive(Clone, Debug, Serialize)]
struct PlanView<'a> {
    key: &'a Key,
    name: &'a str,
    price_month: MoneyView,
    price_year: MoneyView,
    price_year_per_month: MoneyView,
    allowance: Decimal,
    storage_bytes: u64,
    features: &'a [Key],
    highlights: &'a [String],
    popular: bool,
    retired: bool,
}

impl<'a> PlanView<'a> {
    fn of(plan: &'a Plan) -> Self {
        Self {
            key: &plan.key,
            name: &plan.name,
            price_month: MoneyView::of(plan.price_month),
            price_year: MoneyView::of(plan.price_year),
            price_year_per_month: MoneyView::of(plan.price_year_per_month),
            allowance: Decimal::of(plan.allowance),
            storage_bytes: plan.storage_bytes,
            features: &plan.features,
            highlights: &plan.highlights,
            popular: plan.popular,
            retired: plan.retired,
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct PackView<'a> {
    key: &'a Key,
    name: &'a str,
    credits: Decimal,
    price: MoneyView,
}

impl<'a> PackView<'a> {
    fn of(pack: &'a Pack) -> Self {
        Self {
            key: &pack.key,
            name: &pack.name,
            credits: Decimal::of(pack.credits),
            price: MoneyView::of(pack.price),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct OperationView<'a> {
    key: &'a Key,
    name: &'a str,
    feature: Option<&'a Key>,
    asset: Option<&'static str>,
    unit: &'a str,
    default_units: Decimal,
    max_units: Decimal,
    default_model: &'a Key,
    default_quality: &'a Key,
    rates: Vec<RateView<'a>>,
    attributes: Vec<AttributeView<'a>>,
}

impl<'a> OperationView<'a> {
    fn of(operation: &'a Operation) -> Self {
        Self {
            key: &operation.key,
            name: &operation.name,
            feature: operation.feature.as_ref(),
            asset: operation.asset.map(|asset| asset.as_str()),
            unit: &operation.unit,
            default_units: Decimal::of(operation.default_units),
            max_units: Decimal::of(operation.max_units),
            default_model: &operation.default_model,
            default_quality: &operation.default_quality,
            rates: operation.rates.iter().map(RateView::of).collect(),
            attributes: operation.attributes.iter().map(AttributeView::of).collect(),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct RateView<'a> {
    model: &'a Key,
    quality: &'a Key,
    unit_price: Decimal,
    step: Decimal,
    rounding: &'static str,
    minimum: Decimal,
    feature: Option<&'a Key>,
}

impl<'a> RateView<'a> {
    fn of(entry: &'a OperationRate) -> Self {
        Self {
            model: &entry.model,
            quality: &entry.quality,
            unit_price: Decimal::of(entry.rate.unit_price),
            step: Decimal::of(entry.rate.step),
            rounding: entry.rate.rounding.as_str(),
            minimum: Decimal::of(entry.rate.minimum),
            feature: entry.feature.as_ref(),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct AttributeView<'a> {
    key: &'a Key,
    default: &'a Key,
    values: Vec<ValueView<'a>>,
}

#[derive(Clone, Debug, Serialize)]
struct ValueView<'a> {
    key: &'a Key,
    multiplier: Decimal,
}

impl<'a> AttributeView<'a> {
    fn of(attribute: &'a Attribute) -> Self {
        Self {
            key: &attribute.key,
            default: &attribute.default,
            values: (attribute.values.iter())
                .map(|value| ValueView {
                    key: &value.key,
                    multiplier: Decimal::of(value.multiplier),
                })
                .collect(),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct PoliciesView {
    burn_first: Vec<&'static str>,
    quote_ttl_seconds: u64,
    hold_default_ttl_seconds: u64,
    hold_max_ttl_seconds: u64,
    hold_max_open: u32,
    hold_max_credits: Decimal,
    upgrade: &'static str,
    downgrade: &'static str,
    refund_first_subscription_seconds: u64,
    refund_expired_lots: &'static str,
    dunning_retry_days: Vec<u32>,
    retention_seconds: u64,
    preview_ttl_seconds: u64,
    payment_ttl_seconds: u64,
    auto_topup_cooldown_seconds: u64,
    notice_annual_renewal_seconds: u64,
    notice_ending_seconds: u64,
    notice_deletion_seconds: Vec<u64>,
    vault: VaultView,
}

#[derive(Clone, Debug, Serialize)]
struct VaultView {
    max_asset_bytes: u64,
    upload_ttl_seconds: u64,
    max_uploads: u32,
    feature: Option<Key>,
    media_types: BTreeMap<&'static str, Vec<String>>,
}

impl VaultView {
    fn of(policy: &VaultPolicy) -> Self {
        Self {
            max_asset_bytes: policy.max_asset,
            upload_ttl_seconds: policy.upload_ttl.as_secs(),
            max_uploads: policy.max_uploads,
            feature: policy.feature.clone(),
            media_types: AssetKind::ALL
                .map(|kind| (kind.as_str(), policy.media.of(kind).to_vec()))
                .into(),
        }
    }
}

impl PoliciesView {
    fn of(policies: &Policies) -> Self {
        let seconds = |duration: Duration| duration.as_secs();
        Self {
            burn_first: policies.burn_first.iter().map(|class| class.as_str()).collect(),
            quote_ttl_seconds: seconds(policies.quote_ttl),
            hold_default_ttl_seconds: seconds(policies.holds.default_ttl),
            hold_max_ttl_seconds: seconds(policies.holds.max_ttl),
            hold_max_open: policies.holds.max_open,
            hold_max_credits: Decimal::of(policies.holds.max_credits),
            upgrade: crate::policies::timing_word(policies.changes.upgrade),
            downgrade: crate::policies::timing_word(policies.changes.downgrade),
            refund_first_subscription_seconds: seconds(policies.refunds.first_subscription),
            refund_expired_lots: crate::policies::expired_word(policies.refunds.expired_lots),
            dunning_retry_days: policies.dunning_retry_days.clone(),
            retention_seconds: seconds(policies.retention),
            preview_ttl_seconds: seconds(policies.preview_ttl),
            payment_ttl_seconds: seconds(policies.payment_ttl),
            auto_topup_cooldown_seconds: seconds(policies.auto_topup.cooldown),
            notice_annual_renewal_seconds: seconds(policies.notices.annual_renewal),
            notice_ending_seconds: seconds(policies.notices.ending),
            notice_deletion_seconds: policies
                .notices
                .deletion
                .iter()
                .copied()
                .map(seconds)
                .collect(),
            vault: VaultView::of(&policies.vault),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct SellerView<'a> {
    name: &'a str,
    address: &'a [String],
    country: Option<&'static str>,
    vat_id: Option<&'a str>,
    tax_id: Option<&'a str>,
    registration: Option<&'a str>,
    email: Option<&'a str>,
}

impl<'a> SellerView<'a> {
    fn of(seller: &'a Seller) -> Self {
        Self {
            name: &seller.name,
            address: &seller.address,
            country: seller.country.map(|country| country.code()),
            vat_id: seller.vat_id.as_deref(),
            tax_id: seller.tax_id.as_deref(),
            registration: seller.registration.as_deref(),
            email: seller.email.as_deref(),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct TaxView<'a> {
    name: &'a str,
    prices: &'static str,
    rates: Vec<TaxRateView>,
}

#[derive(Clone, Debug, Serialize)]
struct TaxRateView {
    country: &'static str,
    percent: Decimal,
    reverse_charge: bool,
}

impl<'a> TaxView<'a> {
    fn of(policy: &'a TaxPolicy) -> Self {
        Self {
            name: &policy.name,
            prices: crate::tax::prices_word(policy.inclusive),
            rates: (policy.rates.iter())
                .map(|rate| TaxRateView {
                    country: rate.country.code(),
                    percent: Decimal::of(percentage(rate.rate_ppm)),
                    reverse_charge: rate.reverse_charge,
                })
                .collect(),
        }
    }
}

#[derive(Clone, Debug, Serialize)]
struct DocumentsView<'a> {
    invoice_series: &'a Key,
    credit_note_series: &'a Key,
    page: &'static str,
    notes: &'a [String],
}

impl<'a> DocumentsView<'a> {
    fn of(policy: &'a DocumentPolicy) -> Self {
        Self {
            invoice_series: &policy.invoice_series,
            credit_note_series: &policy.credit_note_series,
            page: crate::documents::page_word(policy.letter),
            notes: &policy.notes,
        }
    }
}
