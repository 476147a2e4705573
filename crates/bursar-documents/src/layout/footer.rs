//! The foot of every page: who issued it, and which page of how many it is.

use super::flow::{Flow, Ink, MARGIN, Style};
use super::header::labelled;
use crate::document::Document;
use crate::text::{TextLine, clean};

/// From the paper's bottom edge up to the rule above the footer.
const RISE: f32 = 70.0;
/// Most lines; the first page has all of it anyway.
const LINES: usize = 3;
/// Kept free for `Page 10 of 12`.
const NUMBERS: f32 = 90.0;

pub(super) fn place(flow: &mut Flow, document: &Document) {
    let style = Style::SMALL;
    let lines = style.lines(&issuer(document), flow.measure() - NUMBERS, Some(LINES));
    let (left, right) = flow.edges();
    let pages = std::mem::take(&mut flow.pages);
    let count = pages.len();
    for (number, page) in (1..).zip(pages) {
        flow.pages.push(page);
        flow.y = flow.size.1 - RISE;
        flow.rule(left, right, 0.5, Ink::Hairline);
        flow.y += 8.0;
        let numbers = TextLine::new(&format!("Page {number} of {count}"), style.weight, false);
        flow.put_right(numbers, right, style, None);
        for line in &lines {
            flow.put(line.clone(), MARGIN, style, None);
            flow.y += style.leading();
        }
    }
}

/// The seller in one line.
fn issuer(document: &Document) -> String {
    let seller = &document.seller;
    let mut parts = vec![clean(&seller.name)];
    parts.extend(seller.address.iter().map(|line| clean(line)));
    parts.extend(seller.country.map(|country| country.name().to_owned()));
    parts.push(labelled("VAT ID", seller.vat_id.as_deref()));
    parts.push(labelled("Tax number", seller.tax_id.as_deref()));
    parts.push(clean(seller.registration.as_deref().unwrap_or_default()));
    parts.push(clean(seller.email.as_deref().unwrap_or_default()));
    parts.retain(|part| !part.is_empty());
    parts.join(" \u{b7} ")
}
