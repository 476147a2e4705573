//! Documents to look at and to test with.
#![allow(dead_code, reason = "each test file uses some of these")]
#![allow(clippy::unwrap_used, reason = "samples are constants; a wrong one should stop at once")]

use bursar_core::time::Timestamp;
use bursar_documents::{
    Buyer, Document, Kind, Line, Method, PageSize, Payment, Quantity, Rate, Seller, Tax,
    TaxCategory, TaxLine, Totals,
};

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn vat(percent: u8) -> Tax {
    Tax {
        category: TaxCategory::Standard,
        rate: Rate::percent(percent),
    }
}

pub(crate) fn line(description: &str, quantity: i32, unit_price: i64, tax: Tax) -> Line {
    Line {
        description: description.to_owned(),
        period: None,
        quantity: Quantity::whole(quantity),
        unit_price,
        net: i64::from(quantity) * unit_price,
        tax,
    }
}

/// Sums taxes and totals from the lines, fully paid.
pub(crate) fn sum(document: &mut Document) {
    let mut taxes: Vec<TaxLine> = Vec::new();
    for line in &document.lines {
        match taxes.iter_mut().find(|tax| tax.tax == line.tax) {
            Some(tax) => tax.net += line.net,
            None => taxes.push(TaxLine {
                tax: line.tax,
                net: line.net,
                amount: 0,
                note: String::new(),
            }),
        }
    }
    for tax in &mut taxes {
        let exact = i128::from(tax.net) * i128::from(tax.tax.rate.0);
        tax.amount = i64::try_from((exact * 2 + 1_000_000).div_euclid(2_000_000)).unwrap();
    }
    let net = document.lines.iter().map(|line| line.net).sum::<i64>();
    let tax = taxes.iter().map(|tax| tax.amount).sum::<i64>();
    document.taxes = taxes;
    document.totals = Totals {
        net,
        tax,
        gross: net + tax,
        paid: net + tax,
        due: 0,
    };
}

/// An upgrade in the middle of a month, paid by card.
pub(crate) fn invoice() -> Document {
    let mut document = Document {
        kind: Kind::Invoice,
        number: "INV-2026-000123".to_owned(),
        issued_at: at("2026-03-14T10:30:00Z"),
        zone: "Europe/Berlin".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        seller: Seller {
            name: "ScriptKit GmbH".to_owned(),
            address: vec!["Lindenstraße 20".to_owned(), "10969 Berlin".to_owned()],
            country: "DE".parse().unwrap(),
            vat_id: Some("DE123456789".to_owned()),
            tax_id: None,
            registration: Some("HRB 12345, Amtsgericht Charlottenburg".to_owned()),
            email: Some("billing@scriptkit.example".to_owned()),
        },
        buyer: Buyer {
            name: "Ada Sørensen".to_owned(),
            company: "Nordlicht Film ApS".to_owned(),
            address: vec!["Vesterbrogade 12, 3. sal".to_owned(), "1620 København V".to_owned()],
            country: Some("DK".parse().unwrap()),
            vat_id: None,
            account: "acc_ada".parse().unwrap(),
        },
        tax_name: "VAT".to_owned(),
        lines: vec![
            Line {
                period: Some((at("2026-03-14T10:30:00Z"), at("2026-03-31T22:00:00Z"))),
                ..line("Starter plan, monthly: unused time", 1, -1_630, vat(19))
            },
            Line {
                period: Some((at("2026-03-14T10:30:00Z"), at("2026-03-31T22:00:00Z"))),
                ..line("Professional plan, monthly: remaining time", 1, 5_003, vat(19))
            },
            line("Credit pack, 1,000 credits", 2, 7_500, vat(19)),
        ],
        taxes: Vec::new(),
        totals: Totals {
            net: 0,
            tax: 0,
            gross: 0,
            paid: 0,
            due: 0,
        },
        payment: Some(Payment {
            method: Method::Card {
                brand: "Visa".to_owned(),
                last_four: "4242".to_owned(),
            },
            paid_at: at("2026-03-14T10:30:05Z"),
        }),
        due_at: None,
        notes: vec!["Thank you. Credit packs never expire.".to_owned()],
        page: PageSize::A4,
    };
    sum(&mut document);
    document
}
