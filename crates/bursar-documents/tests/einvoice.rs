//! The attached XML, against the schema and the official business rules of EN 16931.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::float_arithmetic,
    reason = "a test stops where something isn't as it should be"
)]

mod programs;
mod samples;

use std::process::Command;

use bursar_documents::{Document, NotExpressible, TaxCategory, electronic_invoice};

#[test]
fn every_sample_obeys_the_schema_and_the_business_rules() {
    let folder = tempfile::tempdir().unwrap();
    let mut validate = Command::new(programs::einvoice_python());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/einvoice/validate.py");
    validate.arg(script);
    let mut without = Vec::new();
    for (name, document) in samples::all() {
        if let Ok(xml) = electronic_invoice(&document) {
            let path = folder.path().join(format!("{name}.xml"));
            std::fs::write(&path, xml).unwrap();
            validate.arg(path);
        } else {
            without.push(name);
        }
    }
    // Three decimals, no country of the buyer, no country of the seller.
    assert_eq!(without, ["dinar", "sparse", "record_dinar", "record_bare"]);
    let output = validate.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}\n{failed}");
}

#[test]
fn the_rules_find_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.xml");
    let xml = electronic_invoice(&samples::invoice()).unwrap();
    let wrong = xml.replace("218.64</ram:GrandTotalAmount>", "218.65</ram:GrandTotalAmount>");
    assert_ne!(xml, wrong);
    std::fs::write(&path, wrong).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/einvoice/validate.py");
    let output = Command::new(programs::einvoice_python())
        .args([script, programs::arg(&path)])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("BR-CO-15"), "{said}");
}

#[test]
fn the_xml_is_as_it_was() {
    for (name, document) in [
        ("invoice.xml", samples::invoice()),
        ("credit_note.xml", samples::credit_note()),
        ("yen.xml", samples::yen()),
    ] {
        insta::assert_snapshot!(name, electronic_invoice(&document).unwrap());
    }
}

fn check(change: impl Fn(&mut Document), expected: NotExpressible) {
    let mut document = samples::reverse_charge();
    change(&mut document);
    document.check().unwrap();
    assert_eq!(electronic_invoice(&document).unwrap_err(), expected);
}

#[test]
fn what_the_standard_cannot_say_is_named() {
    check(|it| it.seller.country = None, NotExpressible::SellerCountry);
    check(|it| it.buyer.country = None, NotExpressible::BuyerCountry);
    check(|it| it.buyer.vat_id = None, NotExpressible::BuyerVatId);
    check(|it| it.buyer.vat_id = Some("12345".to_owned()), NotExpressible::VatIdCountry);
    check(|it| it.seller.vat_id = None, NotExpressible::SellerTaxId);
    check(|it| (it.seller.vat_id, it.seller.registration) = (None, None), NotExpressible::SellerId);
    check(
        |it| {
            it.lines[0].tax = samples::untaxed(TaxCategory::OutOfScope);
            samples::sum(it);
        },
        NotExpressible::MixedScope,
    );
    check(
        |it| {
            it.currency = "KWD".parse().unwrap();
            (it.lines[0].unit_price, it.lines[0].net) = (1_001, 1_001);
            samples::sum(it);
        },
        NotExpressible::Decimals,
    );
}

#[test]
fn a_currency_of_three_decimals_is_fine_while_two_suffice() {
    let mut document = samples::dinar();
    document.lines = vec![samples::line("Professional plan, monthly", 1, 27_400, samples::vat(5))];
    samples::sum(&mut document);
    let xml = electronic_invoice(&document).unwrap();
    assert!(xml.contains("<ram:GrandTotalAmount>28.77</ram:GrandTotalAmount>"), "{xml}");
}
