//! What doesn't add up is refused.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::float_arithmetic,
    reason = "a test stops where something isn't as it should be"
)]

mod samples;

use bursar_documents::{
    Document, Inconsistency, Kind, Line, Method, Quantity, Rate, RenderError, TaxCategory, render,
};
use proptest::prelude::*;

fn check(change: impl Fn(&mut Document), expected: &str) {
    let mut document = samples::several_rates();
    document.check().unwrap();
    change(&mut document);
    assert_eq!(document.check().unwrap_err().to_string(), expected);
    let refused = render(&document).unwrap_err();
    assert!(matches!(refused, RenderError::Inconsistent(_)));
}

#[test]
fn every_sample_adds_up() {
    for (name, document) in samples::all() {
        assert_eq!(document.check(), Ok(()), "{name}");
    }
}

#[test]
fn a_sum_that_is_not_the_sum_of_its_parts() {
    check(
        |it| it.totals.net += 1,
        "the net total is 773.84 EUR, but its parts add up to 773.83 EUR",
    );
    check(|it| it.totals.tax -= 1, "the tax total is 25.65 EUR, but its parts add up to 25.66 EUR");
    check(
        |it| it.totals.gross += 100,
        "the total is 800.49 EUR, but its parts add up to 799.49 EUR",
    );
    check(|it| it.totals.due = 0, "the amount due is 0.00 EUR, but its parts add up to 599.49 EUR");
    check(
        |it| it.taxes[0].net += 1,
        "the net amount taxed Standard 19% is 89.01 EUR, but its parts add up to 89.00 EUR",
    );
}

#[test]
fn a_line_that_is_not_its_quantity_times_its_price() {
    check(|it| it.lines[0].net += 1, "line 1: quantity × unit price is 89.00 EUR, not 89.01 EUR");
    check(
        |it| it.lines[2].quantity = Quantity::whole(-3),
        "line 3: quantity × unit price is -59.85 EUR, not 59.85 EUR",
    );
}

#[test]
fn a_tax_that_is_not_its_rate() {
    check(
        |it| it.taxes[0].amount += 2,
        "the tax at 19% is 16.93 EUR, but the rate gives 16.91 EUR",
    );
    check(|it| it.taxes[3].amount = 1, "the tax at 0% is 0.01 EUR, but the rate gives 0.00 EUR");
    check(
        |it| it.lines[1].tax = samples::vat(8),
        "line 2 is taxed Standard 8%, which the tax breakdown doesn't have",
    );
    check(|it| it.taxes.push(it.taxes[0].clone()), "the tax breakdown has Standard 19% twice");
    check(|it| it.taxes[1].tax.rate = Rate::ZERO, "Standard 0% is not a possible tax");
    check(|it| it.lines[3].tax.rate = Rate::percent(19), "Exempt 19% is not a possible tax");
    check(|it| it.taxes[0].tax.rate = Rate(1_000_001), "Standard 100.0001% is not a possible tax");
}

#[test]
fn a_field_that_says_nothing_or_too_much() {
    check(|it| it.number = " \u{feff}\n".to_owned(), "the number is empty");
    check(|it| it.seller.name.clear(), "the seller's name is empty");
    check(
        |it| (it.buyer.name, it.buyer.company) = (String::new(), String::new()),
        "the buyer's name is empty",
    );
    check(|it| it.lines.clear(), "the list of lines is empty");
    check(
        |it| it.lines[0].description = "a".repeat(1_001),
        "a line's description has 1001 characters or entries; at most 1000 fit",
    );
    check(
        |it| {
            it.lines[0].period =
                Some((samples::at("2026-03-02T00:00:00Z"), samples::at("2026-03-01T00:00:00Z")))
        },
        "line 1: the period ends before it starts",
    );
    check(|it| it.lines[0].unit_price = i64::MIN, "a line's unit price is too large to be real");
}

/// "Never more of its number than this."
#[test]
fn no_card_number_is_printed() {
    let card = |last_four: &str| {
        let mut document = samples::invoice();
        let (brand, last_four) = ("Visa".to_owned(), last_four.to_owned());
        let method = Method::Card { brand, last_four };
        document.payment.as_mut().unwrap().method = method;
        document.check()
    };
    assert_eq!(card("4242"), Ok(()));
    for wrong in ["4242424242424242", "424", "42a2", "４２４２", ""] {
        assert_eq!(card(wrong), Err(Inconsistency::LastFour), "{wrong}");
    }
}

#[test]
fn a_credit_note_without_its_invoice() {
    let mut document = samples::credit_note();
    if let Kind::CreditNote { corrects, .. } = &mut document.kind {
        corrects.number.clear();
    }
    let error = document.check().unwrap_err().to_string();
    assert_eq!(error, "the number of the corrected invoice is empty");
}

/// Prices that include tax: each line's tax was rounded by itself, so the sum may be off by as many
/// minor units as there are lines, and no further.
#[test]
fn tax_of_lines_rounded_one_by_one_is_accepted() {
    let mut document = samples::invoice();
    document.lines = vec![samples::line("A", 1, 2_437, samples::vat(19)); 3];
    samples::sum(&mut document);
    let tax = document.totals.tax;
    for (off, accepted) in [(-2, true), (2, true), (-4, false), (4, false)] {
        document.taxes[0].amount = tax + off;
        document.totals.tax = tax + off;
        document.totals.gross = document.totals.net + tax + off;
        document.totals.paid = document.totals.gross;
        assert_eq!(document.check().is_ok(), accepted, "{off}");
    }
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let tax = prop_oneof![
        Just(samples::vat(19)),
        Just(samples::vat(7)),
        Just(samples::untaxed(TaxCategory::Exempt)),
    ];
    let line = (-1_000..1_000_i32, -1_000_000..1_000_000_i64, tax);
    let line = line.prop_map(|(quantity, price, tax)| samples::line("A", quantity, price, tax));
    proptest::collection::vec(line, 1..20)
}

proptest! {
    /// Whatever is sold: sums made of it are accepted, and a sum that is off by anything is not.
    #[test]
    fn only_exact_sums_are_accepted(lines in lines(), which in 0..8_usize, off in 1..1_000_i64) {
        let mut document = samples::invoice();
        document.lines = lines;
        samples::sum(&mut document);
        prop_assert_eq!(document.check(), Ok(()));
        let last = document.lines.len() - 1;
        let sum = match which {
            0 => &mut document.totals.net,
            1 => &mut document.totals.tax,
            2 => &mut document.totals.gross,
            3 => &mut document.totals.paid,
            4 => &mut document.totals.due,
            5 => &mut document.taxes[0].net,
            6 => &mut document.taxes[0].amount,
            _ => &mut document.lines[last].net,
        };
        *sum += off;
        prop_assert!(document.check().is_err());
    }
}
