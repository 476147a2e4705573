//! The top of the first page: what it is, from whom, for whom, how much.

use super::flow::{Flow, Ink, MARGIN, Style};
use super::tree::Part;
use crate::document::{Document, Kind, Settlement};
use crate::format;
use crate::text::{TextLine, clean};

/// Where the values stand that belong to the labels on the left.
const VALUES: f32 = 106.0;
/// Between the two parties.
const GUTTER: f32 = 28.0;
/// Most lines of one party. Longer ones are cut here; the attached XML has everything.
const PARTY_LINES: usize = 24;

pub(super) fn place(flow: &mut Flow, document: &Document) {
    title(flow, document);
    facts(flow, document);
    flow.y += 20.0;
    parties(flow, document);
    flow.y += 24.0;
    let headline = headline(document);
    flow.paragraph(&headline, Style::HEADLINE, Part::Heading(headline.clone()));
    flow.y += 14.0;
}

/// The document's name on the left, the seller's on the right.
fn title(flow: &mut Flow, document: &Document) {
    let (left, right) = flow.edges();
    let top = flow.y;
    let text = super::name(&document.kind);
    let node = flow.tree.add(Part::Title(text.to_owned()), None);
    for line in Style::TITLE.lines(text, flow.measure(), Some(1)) {
        flow.put(line, left, Style::TITLE, Some(node));
    }
    let below = top + Style::TITLE.leading();

    let name = clean(&document.seller.name);
    let node = flow.tree.add(Part::Paragraph, None);
    flow.y = top + 7.0;
    for line in Style::NAME.lines(&name, flow.measure() * 0.6, Some(3)) {
        flow.put_right(line, right, Style::NAME, Some(node));
        flow.y += Style::NAME.leading();
    }
    flow.y = flow.y.max(below) + 10.0;
}

/// Number, date and what else identifies it: a label and a value a line.
fn facts(flow: &mut Flow, document: &Document) {
    let date = |at| format::date(at, &document.zone);
    let mut facts =
        vec![("Number", clean(&document.number)), ("Date of issue", date(document.issued_at))];
    match &document.kind {
        Kind::CreditNote { corrects, reason, .. } => {
            facts.push(("Corrects", super::cited(corrects, document)));
            facts.push(("Reason", clean(reason)));
        }
        Kind::Invoice { credited_by: Some(note) } => {
            facts.push(("Credited by", super::cited(note, document)));
        }
        Kind::Invoice { credited_by: None } => {}
    }
    if let Some(due_at) = document.due_at.filter(|_| super::awaits_payment(document)) {
        facts.push(("Due", date(due_at)));
    }
    facts.push(("Account", document.buyer.account.to_string()));

    let width = flow.measure() - VALUES;
    for (label, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        let node = flow.tree.add(Part::Paragraph, None);
        let name = TextLine::new(&format!("{label} "), Style::SOFT.weight, false);
        flow.put(name, MARGIN, Style::SOFT, Some(node));
        for line in Style::BODY.lines(value, width, Some(6)) {
            flow.put(line, MARGIN + VALUES, Style::BODY, Some(node));
            flow.y += Style::BODY.leading();
        }
    }
}

/// Seller and buyer, side by side.
fn parties(flow: &mut Flow, document: &Document) {
    let width = (flow.measure() - GUTTER) / 2.0;
    let top = flow.y;
    party(flow, "From", &seller(document), MARGIN, width);
    let below = flow.y;
    flow.y = top;
    let buyer = buyer(document);
    let label = match document.kind {
        Kind::Invoice { .. } => "Billed to",
        Kind::CreditNote { .. } => "Credited to",
    };
    party(flow, label, &buyer, MARGIN + width + GUTTER, width);
    flow.y = flow.y.max(below);
}

fn party(flow: &mut Flow, label: &str, texts: &[String], x: f32, width: f32) {
    flow.rule(x, x + width, 0.75, Ink::Hairline);
    flow.y += 8.0;
    let node = flow.tree.add(Part::Heading(label.to_owned()), None);
    for line in Style::LABEL.lines(label, width, Some(1)) {
        flow.put(line, x, Style::LABEL, Some(node));
        flow.y += Style::LABEL.leading() + 2.0;
    }
    let mut left = PARTY_LINES;
    let said = texts.iter().filter(|text| !text.is_empty());
    for (index, text) in said.enumerate() {
        let style = if index == 0 { Style::STRONG } else { Style::BODY };
        let lines = style.lines(text, width, Some(if index == 0 { 5 } else { 3 }.min(left)));
        left = left.saturating_sub(lines.len());
        if lines.is_empty() {
            continue;
        }
        let node = flow.tree.add(Part::Paragraph, None);
        for line in lines {
            flow.put(line, x, style, Some(node));
            flow.y += style.leading();
        }
    }
}

fn seller(document: &Document) -> Vec<String> {
    let seller = &document.seller;
    let mut texts = vec![clean(&seller.name)];
    texts.extend(seller.address.iter().map(|line| clean(line)));
    texts.extend(seller.country.map(|country| country.name().to_owned()));
    texts.push(labelled("VAT ID", seller.vat_id.as_deref()));
    texts.push(labelled("Tax number", seller.tax_id.as_deref()));
    texts.push(clean(seller.registration.as_deref().unwrap_or_default()));
    texts.push(clean(seller.email.as_deref().unwrap_or_default()));
    texts
}

fn buyer(document: &Document) -> Vec<String> {
    let buyer = &document.buyer;
    let mut texts = vec![clean(&buyer.company), clean(&buyer.name)];
    texts.extend(buyer.address.iter().map(|line| clean(line)));
    texts.extend(buyer.country.map(|country| country.name().to_owned()));
    texts.push(labelled("VAT ID", buyer.vat_id.as_deref()));
    texts
}

/// `VAT ID DE123456789`, or nothing.
pub(super) fn labelled(label: &str, value: Option<&str>) -> String {
    match clean(value.unwrap_or_default()) {
        value if value.is_empty() => value,
        value => format!("{label} {value}"),
    }
}

/// The one sentence to read: `USD 105.91 paid on 14 March 2026`.
fn headline(document: &Document) -> String {
    let totals = &document.totals;
    let gross = format::money(totals.gross, document.currency);
    let due = format::money(totals.due, document.currency);
    let date = |at| format::date(at, &document.zone);
    let done_at = document.payment.as_ref().map(|payment| date(payment.paid_at));
    let on = done_at.map_or_else(String::new, |at| format!(" on {at}"));
    match &document.kind {
        Kind::CreditNote { settlement: Settlement::Offset, .. } => format!("{gross} credited"),
        Kind::CreditNote { settlement: Settlement::Chargeback, .. } => {
            format!("{gross} returned by the bank{on}")
        }
        Kind::CreditNote { .. } if totals.due == 0 => format!("{gross} refunded{on}"),
        Kind::CreditNote { .. } => format!("{due} to be refunded"),
        Kind::Invoice { .. } if totals.gross == 0 && totals.due == 0 => format!("{due} due"),
        Kind::Invoice { .. } if totals.due == 0 => format!("{gross} paid{on}"),
        Kind::Invoice { credited_by: Some(note) } => {
            format!("{gross} cancelled on {}", date(note.issued_at))
        }
        Kind::Invoice { credited_by: None } => match document.due_at {
            Some(at) => format!("{due} due by {}", date(at)),
            None => format!("{due} due on receipt"),
        },
    }
}
