//! What replies are made of: one type per JSON shape, documented by its schema.

pub(crate) mod account;
pub(crate) mod asset;
pub(crate) mod balance;
pub(crate) mod billing;
pub(crate) mod catalog;
pub(crate) mod change;
pub mod explain;
pub(crate) mod file;
pub(crate) mod invoice;
pub(crate) mod method;
pub(crate) mod number;
pub(crate) mod offer;
pub(crate) mod payment;
pub(crate) mod receipt;
pub(crate) mod refund;
pub(crate) mod spend;
pub(crate) mod statement;
pub(crate) mod storage;
pub(crate) mod subscription;
pub(crate) mod topup;

use bursar_core::account::event::Portion;
use bursar_core::catalog::Class;
use bursar_core::id::LotId;
use bursar_core::money::Money;
use bursar_core::time::{Period, Timestamp};
use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema, openapi::RefOr};

pub(crate) use number::{Amount, Units};

/// Anything that is written as it is displayed: ids, keys, versions.
#[derive(Clone, Debug)]
pub(crate) struct Shown<T>(pub(crate) T);

impl<T: std::fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An instant, RFC 3339 in UTC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time(pub(crate) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl PartialSchema for Time {
    fn schema() -> RefOr<Schema> {
        let object = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("An instant in UTC, RFC 3339."))
            .examples([serde_json::json!("2026-03-31T12:00:00Z")]);
        RefOr::T(Schema::Object(object.build()))
    }
}

impl ToSchema for Time {}

/// An amount of money in minor units of its currency.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Money, example = json!({"amount": 2900, "currency": "USD"}))]
pub(crate) struct Price {
    /// Minor units: 2900 is $29.00.
    amount: i64,
    /// ISO 4217.
    #[schema(value_type = String)]
    currency: Shown<bursar_core::money::Currency>,
}

impl From<Money> for Price {
    fn from(money: Money) -> Self {
        Self { amount: money.amount, currency: Shown(money.currency) }
    }
}

/// A half-open stretch of time.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Period)]
pub(crate) struct Span {
    /// The first instant in it.
    start: Time,
    /// The first instant after it.
    end: Time,
}

impl From<Period> for Span {
    fn from(period: Period) -> Self {
        Self { start: Time(period.start), end: Time(period.end) }
    }
}

/// The class of credits.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CreditClass)]
pub(crate) enum ClassName {
    /// A subscription's monthly allowance; expires at the next refresh.
    Plan,
    /// Given by support or a promotion.
    Promo,
    /// Bought; never expires.
    Topup,
}

impl From<Class> for ClassName {
    fn from(class: Class) -> Self {
        match class {
            Class::Plan => Self::Plan,
            Class::Promo => Self::Promo,
            Class::Topup => Self::Topup,
        }
    }
}

/// Credits of one lot.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LotShare {
    /// The lot.
    #[schema(value_type = String, example = "lot_1")]
    pub(crate) id: Shown<LotId>,
    /// Its class.
    pub(crate) class: ClassName,
    /// How many of its credits.
    pub(crate) credits: Amount,
    /// When the lot expires; null for never.
    pub(crate) expires_at: Option<Time>,
}

impl LotShare {
    /// One entry per portion.
    pub(crate) fn list(portions: &[Portion]) -> Vec<Self> {
        portions.iter().map(Self::of).collect()
    }

    fn of(portion: &Portion) -> Self {
        Self {
            id: Shown(portion.lot),
            class: portion.class.into(),
            credits: Amount(portion.credits),
            expires_at: portion.expires_at.map(Time),
        }
    }
}
