//! Whatever people are called and whatever they write: a conforming file or a clear refusal, never
//! a panic.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::float_arithmetic,
    reason = "a test stops where something isn't as it should be"
)]

mod samples;

use bursar_documents::{
    Document, Kind, Method, PageSize, Reference, RenderError, Settlement, render,
};
use proptest::prelude::*;

/// Any text: of any characters, or of those that have made trouble elsewhere.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,60}",
        "[\u{0}-\u{20}\u{ad}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}\u{feff}\u{fffe}]{0,20}",
        "[\u{e000}-\u{e010}\u{f0000}-\u{f0010}\u{d7ff}\u{ffff}\u{10ffff}]{1,10}",
        // Arabic, Hebrew, Devanagari and Thai with their marks and joiners, in any order.
        "[\u{600}-\u{6ff}\u{200c}\u{200d} ]{0,40}",
        "[\u{590}-\u{5ff} a-z0-9()]{0,40}",
        "[\u{900}-\u{97f}\u{200c}\u{200d} ]{0,40}",
        "[\u{e00}-\u{e7f}]{0,80}",
        "[\u{300}-\u{36f}e]{0,60}",
        "[\u{fdf0}-\u{fdff}\u{fe00}-\u{fe0f}\u{1f600}-\u{1f64f}]{0,30}",
        "[A-Z]{150}",
        "[<>&'\"/()\\\\\\[\\]%]{0,40}",
    ]
}

fn document() -> impl Strategy<Value = Document> {
    let texts = proptest::collection::vec(text(), 20);
    (texts, any::<bool>(), 0..4_i32).prop_map(|(texts, letter, lines)| {
        let mut texts = texts.into_iter();
        let mut next =
            |most: usize| texts.next().unwrap_or_default().chars().take(most).collect::<String>();
        let mut document = samples::lines(lines * 15 + 1);
        // What must not be empty keeps a character of its own.
        document.number = format!("N{}", next(50));
        document.tax_name = format!("T{}", next(30));
        document.seller.name = format!("S{}", next(150));
        document.seller.address = vec![next(150), next(150)];
        document.seller.email = Some(next(150));
        document.seller.registration = Some(next(150));
        document.buyer.name = format!("B{}", next(150));
        document.buyer.company = next(150);
        document.buyer.address = (0..8).map(|_| next(150)).collect();
        for line in &mut document.lines {
            line.description = format!("{}D", next(900));
        }
        document.payment.as_mut().unwrap().method = Method::Other(format!("M{}", next(100)));
        document.notes = vec![next(2_000)];
        if letter {
            document.page = PageSize::Letter;
            document.kind = Kind::CreditNote {
                corrects: Reference {
                    number: format!("C{}", next(50)),
                    issued_at: document.issued_at,
                },
                reason: next(900),
                settlement: Settlement::Refund,
            };
        }
        document
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_gives_a_conforming_file(document in document()) {
        let pdf = render(&document);
        prop_assert!(pdf.is_ok(), "{}", pdf.unwrap_err());
    }

    /// Nothing in the document is what it should be.
    #[test]
    fn any_figures_give_a_file_or_a_refusal(
        amounts in proptest::collection::vec(any::<i64>(), 5),
        price in any::<i64>(),
        micro in any::<i64>(),
        at in any::<i64>(),
    ) {
        let mut document = samples::invoice();
        document.issued_at = bursar_core::time::Timestamp::from_micros(at);
        document.lines[0].unit_price = price;
        document.lines[0].quantity = bursar_documents::Quantity::from_micro(micro);
        document.lines[0].net = amounts[0];
        document.taxes[0].amount = amounts[1];
        document.totals.paid = amounts[2];
        document.totals.due = amounts[3];
        document.totals.gross = amounts[4];
        let refused = matches!(render(&document), Err(RenderError::Inconsistent(_)));
        prop_assert!(refused);
    }
}

/// A row that is higher than a page goes on over the next ones.
#[test]
fn a_row_higher_than_a_page_is_drawn() {
    let mut document = samples::invoice();
    document.lines[0].description = "\u{fdfd}".repeat(1_000);
    let pdf = render(&document).unwrap();
    let pages = lopdf::Document::load_mem(&pdf).unwrap().get_pages().len();
    assert!(pages > 2, "{pages}");
}

/// The far ends of time have dates, too.
#[test]
fn any_instant_can_be_printed() {
    for at in [i64::MIN, -1, 0, i64::MAX] {
        let mut document = samples::unpaid();
        let at = bursar_core::time::Timestamp::from_micros(at);
        (document.issued_at, document.due_at) = (at, Some(at));
        document.lines[0].period = Some((at, at));
        render(&document).unwrap();
    }
}
