//! What is sold and on which terms: plans, packs, the rate card, policies.
//!
//! Bursar hard-codes no figure of any product; everything here is read from a catalog file (crate
//! `bursar-catalog`) and checked there, so that the rules may rely on it: keys are unique, references
//! resolve, every operation has its default model and quality, money is in the catalog's currency.

use alloc::string::String;
use alloc::vec::Vec;
use core::str::FromStr;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::country::Country;
use crate::credits::Credits;
use crate::id::{CatalogVersion, IdError, Key};
use crate::money::{Currency, Money};
use crate::pricing::{Multiplier, Quantity, Rate};

/// A catalog that has passed every check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalog {
    /// The content hash; pins what was priced by it.
    pub version: CatalogVersion,
    /// The product's name.
    pub name: String,
    /// Where customers write to, for team plans and refunds.
    pub support_email: String,
    /// The currency of every price in it.
    pub currency: Currency,
    /// Features that plans unlock, in display order.
    pub features: Vec<Feature>,
    /// Plans, lowest first: the order decides what is an upgrade.
    pub plans: Vec<Plan>,
    /// Credit packs, smallest first.
    pub packs: Vec<Pack>,
    /// The rate card.
    pub operations: Vec<Operation>,
    /// The rules a product chooses.
    pub policies: Policies,
    /// Who sells: what invoices say at their top.
    pub seller: Seller,
    /// How sales are taxed.
    pub tax: TaxPolicy,
    /// How documents are numbered and printed.
    pub documents: DocumentPolicy,
    /// Where the pricing page sends whoever has chosen a plan: an `https` address of the app.
    pub signup_url: Option<String>,
}

/// Who sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seller {
    /// The legal name.
    pub name: String,
    /// Street, postcode and city, a line each, without the country.
    pub address: Vec<String>,
    /// The country.
    pub country: Option<Country>,
    /// The VAT id with its country's prefix.
    pub vat_id: Option<String>,
    /// Another tax number.
    pub tax_id: Option<String>,
    /// The entry in a register of companies.
    pub registration: Option<String>,
    /// Where questions about invoices go.
    pub email: Option<String>,
}

/// How sales are taxed. Without rates nothing is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxPolicy {
    /// What the tax is called: `VAT`, `GST`, `Sales tax`.
    pub name: String,
    /// Do the prices of this catalog include it?
    pub inclusive: bool,
    /// The rate of each country; what isn't listed is not taxed.
    pub rates: Vec<TaxRate>,
}

/// The tax rate of a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRate {
    /// The buyer's country.
    pub country: Country,
    /// Parts per million: 19% is 190,000.
    pub rate_ppm: u32,
    /// Does a business there, which gave its VAT id, account for the tax itself? Never where the seller
    /// is.
    pub reverse_charge: bool,
}

/// How documents are numbered and printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentPolicy {
    /// The series of invoices: the `INV` of `INV-2026-000123`.
    pub invoice_series: Key,
    /// The series of credit notes.
    pub credit_note_series: Key,
    /// Printed on US Letter instead of A4?
    pub letter: bool,
    /// Remarks on every document, a paragraph each.
    pub notes: Vec<String>,
}

/// Something a plan unlocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// Its key.
    pub key: Key,
    /// Its name for people.
    pub name: String,
}

/// A subscription plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its key.
    pub key: Key,
    /// Its name for people.
    pub name: String,
    /// Price of a month.
    pub price_month: Money,
    /// Price of a year, paid at once.
    pub price_year: Money,
    /// What the yearly price is shown as, per month (rounded, so 12 of it may differ from the year).
    pub price_year_per_month: Money,
    /// Credits issued each month, also on the yearly interval.
    pub allowance: Credits,
    /// Storage quota in bytes.
    pub storage_bytes: u64,
    /// Keys of the features it unlocks.
    pub features: Vec<Key>,
    /// Further selling points for the pricing page.
    pub highlights: Vec<String>,
    /// Marked as the most popular.
    pub popular: bool,
    /// No longer for sale. Its subscribers keep it, features included, until they change or end.
    pub retired: bool,
}

/// How often a subscription is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Interval {
    /// Every month.
    Month,
    /// Every year.
    Year,
}

impl Interval {
    /// Its length in months.
    pub const fn months(self) -> u32 {
        match self {
            Self::Month => 1,
            Self::Year => 12,
        }
    }

    /// `month` or `year`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

impl Plan {
    /// The price of one interval.
    pub const fn price(&self, interval: Interval) -> Money {
        match interval {
            Interval::Month => self.price_month,
            Interval::Year => self.price_year,
        }
    }
}

/// Credits for sale that never expire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// Its key.
    pub key: Key,
    /// Its name for people.
    pub name: String,
    /// How many credits.
    pub credits: Credits,
    /// For how much.
    pub price: Money,
}

/// A kind of file in the vault. Operations that make one are refused when storage is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AssetKind {
    /// A generated image.
    Image,
    /// A generated video.
    Video,
    /// An exported video file.
    Export,
    /// A file that the customer keeps in the asset vault. No operation makes one.
    Vault,
}

impl AssetKind {
    /// All, in the order in which they are listed.
    pub const ALL: [Self; 4] = [Self::Image, Self::Video, Self::Export, Self::Vault];

    /// `image`, `video`, `export` or `vault`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Export => "export",
            Self::Vault => "vault",
        }
    }
}

impl FromStr for AssetKind {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let expected = "the kind of an asset is image, video, export or vault";
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(IdError { expected })
    }
}

/// Something that costs credits, with a rate per model and quality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its key.
    pub key: Key,
    /// Its name for people.
    pub name: String,
    /// The feature a plan must have for it.
    pub feature: Option<Key>,
    /// The asset it makes, if any.
    pub asset: Option<AssetKind>,
    /// What a unit is, singular: `second`, `variation`.
    pub unit: String,
    /// Units when the request names none; typical usage, from which shown ranges are computed.
    pub default_units: Quantity,
    /// The most units of one request.
    pub max_units: Quantity,
    /// Model when the request names none.
    pub default_model: Key,
    /// Quality when the request names none.
    pub default_quality: Key,
    /// What each model and quality costs, in file order.
    pub rates: Vec<OperationRate>,
    /// What else changes the price.
    pub attributes: Vec<Attribute>,
}

/// The rate of one model at one quality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationRate {
    /// The model.
    pub model: Key,
    /// The quality.
    pub quality: Key,
    /// Its price.
    pub rate: Rate,
    /// A feature that a plan must have for it besides the operation's.
    pub feature: Option<Key>,
}

/// A property of a request that multiplies the unit price, such as `audio = on`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its key.
    pub key: Key,
    /// The value when the request names none; one of `values`.
    pub default: Key,
    /// The values it takes.
    pub values: Vec<AttributeValue>,
}

/// One value of an [`Attribute`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeValue {
    /// Its key.
    pub key: Key,
    /// What it does to the unit price.
    pub multiplier: Multiplier,
}

/// The class of a lot of credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Class {
    /// A subscription's monthly allowance; expires at the next refresh.
    Plan,
    /// Given by support or a promotion.
    Promo,
    /// Bought; never expires.
    Topup,
}

impl Class {
    /// In burn order.
    pub const ALL: [Self; 3] = [Self::Plan, Self::Promo, Self::Topup];

    /// `plan`, `promo` or `topup`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Promo => "promo",
            Self::Topup => "topup",
        }
    }
}

/// The rules a product chooses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policies {
    /// Classes to burn first, before expiry is looked at; classes that are missing follow, equal
    /// among themselves. Empty: by expiry alone.
    pub burn_first: Vec<Class>,
    /// How long a quote binds.
    pub quote_ttl: Duration,
    /// Limits of holds.
    pub holds: HoldPolicy,
    /// How a plan change is timed and what it pays.
    pub changes: ChangePolicy,
    /// What can be refunded.
    pub refunds: RefundPolicy,
    /// Days after a failed renewal on which it is tried again; after the last the subscription ends.
    pub dunning_retry_days: Vec<u32>,
    /// How long data is kept after a subscription has ended.
    pub retention: Duration,
    /// How long a preview of a change can be confirmed.
    pub preview_ttl: Duration,
    /// How long a payment waits for the customer to authenticate before it is given up.
    pub payment_ttl: Duration,
    /// Limits of automatic top-ups.
    pub auto_topup: AutoTopupPolicy,
    /// What customers are told ahead of time.
    pub notices: NoticePolicy,
    /// What may be stored.
    pub vault: VaultPolicy,
}

/// What may be stored. How much is each plan's quota.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultPolicy {
    /// The largest file that may be uploaded, in bytes.
    pub max_asset: u64,
    /// How long an upload may take before what was reserved for it is given back.
    pub upload_ttl: Duration,
    /// The most uploads under way at once on one account.
    pub max_uploads: u32,
    /// The feature that a plan must have for files of kind `vault`; without one all plans may.
    pub feature: Option<Key>,
    /// Which media types may be uploaded.
    pub media: MediaTypes,
}

/// Which media types may be uploaded, by kind: names such as `image/png`, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaTypes {
    /// As images.
    pub image: Vec<String>,
    /// As videos.
    pub video: Vec<String>,
    /// As exports.
    pub export: Vec<String>,
    /// As files of the asset vault.
    pub vault: Vec<String>,
}

impl MediaTypes {
    /// Those of a kind.
    pub fn of(&self, kind: AssetKind) -> &[String] {
        match kind {
            AssetKind::Image => &self.image,
            AssetKind::Video => &self.video,
            AssetKind::Export => &self.export,
            AssetKind::Vault => &self.vault,
        }
    }
}

/// Limits of automatic top-ups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoTopupPolicy {
    /// The least time between two, failed ones included.
    pub cooldown: Duration,
}

/// What customers are told ahead of time, besides what happens at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticePolicy {
    /// How long before a yearly renewal it is announced.
    pub annual_renewal: Duration,
    /// How long before a cancelled subscription ends it is announced.
    pub ending: Duration,
    /// How long after the end the deletion of data is announced, earliest first. The end itself is
    /// always told.
    pub deletion: Vec<Duration>,
}

/// Limits of holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldPolicy {
    /// Time to live when the request names none.
    pub default_ttl: Duration,
    /// The longest time to live, also by extension, counted from now.
    pub max_ttl: Duration,
    /// The most holds open at once on one account.
    pub max_open: u32,
    /// The most credits of one hold or charge.
    pub max_credits: Credits,
}

/// When a change of plan takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeTiming {
    /// At once.
    Now,
    /// At the next billing date.
    NextBillingDate,
}

/// How changes of plan are timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePolicy {
    /// Upgrades: the specification's "immediately".
    pub upgrade: ChangeTiming,
    /// Downgrades: the specification's "at next billing date".
    pub downgrade: ChangeTiming,
}

/// Where the refund of a charge goes when the lot that paid has expired meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExpiredRefund {
    /// To a new promo lot that expires with the current period.
    Promo,
    /// Nowhere: they would have expired anyway.
    Forfeit,
}

/// What can be refunded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPolicy {
    /// How long after the start of the first ever subscription it can be refunded.
    pub first_subscription: Duration,
    /// The refund of a charge whose lot has expired.
    pub expired_lots: ExpiredRefund,
}

impl Catalog {
    /// The plan of that key.
    pub fn plan(&self, key: &Key) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.key == *key)
    }

    /// The plans that can be subscribed to, lowest first.
    pub fn offered(&self) -> impl Iterator<Item = &Plan> {
        self.plans.iter().filter(|plan| !plan.retired)
    }

    /// The plan's place in the order, lowest first.
    pub fn rank(&self, key: &Key) -> Option<usize> {
        self.plans.iter().position(|plan| plan.key == *key)
    }

    /// The operation of that key.
    pub fn operation(&self, key: &Key) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.key == *key)
    }

    /// The smallest plan for sale that has room for that many bytes; of equal ones the lowest.
    pub fn roomy_plan(&self, bytes: u64) -> Option<&Plan> {
        self.offered()
            .filter(|plan| plan.storage_bytes >= bytes)
            .min_by_key(|plan| plan.storage_bytes)
    }

    /// The lowest plan for sale that has all of `features`.
    pub fn unlocking_plan<'a>(
        &self,
        features: impl Iterator<Item = &'a Key> + Clone,
    ) -> Option<&Plan> {
        self.offered().find(|plan| features.clone().all(|key| plan.features.contains(key)))
    }
}
