//! A small catalog, made in code so that the core's tests need no file.
#![allow(clippy::unwrap_used, reason = "a helper of tests, which may panic")]
#![allow(dead_code, reason = "each test uses its part")]

use std::time::Duration;

use bursar_core::catalog::{
    AssetKind, Attribute, AttributeValue, Catalog, ChangePolicy, ChangeTiming, Class,
    ExpiredRefund, Feature, HoldPolicy, Operation, OperationRate, Plan, Policies, RefundPolicy,
};
use bursar_core::credits::Credits;
use bursar_core::id::{CatalogVersion, Key};
use bursar_core::money::{Currency, Money};
use bursar_core::pricing::{Multiplier, Quantity, Rate, Rounding};

pub(crate) fn key(text: &str) -> Key {
    text.parse().unwrap()
}

pub(crate) fn credits(text: &str) -> Credits {
    Credits::parse(text).unwrap()
}

fn plan(name: &str, price: i64, allowance: &str, features: &[&str]) -> Plan {
    let money = |amount| Money::new(amount, Currency::USD);
    Plan {
        key: key(name),
        name: name.to_owned(),
        price_month: money(price),
        price_year: money(price * 10),
        price_year_per_month: money(price * 10 / 12),
        allowance: credits(allowance),
        storage_bytes: 1_000,
        features: features.iter().map(|feature| key(feature)).collect(),
        highlights: Vec::new(),
        popular: false,
        retired: false,
    }
}

fn rate(model: &str, quality: &str, unit_price: &str) -> OperationRate {
    let rate = Rate {
        unit_price: unit_price.parse().unwrap(),
        step: Credits::ONE,
        rounding: Rounding::Up,
        minimum: Credits::ZERO,
    };
    OperationRate { model: key(model), quality: key(quality), rate, feature: None }
}

fn value(name: &str, multiplier: &str) -> AttributeValue {
    let multiplier: Multiplier = multiplier.parse().unwrap();
    AttributeValue { key: key(name), multiplier }
}

/// Two plans and a video operation of 10 credits a second.
pub(crate) fn catalog() -> Catalog {
    Catalog {
        version: CatalogVersion(*b"testtest"),
        name: "Test".to_owned(),
        support_email: "support@test.example".to_owned(),
        currency: Currency::USD,
        features: ["video", "editor"]
            .iter()
            .map(|name| Feature { key: key(name), name: (*name).to_owned() })
            .collect(),
        plans: vec![
            plan("small", 1_000, "100", &["video"]),
            plan("large", 5_000, "1000", &["video", "editor"]),
        ],
        packs: Vec::new(),
        operations: vec![Operation {
            key: key("video"),
            name: "Video".to_owned(),
            feature: Some(key("video")),
            asset: Some(AssetKind::Video),
            unit: "second".to_owned(),
            default_units: "5".parse().unwrap(),
            max_units: Quantity::from_micro(60_000_000),
            default_model: key("fast"),
            default_quality: key("hd"),
            rates: vec![rate("fast", "hd", "10"), rate("fine", "hd", "10.1")],
            attributes: vec![Attribute {
                key: key("audio"),
                default: key("off"),
                values: vec![value("off", "1"), value("on", "1.25")],
            }],
        }],
        policies: policies(),
    }
}

fn policies() -> Policies {
    Policies {
        burn_first: Vec::<Class>::new(),
        quote_ttl: Duration::from_secs(900),
        holds: HoldPolicy {
            default_ttl: Duration::from_secs(900),
            max_ttl: Duration::from_secs(86_400),
            max_open: 100,
            max_credits: credits("1000000"),
        },
        changes: ChangePolicy {
            upgrade: ChangeTiming::Now,
            downgrade: ChangeTiming::NextBillingDate,
        },
        refunds: RefundPolicy {
            first_subscription: Duration::from_secs(7 * 86_400),
            expired_lots: ExpiredRefund::Promo,
        },
        dunning_retry_days: vec![1, 3, 5, 7],
        retention: Duration::from_secs(30 * 86_400),
    }
}
