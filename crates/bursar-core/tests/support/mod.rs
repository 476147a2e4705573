//! A small catalog, made in code so that the core's tests need no file.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, which may panic"
)]
#![allow(dead_code, reason = "each test uses its part")]

use std::time::Duration;

pub(crate) mod customer;

use bursar_core::catalog::{
    AssetKind, Attribute, AttributeValue, AutoTopupPolicy, Catalog, ChangePolicy, ChangeTiming,
    Class, DocumentPolicy, ExpiredRefund, Feature, HoldPolicy, MediaTypes, NoticePolicy, Operation,
    OperationRate, Pack, Plan, Policies, RefundPolicy, Seller, TaxPolicy, TaxRate, VaultPolicy,
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

pub(crate) const DAY: Duration = Duration::from_secs(86_400);

pub(crate) const fn usd(cents: i64) -> Money {
    Money::new(cents, Currency::USD)
}

/// `month` and `year` are prices in cents.
pub(crate) fn plan(name: &str, month: i64, year: i64, allowance: &str, features: &[&str]) -> Plan {
    Plan {
        key: key(name),
        name: name.to_owned(),
        price_month: usd(month),
        price_year: usd(year),
        price_year_per_month: usd(year / 12),
        allowance: credits(allowance),
        storage_bytes: 1_000,
        features: features.iter().map(|feature| key(feature)).collect(),
        highlights: Vec::new(),
        popular: false,
        retired: false,
    }
}

fn pack(name: &str, credits: i64, price: i64) -> Pack {
    Pack {
        key: key(name),
        name: name.to_owned(),
        credits: Credits::from_whole(credits).unwrap(),
        price: usd(price),
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

/// The prices and allowances of ScriptKit.
pub(crate) fn scriptkit() -> Catalog {
    Catalog {
        plans: vec![
            plan("starter", 2_900, 31_300, "400", &["video"]),
            plan("professional", 8_900, 96_100, "1250", &["video", "editor"]),
            plan("studio", 19_900, 214_900, "3000", &["video", "editor"]),
        ],
        packs: vec![pack("small", 100, 1_000), pack("xl", 2_500, 15_000)],
        ..catalog()
    }
}

/// VAT of 19% in Germany, where the seller is, and of 20% in France, where businesses account for
/// it themselves.
pub(crate) fn taxed(catalog: Catalog, inclusive: bool) -> Catalog {
    let rate = |country: &str, rate_ppm| TaxRate {
        country: country.parse().unwrap(),
        rate_ppm,
        reverse_charge: true,
    };
    let rates = vec![rate("DE", 190_000), rate("FR", 200_000)];
    Catalog { tax: TaxPolicy { name: "VAT".to_owned(), inclusive, rates }, ..catalog }
}

/// Two plans, two packs, no tax and a video operation of 10 credits a second.
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
            plan("small", 1_000, 10_000, "100", &["video"]),
            plan("large", 5_000, 50_000, "1000", &["video", "editor"]),
        ],
        packs: vec![pack("few", 50, 700), pack("many", 500, 5_500)],
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
        seller: Seller {
            name: "Test GmbH".to_owned(),
            address: vec!["Hauptstr. 1".to_owned(), "10115 Berlin".to_owned()],
            country: "DE".parse().ok(),
            vat_id: None,
            tax_id: None,
            registration: None,
            email: None,
        },
        tax: TaxPolicy { name: "VAT".to_owned(), inclusive: false, rates: Vec::new() },
        signup_url: None,
        documents: DocumentPolicy {
            invoice_series: key("INV"),
            credit_note_series: key("CN"),
            letter: false,
            notes: Vec::new(),
        },
    }
}

fn policies() -> Policies {
    Policies {
        burn_first: Vec::<Class>::new(),
        quote_ttl: Duration::from_secs(900),
        holds: HoldPolicy {
            default_ttl: Duration::from_secs(900),
            max_ttl: DAY,
            max_open: 100,
            max_credits: credits("1000000"),
        },
        changes: ChangePolicy {
            upgrade: ChangeTiming::Now,
            downgrade: ChangeTiming::NextBillingDate,
        },
        refunds: RefundPolicy { first_subscription: 7 * DAY, expired_lots: ExpiredRefund::Promo },
        dunning_retry_days: vec![1, 3, 5, 7],
        retention: 30 * DAY,
        preview_ttl: Duration::from_secs(1_800),
        payment_ttl: Duration::from_secs(23 * 3_600),
        auto_topup: AutoTopupPolicy { cooldown: Duration::from_secs(3_600) },
        notices: NoticePolicy {
            annual_renewal: 14 * DAY,
            ending: 3 * DAY,
            deletion: vec![14 * DAY, 27 * DAY],
        },
        vault: VaultPolicy {
            max_asset: 600,
            upload_ttl: Duration::from_secs(3_600),
            max_uploads: 5,
            feature: None,
            media: MediaTypes {
                image: vec!["image/png".to_owned()],
                video: Vec::new(),
                export: Vec::new(),
                vault: Vec::new(),
            },
        },
    }
}
