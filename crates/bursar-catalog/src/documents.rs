//! `[documents]`: how invoices and credit notes are numbered and printed.

use bursar_core::catalog::DocumentPolicy;
use bursar_core::id::Key;

use crate::reader::{Table, Value};

const PAGES: [(&str, bool); 2] = [("A4", false), ("Letter", true)];

/// A number such as `INV-2026-000123` has to fit a line of a bank statement.
const SERIES_MOST: usize = 12;
const NOTES_MOST: usize = 10;
const NOTE_MOST: usize = 1_000;

/// The word of the file for the paper.
pub(crate) const fn page_word(letter: bool) -> &'static str {
    if letter { "Letter" } else { "A4" }
}

/// The policy.
pub(crate) fn read(root: &Table<'_>) -> Option<DocumentPolicy> {
    let default = DocumentPolicy {
        invoice_series: "INV".parse().ok()?,
        credit_note_series: "CN".parse().ok()?,
        letter: false,
        notes: Vec::new(),
    };
    match root.field("documents") {
        Some(value) => documents(&value, default),
        None => Some(default),
    }
}

fn documents(value: &Value<'_>, default: DocumentPolicy) -> Option<DocumentPolicy> {
    let table = value.table()?;
    let invoices = table.or("invoice_series", default.invoice_series, series);
    let credit_notes = table.or("credit_note_series", default.credit_note_series, series);
    check_series(&table, invoices.as_ref(), credit_notes.as_ref());
    let letter = table.or("page", default.letter, |value| value.choice(&PAGES));
    let notes = table.or("notes", default.notes, |value| {
        value.list_of_at_most(NOTES_MOST, |note| note.text_of_at_most(NOTE_MOST))
    });
    table.close();
    Some(DocumentPolicy {
        invoice_series: invoices?,
        credit_note_series: credit_notes?,
        letter: letter?,
        notes: notes?,
    })
}

/// A dash parts the series from the year, so it has none itself.
fn series(value: &Value<'_>) -> Option<Key> {
    let fits = |text: &&str| {
        text.len() <= SERIES_MOST && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let key = value.as_str().filter(fits).and_then(|text| text.parse().ok());
    if key.is_none() {
        let message = format!("{} is not a series of documents", value.quoted());
        value.wrong(message, format!("1 to {SERIES_MOST} letters or digits in quotes"));
    }
    key
}

/// Two documents of one number can't be told apart; nor, by people, `INV` and `inv`.
fn check_series(table: &Table<'_>, invoices: Option<&Key>, credit_notes: Option<&Key>) {
    let (Some(invoices), Some(credit_notes)) = (invoices, credit_notes) else {
        return;
    };
    if !invoices.as_str().eq_ignore_ascii_case(credit_notes.as_str()) {
        return;
    }
    let place = table.field("credit_note_series").or_else(|| table.field("invoice_series"));
    if let Some(value) = place {
        let message = format!("invoices and credit notes have the series {}", value.quoted());
        value.wrong(message, "a series of their own for each");
    }
}
