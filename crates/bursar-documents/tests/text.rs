//! What the pages say, read back from the files.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::float_arithmetic,
    reason = "a test stops where something isn't as it should be"
)]

mod programs;
mod samples;

use bursar_documents::{Document, render};

fn text(document: &Document) -> String {
    programs::text(&render(document).unwrap())
}

#[test]
fn every_sample_says_what_it_should() {
    for (name, document) in samples::all() {
        // What the eye sees of sixty lines is what it sees of three; the pages are counted below.
        if name != "sixty_lines" {
            insta::assert_snapshot!(name, text(&document));
        }
    }
}

#[test]
fn an_invoice_has_all_that_the_rules_ask_for() {
    let text = text(&samples::invoice());
    for said in [
        "INV-2026-000123",
        "14 March 2026",
        "ScriptKit GmbH",
        "VAT ID DE123456789",
        "Nordlicht Film ApS",
        "VAT 19%",
        "EUR 218.64 paid on 14 March 2026",
        "Paid with Visa •••• 4242 on 14 March 2026.",
        "Page 1 of 1",
    ] {
        assert!(text.contains(said), "{said} is missing in\n{text}");
    }
}

#[test]
fn a_credit_note_names_what_it_corrects() {
    let text = text(&samples::credit_note());
    for said in [
        "Credit note",
        "INV-2026-000123 of 14 March 2026",
        "Full refund within 7 days of the first subscription",
        "Refunded to Mastercard •••• 4444 on",
    ] {
        assert!(text.contains(said), "{said} is missing in\n{text}");
    }
}

#[test]
fn every_page_has_the_table_s_header_and_its_number() {
    let text = text(&samples::lines(200));
    let pages: Vec<&str> = text.split('\u{c}').filter(|page| !page.is_empty()).collect();
    assert!(pages.len() > 5, "{} pages", pages.len());
    for (number, page) in (1..).zip(&pages) {
        let numbered = format!("Page {number} of {}", pages.len());
        assert!(page.contains(&numbered), "{numbered} is missing in\n{page}");
        assert!(page.contains("INV-2026-000123"));
        if page.contains("batch") {
            assert!(page.contains("Unit price"), "no header in\n{page}");
        }
    }
    assert!(pages.last().unwrap().contains("batch 200"), "totals alone on a page");
    let rows = (1..=200).filter(|row| text.matches(&format!("batch {row:03}")).count() == 1);
    assert_eq!(rows.count(), 200);
}
