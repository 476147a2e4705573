//! Where everything goes: pages of placed text and rules, and the tree that says what each text is.
//!
//! Knows nothing of PDF; `paint` draws what comes out of here.
#![allow(
    clippy::float_arithmetic,
    reason = "places on paper are points and their fractions; no amount of money is computed here"
)]

mod flow;
mod footer;
mod header;
mod items;
mod sums;
mod table;
mod tree;

pub(crate) use flow::{Ink, Item, Page};
pub(crate) use tree::{NodeId, Part, Tree};

use crate::document::{Document, Kind, PageSize, Reference, TaxCategory};
use crate::format;
use crate::text::clean;
use flow::Flow;

/// A document on its pages.
pub(crate) struct Layout {
    /// Width and height of every page, in points.
    pub(crate) size: (f32, f32),
    pub(crate) pages: Vec<Page>,
    pub(crate) tree: Tree,
}

impl Layout {
    /// Lays out a document that has been checked.
    pub(crate) fn of(document: &Document) -> Self {
        let mut flow = Flow::new(paper(document.page), running_title(document));
        header::place(&mut flow, document);
        items::place(&mut flow, document);
        sums::place(&mut flow, document);
        footer::place(&mut flow, document);
        flow.finish()
    }
}

/// `Invoice INV-2026-000123`.
pub(crate) fn running_title(document: &Document) -> String {
    let number = clean(&document.number);
    format!("{} {number}", name(&document.kind))
}

/// What the document calls itself.
pub(crate) fn name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Invoice { .. } => "Invoice",
        Kind::CreditNote { .. } => "Credit note",
    }
}

/// `INV-2026-000123 of 14 March 2026`.
fn cited(reference: &Reference, document: &Document) -> String {
    let issued = format::date(reference.issued_at, &document.zone);
    format!("{} of {issued}", clean(&reference.number))
}

/// Whether the reader is to pay something: not what was taken back, nor what is owed to them.
fn awaits_payment(document: &Document) -> bool {
    document.totals.due > 0 && matches!(document.kind, Kind::Invoice { credited_by: None })
}

/// Whether there is anything to say about tax: not if nothing is subject to it, and no law wants a
/// word about that.
fn speaks_of_tax(document: &Document) -> bool {
    let mut taxes = document.taxes.iter();
    taxes.any(|tax| tax.tax.category != TaxCategory::OutOfScope || !clean(&tax.note).is_empty())
}

fn paper(size: PageSize) -> (f32, f32) {
    match size {
        PageSize::A4 => (595.276, 841.89),
        PageSize::Letter => (612.0, 792.0),
    }
}
