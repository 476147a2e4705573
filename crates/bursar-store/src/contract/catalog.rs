//! A small catalog.

use std::time::Duration;

use bursar_core::catalog::{
    AutoTopupPolicy, Catalog, ChangePolicy, ChangeTiming, DocumentPolicy, ExpiredRefund,
    HoldPolicy, MediaTypes, NoticePolicy, Operation, OperationRate, Pack, Plan, Policies,
    RefundPolicy, Seller, TaxPolicy, TaxRate, VaultPolicy,
};
use bursar_core::credits::Credits;
use bursar_core::id::{CatalogVersion, Key};
use bursar_core::money::{Currency, Money};
use bursar_core::pricing::{Quantity, Rate, Rounding};

/// Two plans, `small` and `large`, a pack, `hundred`, and one operation, `image`, of 2 credits a
/// piece. Sold from Germany, by prices that include its tax.
pub fn catalog() -> Catalog {
    Catalog {
        version: CatalogVersion(*b"contract"),
        name: "Contract".to_owned(),
        support_email: "support@example.com".to_owned(),
        currency: Currency::USD,
        features: Vec::new(),
        plans: vec![plan("small", 1_000, 100), plan("large", 5_000, 1_000)],
        packs: vec![pack()],
        operations: vec![image()],
        policies: policies(),
        seller: Seller {
            name: "Contract GmbH".to_owned(),
            address: vec!["Hauptstraße 1".to_owned(), "10115 Berlin".to_owned()],
            country: Some("DE".parse().unwrap()),
            vat_id: Some("DE123456788".to_owned()),
            tax_id: None,
            registration: None,
            email: None,
        },
        tax: TaxPolicy {
            name: "VAT".to_owned(),
            inclusive: true,
            rates: vec![rate("DE", 190_000), rate("FR", 200_000)],
        },
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
        burn_first: Vec::new(),
        quote_ttl: Duration::from_secs(300),
        holds: HoldPolicy {
            default_ttl: Duration::from_secs(900),
            max_ttl: DAY,
            max_open: 20,
            max_credits: whole(100_000),
        },
        changes: ChangePolicy {
            upgrade: ChangeTiming::Now,
            downgrade: ChangeTiming::NextBillingDate,
        },
        refunds: RefundPolicy { first_subscription: 7 * DAY, expired_lots: ExpiredRefund::Promo },
        dunning_retry_days: vec![1, 3, 5, 7],
        retention: 30 * DAY,
        preview_ttl: Duration::from_secs(900),
        payment_ttl: DAY,
        auto_topup: AutoTopupPolicy { cooldown: Duration::from_secs(3_600) },
        notices: NoticePolicy {
            annual_renewal: 14 * DAY,
            ending: 3 * DAY,
            deletion: vec![7 * DAY],
        },
        vault: VaultPolicy {
            max_asset: 400_000_000,
            upload_ttl: Duration::from_secs(3_600),
            max_uploads: 10,
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

const DAY: Duration = Duration::from_secs(86_400);

fn rate(country: &str, rate_ppm: u32) -> TaxRate {
    TaxRate { country: country.parse().unwrap(), rate_ppm, reverse_charge: true }
}

fn pack() -> Pack {
    Pack {
        key: key("hundred"),
        name: "Hundred".to_owned(),
        credits: whole(100),
        price: Money::new(999, Currency::USD),
    }
}

fn plan(name: &str, price_minor: i64, allowance: i64) -> Plan {
    Plan {
        key: key(name),
        name: name.to_owned(),
        price_month: Money::new(price_minor, Currency::USD),
        price_year: Money::new(price_minor * 10, Currency::USD),
        price_year_per_month: Money::new(price_minor, Currency::USD),
        allowance: whole(allowance),
        storage_bytes: 1_000_000_000,
        features: Vec::new(),
        highlights: Vec::new(),
        popular: false,
        retired: false,
    }
}

fn image() -> Operation {
    Operation {
        key: key("image"),
        name: "Image".to_owned(),
        feature: None,
        asset: None,
        unit: "piece".to_owned(),
        default_units: Quantity::ONE,
        max_units: Quantity::from_micro(1_000_000_000),
        default_model: key("brush"),
        default_quality: key("standard"),
        rates: vec![OperationRate {
            model: key("brush"),
            quality: key("standard"),
            rate: Rate {
                unit_price: "2".parse().unwrap(),
                step: Credits::ONE,
                rounding: Rounding::Up,
                minimum: Credits::ONE,
            },
            feature: None,
        }],
        attributes: Vec::new(),
    }
}

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

pub(super) fn whole(credits: i64) -> Credits {
    Credits::from_whole(credits).unwrap()
}
