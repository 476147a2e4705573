//! What is sold and on which terms.

use bursar_core::catalog::{
    Attribute, AttributeValue, Catalog, ChangeTiming, ExpiredRefund, Operation, OperationRate,
    Pack, Plan, Policies, Seller, TaxPolicy, TaxRate,
};
use bursar_core::id::Key;
use bursar_core::money::Currency;
use bursar_core::pricing::range;
use serde::Serialize;
use utoipa::ToSchema;

use super::number::{Factor, Percent};
use super::receipt::RateView;
use super::{Amount, ClassName, Price, Shown, Units};

/// The catalog in force.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Catalog)]
pub(crate) struct CatalogView {
    /// Its content hash, which quotes, holds and receipts name as `rate_card_version`.
    #[schema(example = "5f2c0a9be1d04c37")]
    version: String,
    /// The product's name.
    name: String,
    /// Where customers write to, for team plans and refunds.
    support_email: String,
    /// The currency of every price in it.
    #[schema(value_type = String, example = "USD")]
    currency: Shown<Currency>,
    /// Where whoever has chosen a plan signs up.
    #[schema(example = "https://app.example.com/signup")]
    signup_url: Option<String>,
    /// What plans unlock, in display order.
    features: Vec<FeatureView>,
    /// Plans, lowest first.
    plans: Vec<PlanView>,
    /// Credit packs, smallest first.
    packs: Vec<PackView>,
    /// The rate card.
    operations: Vec<OperationView>,
    /// The rules that the product chose.
    policies: PoliciesView,
    /// Who sells: what invoices say at their top.
    seller: SellerView,
    /// How sales are taxed.
    tax: TaxPolicyView,
}

/// Who sells.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Seller)]
struct SellerView {
    /// The legal name.
    name: String,
    /// Street, postcode and city, a line each, without the country.
    address: Vec<String>,
    /// The country: ISO 3166-1.
    #[schema(example = "DE")]
    country: Option<&'static str>,
    /// The VAT id.
    vat_id: Option<String>,
    /// Where questions about invoices go.
    email: Option<String>,
}

/// How sales are taxed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TaxPolicy)]
struct TaxPolicyView {
    /// What the tax is called.
    #[schema(example = "VAT")]
    name: String,
    /// Do the prices include it?
    inclusive: bool,
    /// The rate of each country; what isn't listed is not taxed.
    rates: Vec<TaxRateView>,
}

/// The tax rate of a country.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = TaxRate)]
struct TaxRateView {
    /// The buyer's country: ISO 3166-1.
    #[schema(example = "FR")]
    country: &'static str,
    /// The rate in percent.
    percent: Percent,
    /// Does a business there, which gave its VAT id, account for the tax itself?
    reverse_charge: bool,
}

/// Something that plans unlock.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Feature)]
struct FeatureView {
    /// Its key.
    #[schema(value_type = String, example = "video_editor")]
    key: Shown<Key>,
    /// Its name for people.
    name: String,
}

/// A subscription plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Plan)]
struct PlanView {
    /// Its key.
    #[schema(value_type = String, example = "starter")]
    key: Shown<Key>,
    /// Its name for people.
    name: String,
    /// What it costs.
    prices: PlanPrices,
    /// Credits each month.
    allowance: Amount,
    /// Storage quota.
    storage_bytes: u64,
    /// Keys of the features that it unlocks.
    #[schema(value_type = Vec<String>)]
    features: Vec<Shown<Key>>,
    /// Further selling points.
    highlights: Vec<String>,
    /// Marked as the most popular.
    popular: bool,
    /// No longer for sale; its subscribers keep it until they change or end.
    retired: bool,
}

/// What a plan costs.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct PlanPrices {
    /// A month.
    month: Price,
    /// A year, paid at once.
    year: Price,
    /// What a year is shown as, per month.
    year_per_month: Price,
}

/// Credits for sale that never expire.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Pack)]
struct PackView {
    /// Its key.
    #[schema(value_type = String, example = "small")]
    key: Shown<Key>,
    /// Its name for people.
    name: String,
    /// How many credits.
    credits: Amount,
    /// For how much.
    price: Price,
}

/// Something that costs credits.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Operation)]
struct OperationView {
    /// Its key.
    #[schema(value_type = String, example = "video")]
    key: Shown<Key>,
    /// Its name for people.
    name: String,
    /// The feature that a plan must have for it.
    #[schema(value_type = Option<String>)]
    feature: Option<Shown<Key>>,
    /// The asset it makes: `image`, `video` or `export`; refused when storage is full.
    asset: Option<&'static str>,
    /// What a unit is, singular.
    #[schema(example = "second")]
    unit: String,
    /// Units when a request names none.
    default_units: Units,
    /// The most units of one request.
    max_units: Units,
    /// Model when a request names none.
    #[schema(value_type = String)]
    default_model: Shown<Key>,
    /// Quality when a request names none.
    #[schema(value_type = String)]
    default_quality: Shown<Key>,
    /// What each model and quality costs.
    rates: Vec<OperationRateView>,
    /// What else changes the price.
    attributes: Vec<AttributeView>,
    /// The least and the most that the default units cost, over every model and attribute.
    range: Option<RangeView>,
    /// The same of each quality.
    ranges: Vec<QualityRange>,
}

/// The rate of one model at one quality, before attributes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OperationRate)]
struct OperationRateView {
    /// The model.
    #[schema(value_type = String, example = "lantern-1")]
    model: Shown<Key>,
    /// The quality.
    #[schema(value_type = String, example = "standard")]
    quality: Shown<Key>,
    #[serde(flatten)]
    rate: RateView,
    /// A feature that a plan must have for it besides the operation's.
    #[schema(value_type = Option<String>)]
    feature: Option<Shown<Key>>,
}

/// A property of a request that multiplies the unit price.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Attribute)]
struct AttributeView {
    /// Its key.
    #[schema(value_type = String, example = "audio")]
    key: Shown<Key>,
    /// The value when a request names none.
    #[schema(value_type = String, example = "off")]
    default: Shown<Key>,
    /// The values it takes.
    values: Vec<AttributeValueView>,
}

/// One value of an attribute.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AttributeValue)]
struct AttributeValueView {
    /// Its key.
    #[schema(value_type = String, example = "on")]
    key: Shown<Key>,
    /// What it does to the unit price.
    multiplier: Factor,
}

/// The least and the most that something costs.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = CreditRange)]
struct RangeView {
    /// The least.
    min: Amount,
    /// The most.
    max: Amount,
}

/// The range of one quality.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct QualityRange {
    /// The quality.
    #[schema(value_type = String, example = "standard")]
    quality: Shown<Key>,
    #[serde(flatten)]
    range: RangeView,
}

/// The rules that the product chose.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Policies)]
struct PoliciesView {
    /// Classes that are spent before expiry is looked at.
    burn_first: Vec<ClassName>,
    /// How long a quote binds.
    quote_ttl_seconds: u64,
    /// Time to live of a hold that names none.
    hold_default_ttl_seconds: u64,
    /// The longest time to live of a hold.
    hold_max_ttl_seconds: u64,
    /// The most holds that may be open at once.
    hold_max_open: u32,
    /// The most credits of one hold or charge.
    hold_max_credits: Amount,
    /// When an upgrade takes effect: `now` or `next_billing_date`.
    #[schema(example = "now")]
    upgrade: &'static str,
    /// When a downgrade takes effect: `now` or `next_billing_date`.
    #[schema(example = "next_billing_date")]
    downgrade: &'static str,
    /// How long after its start the first subscription can be refunded.
    refund_first_subscription_seconds: u64,
    /// What a refund does for lots that have expired: `promo` (a new lot) or `forfeit`.
    #[schema(example = "promo")]
    refund_expired_lots: &'static str,
    /// Days after a failed renewal on which it is tried again.
    dunning_retry_days: Vec<u32>,
    /// How long data is kept after a subscription has ended.
    retention_seconds: u64,
    /// How long a preview of a change can be confirmed.
    preview_ttl_seconds: u64,
    /// How long a payment waits for the customer to authenticate.
    payment_ttl_seconds: u64,
    /// The least time between two automatic top-ups.
    auto_topup_cooldown_seconds: u64,
}

impl From<&Catalog> for CatalogView {
    fn from(catalog: &Catalog) -> Self {
        let feature = |feature: &bursar_core::catalog::Feature| FeatureView {
            key: Shown(feature.key.clone()),
            name: feature.name.clone(),
        };
        Self {
            version: catalog.version.to_string(),
            name: catalog.name.clone(),
            support_email: catalog.support_email.clone(),
            currency: Shown(catalog.currency),
            signup_url: catalog.signup_url.clone(),
            features: catalog.features.iter().map(feature).collect(),
            plans: catalog.plans.iter().map(PlanView::from).collect(),
            packs: catalog.packs.iter().map(PackView::from).collect(),
            operations: catalog.operations.iter().map(OperationView::from).collect(),
            policies: PoliciesView::from(&catalog.policies),
            seller: SellerView::from(&catalog.seller),
            tax: TaxPolicyView::from(&catalog.tax),
        }
    }
}

impl From<&Seller> for SellerView {
    fn from(seller: &Seller) -> Self {
        Self {
            name: seller.name.clone(),
            address: seller.address.clone(),
            country: seller.country.map(|country| country.code()),
            vat_id: seller.vat_id.clone(),
            email: seller.email.clone(),
        }
    }
}

impl From<&TaxPolicy> for TaxPolicyView {
    fn from(policy: &TaxPolicy) -> Self {
        let rate = |rate: &TaxRate| TaxRateView {
            country: rate.country.code(),
            percent: Percent(rate.rate_ppm),
            reverse_charge: rate.reverse_charge,
        };
        Self {
            name: policy.name.clone(),
            inclusive: policy.inclusive,
            rates: policy.rates.iter().map(rate).collect(),
        }
    }
}

impl From<&Plan> for PlanView {
    fn from(plan: &Plan) -> Self {
        Self {
            key: Shown(plan.key.clone()),
            name: plan.name.clone(),
            prices: PlanPrices {
                month: plan.price_month.into(),
                year: plan.price_year.into(),
                year_per_month: plan.price_year_per_month.into(),
            },
            allowance: Amount(plan.allowance),
            storage_bytes: plan.storage_bytes,
            features: plan.features.iter().cloned().map(Shown).collect(),
            highlights: plan.highlights.clone(),
            popular: plan.popular,
            retired: plan.retired,
        }
    }
}

impl From<&Pack> for PackView {
    fn from(pack: &Pack) -> Self {
        Self {
            key: Shown(pack.key.clone()),
            name: pack.name.clone(),
            credits: Amount(pack.credits),
            price: pack.price.into(),
        }
    }
}

impl From<&Operation> for OperationView {
    fn from(operation: &Operation) -> Self {
        let view = |(min, max)| RangeView { min: Amount(min), max: Amount(max) };
        let of_quality = |quality: &Key| {
            let range = range(operation, Some(quality)).map(view)?;
            Some(QualityRange { quality: Shown(quality.clone()), range })
        };
        Self {
            key: Shown(operation.key.clone()),
            name: operation.name.clone(),
            feature: operation.feature.clone().map(Shown),
            asset: operation.asset.map(|asset| asset.as_str()),
            unit: operation.unit.clone(),
            default_units: Units(operation.default_units),
            max_units: Units(operation.max_units),
            default_model: Shown(operation.default_model.clone()),
            default_quality: Shown(operation.default_quality.clone()),
            rates: operation.rates.iter().map(OperationRateView::from).collect(),
            attributes: operation.attributes.iter().map(AttributeView::from).collect(),
            range: range(operation, None).map(view),
            ranges: qualities(operation).into_iter().filter_map(of_quality).collect(),
        }
    }
}

/// The qualities of an operation, each once, in file order.
fn qualities(operation: &Operation) -> Vec<&Key> {
    operation.rates.iter().fold(Vec::new(), |mut seen, rate| {
        if !seen.contains(&&rate.quality) {
            seen.push(&rate.quality);
        }
        seen
    })
}

impl From<&OperationRate> for OperationRateView {
    fn from(entry: &OperationRate) -> Self {
        Self {
            model: Shown(entry.model.clone()),
            quality: Shown(entry.quality.clone()),
            rate: (&entry.rate).into(),
            feature: entry.feature.clone().map(Shown),
        }
    }
}

impl From<&Attribute> for AttributeView {
    fn from(attribute: &Attribute) -> Self {
        let value = |value: &AttributeValue| AttributeValueView {
            key: Shown(value.key.clone()),
            multiplier: Factor(value.multiplier),
        };
        Self {
            key: Shown(attribute.key.clone()),
            default: Shown(attribute.default.clone()),
            values: attribute.values.iter().map(value).collect(),
        }
    }
}

impl From<&Policies> for PoliciesView {
    fn from(policies: &Policies) -> Self {
        Self {
            burn_first: policies.burn_first.iter().copied().map(ClassName::from).collect(),
            quote_ttl_seconds: policies.quote_ttl.as_secs(),
            hold_default_ttl_seconds: policies.holds.default_ttl.as_secs(),
            hold_max_ttl_seconds: policies.holds.max_ttl.as_secs(),
            hold_max_open: policies.holds.max_open,
            hold_max_credits: Amount(policies.holds.max_credits),
            upgrade: timing(policies.changes.upgrade),
            downgrade: timing(policies.changes.downgrade),
            refund_first_subscription_seconds: policies.refunds.first_subscription.as_secs(),
            refund_expired_lots: match policies.refunds.expired_lots {
                ExpiredRefund::Promo => "promo",
                ExpiredRefund::Forfeit => "forfeit",
            },
            dunning_retry_days: policies.dunning_retry_days.clone(),
            retention_seconds: policies.retention.as_secs(),
            preview_ttl_seconds: policies.preview_ttl.as_secs(),
            payment_ttl_seconds: policies.payment_ttl.as_secs(),
            auto_topup_cooldown_seconds: policies.auto_topup.cooldown.as_secs(),
        }
    }
}

const fn timing(timing: ChangeTiming) -> &'static str {
    match timing {
        ChangeTiming::Now => "now",
        ChangeTiming::NextBillingDate => "next_billing_date",
    }
}
