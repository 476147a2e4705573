//! Pages of what accounts have.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::float_arithmetic,
    reason = "a test stops where something isn't as it should be"
)]

mod programs;
mod samples;

use bursar_core::account::documents::CreditReason;
use bursar_core::bill::{Bill, Item, TaxTreatment};
use bursar_core::id::{CatalogVersion, DocumentId};
use bursar_documents::{
    Buyer, Document, Kind, Method, NotOfRecord, Settlement, TaxCategory, electronic_invoice, render,
};
use proptest::prelude::*;
use samples::records::{self, Seller, Shop};

const GERMAN: Shop = Shop { currency: "EUR", seller: Seller::German, inclusive: false };

fn page(name: &str) -> Document {
    samples::all().into_iter().find(|(sample, _)| *sample == name).unwrap().1
}

/// Net, tax, gross, paid, due.
fn check(name: &str, expected: [i64; 5]) {
    let sums = page(name).totals;
    assert_eq!([sums.net, sums.tax, sums.gross, sums.paid, sums.due], expected, "{name}");
}

#[test]
fn what_is_paid_and_what_is_due_follows_from_the_record() {
    check("record_start", [2_900, 551, 3_451, 3_451, 0]);
    check("record_upgrade", [2_778, 0, 2_778, 2_778, 0]);
    check("record_inclusive", [166_358, 42_421, 208_779, 208_779, 0]);
    check("record_renewal_open", [2_900, 551, 3_451, 0, 3_451]);
    check("record_renewal_void", [2_900, 551, 3_451, 0, 3_451]);
    // Nobody has paid, so nothing was returned; the invoice and the credit note make up for each
    // other.
    check("record_credit_note_unpaid", [2_900, 551, 3_451, 0, 3_451]);
    check("record_credit_note_owed", [2_778, 556, 3_334, 0, 3_334]);
    check("record_credit_note_refunded", [2_778, 556, 3_334, 3_334, 0]);
    check("record_credit_note_disputed", [2_778, 556, 3_334, 3_334, 0]);
}

fn says(name: &str, said: &[&str], unsaid: &[&str]) {
    let text = programs::text(&render(&page(name)).unwrap());
    for said in said {
        assert!(text.contains(said), "{name}: {said} is missing in\n{text}");
    }
    for unsaid in unsaid {
        assert!(!text.contains(unsaid), "{name}: {unsaid} is in\n{text}");
    }
}

#[test]
fn only_who_has_to_pay_is_asked_to() {
    says("record_renewal_open", &["EUR 34.51 due on receipt", "Amount due"], &[]);
    says(
        "record_renewal_void",
        &["EUR 34.51 cancelled on 18 April 2026", "Cancelled by GS-2026-000007", "nothing is due"],
        &["Amount due", "due on receipt"],
    );
    says(
        "record_credit_note_unpaid",
        &["EUR 34.51 credited", "RE-2026-000123 was not paid", "RE-2026-000123 of 14 April 2026"],
        &["To be refunded", "Refunded"],
    );
    says(
        "record_credit_note_owed",
        &["EUR 33.34 to be refunded", "To be refunded"],
        &["Amount due"],
    );
    says(
        "record_credit_note_refunded",
        &["EUR 33.34 refunded on 19 April 2026", "Refunded to American Express •••• 4242 on"],
        &["to be refunded"],
    );
    says("record_credit_note_disputed", &["EUR 33.34 returned by the bank"], &["To be refunded"]);
}

#[test]
fn the_law_is_quoted_where_it_applies() {
    says("record_upgrade", &["the recipient accounts for the VAT (Article 196, Directive"], &[]);
    says(
        "record_topup_abroad",
        &["Not subject to VAT; the customer's country is United States"],
        &[],
    );
    let bare = page("record_bare");
    assert_eq!((bare.taxes[0].tax.category, &*bare.taxes[0].note), (TaxCategory::OutOfScope, ""));
}

#[test]
fn who_is_not_known_is_called_by_the_account() {
    assert_eq!(page("record_bare").buyer.name, "acc_ada");
    says("record_bare", &["acc_ada", "Paid by online payment on 14 April 2026."], &[]);
}

#[test]
fn a_card_is_called_as_its_owner_writes_it() {
    for (brand, expected) in [
        ("visa", "Visa"),
        ("amex", "American Express"),
        ("eftpos_au", "eftpos"),
        ("girocard", "Girocard"),
        ("new_brand", "New brand"),
        ("", "Card"),
        ("\u{0}", "Card"),
        (&"ß".repeat(300), &format!("SS{}", "ß".repeat(29))),
    ] {
        let catalog = GERMAN.catalog();
        let buyer = records::buyer("DE", None);
        let bill = records::bill(&catalog, &buyer, vec![records::item("A", None, 100)]);
        let record = records::invoice(&catalog, bill);
        let record = records::paid(record, Some(records::card(brand)));
        let document = records::page(&record, None, &catalog, buyer, None);
        document.check().unwrap();
        let Some(Method::Card { brand: shown, .. }) = document.payment.map(|it| it.method) else {
            panic!("no card");
        };
        assert_eq!(shown, expected);
    }
}

#[test]
fn a_rate_of_nothing_is_zero_rated() {
    let mut catalog = GERMAN.catalog();
    for rate in &mut catalog.tax.rates {
        rate.rate_ppm = 0;
    }
    let buyer = records::buyer("DE", None);
    let bill = records::bill(&catalog, &buyer, vec![records::item("A", None, 100)]);
    let record = records::invoice(&catalog, bill);
    let document = records::page(&record, None, &catalog, buyer, None);
    document.check().unwrap();
    assert_eq!(document.taxes[0].tax.category, TaxCategory::ZeroRated);
    assert!(electronic_invoice(&document).is_ok());
}

/// A page of another seller, or one that doesn't say what it takes back, is none.
#[test]
fn what_the_record_refers_to_must_be_given() {
    let catalog = GERMAN.catalog();
    let buyer = records::buyer("DE", None);
    let bill = records::bill(&catalog, &buyer, vec![records::item("A", None, 100)]);
    let mut invoice = records::invoice(&catalog, bill);
    let other = invoice.clone();
    let note = records::credit_note(&catalog, &mut invoice, CreditReason::NotPaid);
    let of = |record, counterpart, catalog: &_| {
        let zone = "UTC".parse().unwrap();
        let unknown = Buyer::unknown("acc_ada".parse().unwrap());
        Document::of_record(record, counterpart, &zone, catalog, unknown, None)
    };
    let (id, wanted) = (DocumentId(4), DocumentId(3));
    let missing = NotOfRecord::Counterpart { document: id, wanted };
    assert_eq!(missing.to_string(), "inv_4 refers to inv_3, which was not given");
    assert_eq!(of(&note, None, &catalog), Err(missing.clone()));
    assert_eq!(of(&note, Some(&note), &catalog), Err(missing));
    let missing = NotOfRecord::Counterpart { document: wanted, wanted: id };
    assert_eq!(of(&invoice, None, &catalog), Err(missing));
    let kind = of(&note, Some(&invoice), &catalog).unwrap().kind;
    assert!(matches!(kind, Kind::CreditNote { settlement: Settlement::Offset, .. }));
    // An invoice that nobody took back refers to nothing.
    let kind = of(&other, Some(&note), &catalog).unwrap().kind;
    assert_eq!(kind, Kind::Invoice { credited_by: None });

    let mut newer = catalog.clone();
    newer.version = CatalogVersion([9; 8]);
    let error = of(&other, None, &newer).unwrap_err();
    assert!(matches!(error, NotOfRecord::Catalog { .. }), "{error}");
}

/// Amounts as prices have them: up to a million million, in sum not below nothing.
fn items() -> impl Strategy<Value = Vec<Item>> {
    let amount = prop_oneof![-20_000_i64..50_000, -1_000_000_000_i64..1_000_000_000];
    proptest::collection::vec(amount, 1..6).prop_map(|mut amounts| {
        let sum: i64 = amounts.iter().sum();
        amounts.push(if sum < 0 { -sum } else { 0 });
        let item = |amount| Item { description: "A plan".to_owned(), period: None, amount };
        amounts.into_iter().map(item).collect()
    })
}

fn treatment() -> impl Strategy<Value = TaxTreatment> {
    let country =
        prop_oneof![Just("DE"), Just("FR"), Just("US")].prop_map(|it| it.parse().unwrap());
    (country, 0..=1_000_000_u32, 0..4).prop_map(|(country, rate_ppm, kind)| match kind {
        0 => TaxTreatment::OutOfScope,
        1 => TaxTreatment::ReverseCharge { country },
        _ => TaxTreatment::Standard { country, rate_ppm },
    })
}

proptest! {
    /// Whatever the core bills can be issued: as an invoice in each state, and as a credit note.
    #[test]
    fn every_bill_of_the_core_is_accepted(
        items in items(),
        treatment in treatment(),
        inclusive: bool,
        paid: bool,
        returned: bool,
        currency in prop_oneof![Just("EUR"), Just("JPY"), Just("KWD")],
    ) {
        let catalog = Shop { currency, inclusive, ..GERMAN }.catalog();
        let bill = Bill::of(items, catalog.currency, treatment, inclusive);
        let mut invoice = records::invoice(&catalog, bill);
        if paid {
            invoice = records::paid(invoice, Some(records::card("visa")));
        }
        let buyer = || Buyer::unknown("acc_ada".parse().unwrap());
        let page = records::page(&invoice, None, &catalog, buyer(), None);
        prop_assert_eq!(page.check(), Ok(()));
        let reason = CreditReason::TopupRefunded { reason: None };
        let note = records::credit_note(&catalog, &mut invoice, reason);
        let at = returned.then(|| samples::at("2026-04-19T11:00:00Z"));
        let page = records::page(&note, Some(&invoice), &catalog, buyer(), at);
        prop_assert_eq!(page.check(), Ok(()));
        let page = records::page(&invoice, Some(&note), &catalog, buyer(), None);
        prop_assert_eq!(page.check(), Ok(()));
    }
}
