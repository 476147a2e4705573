//! Below the table: totals, tax by rate, the payment, remarks.

use super::flow::{Flow, Ink, MARGIN, Style};
use super::table::{self, Look, Rows};
use super::tree::{NodeId, Part};
use crate::document::{Document, Kind, Method, Payment, Settlement, Tax, TaxCategory, TaxLine};
use crate::format;
use crate::text::{TextLine, clean};

/// Above and below each total.
const PADDING: f32 = 3.5;

/// Between the table of lines and the totals.
const ABOVE: f32 = 10.0;

pub(super) fn place(flow: &mut Flow, document: &Document) {
    flow.y += ABOVE;
    totals(flow, document);
    if super::speaks_of_tax(document) {
        flow.y += 24.0;
        breakdown(flow, document);
    }
    notes(flow, document);
}

/// One total: its name, its amount, how strong, and whether a rule stands above it.
struct Total {
    name: String,
    amount: i64,
    strong: bool,
}

fn list(document: &Document) -> Vec<Total> {
    let total = |name: &str, amount, strong| Total { name: name.to_owned(), amount, strong };
    let sums = &document.totals;
    let speaks_of_tax = super::speaks_of_tax(document);
    let mut list = Vec::new();
    if speaks_of_tax {
        list.push(total("Subtotal", sums.net, false));
    }
    // What comes to nothing is only worth a row if there is no other tax; the table of taxes below
    // has them all.
    let any = document.taxes.iter().any(|line| line.amount != 0);
    let shown = document.taxes.iter().filter(|line| line.amount != 0 || !any);
    let most = if any { usize::MAX } else { usize::from(speaks_of_tax) };
    for line in shown.take(most) {
        list.push(total(&tax_name(document, line.tax), line.amount, false));
    }
    let (whole, paid, due) = match &document.kind {
        Kind::CreditNote { settlement: Settlement::Refund, .. } => {
            ("Total credited", "Refunded", Some("To be refunded"))
        }
        Kind::CreditNote { .. } => ("Total credited", "Returned by the bank", None),
        // What was cancelled is not due; the sentence beside the totals says so.
        Kind::Invoice { credited_by: Some(_) } if sums.due > 0 => ("Total", "Paid", None),
        Kind::Invoice { .. } => ("Total", "Paid", Some("Amount due")),
    };
    list.push(total(whole, sums.gross, true));
    if sums.paid != 0 {
        list.push(total(paid, sums.paid.saturating_neg(), false));
    }
    list.extend(due.map(|due| total(due, sums.due, true)));
    list
}

/// How high the totals are, with the space above them.
pub(super) fn height(document: &Document) -> f32 {
    ABOVE + list(document).iter().map(row_height).sum::<f32>()
}

fn row_height(total: &Total) -> f32 {
    style(total).leading() + PADDING * 2.0
}

/// The totals on the right, and beside them how they were paid.
fn totals(flow: &mut Flow, document: &Document) {
    let list = list(document);
    flow.keep_together(list.iter().map(row_height).sum());
    let (_, right) = flow.edges();
    let left = right - flow.measure() * 0.5;
    let (top, first_page) = (flow.y, flow.pages.len());
    let table = flow.tree.add(Part::Table, None);
    for (index, total) in list.iter().enumerate() {
        if !flow.fits(row_height(total)) {
            flow.turn();
        }
        if total.strong && index > 0 {
            flow.rule(left, right, 0.75, Ink::Dark);
        }
        flow.y += PADDING;
        let row = flow.tree.add(Part::Row, Some(table));
        place_total(flow, document, total, row, (left, right));
        flow.y += style(total).leading() + PADDING;
    }
    let below = flow.y;
    // So many totals that they went on over pages have the payment below them.
    flow.y = if flow.pages.len() == first_page { top } else { below };
    flow.y += PADDING;
    settled(flow, document, flow.measure() * 0.5 - 24.0);
    flow.y = flow.y.max(below);
}

fn style(total: &Total) -> Style {
    if total.strong { Style::STRONG } else { Style::BODY }
}

fn place_total(
    flow: &mut Flow,
    document: &Document,
    total: &Total,
    row: NodeId,
    (left, right): (f32, f32),
) {
    let style = style(total);
    let amount = if total.strong {
        format::money(total.amount, document.currency)
    } else {
        format::amount(total.amount, document.currency)
    };
    let figure = style.figure(&amount);
    let room = right - left - figure.width * style.size - 12.0;
    let name = flow.tree.add(Part::RowHeader, Some(row));
    for line in style.lines(&total.name, room, Some(1)) {
        flow.put(line, left, style, Some(name));
    }
    let cell = flow.tree.add(Part::Cell, Some(row));
    flow.put_right(figure, right, style, Some(cell));
}

/// `VAT 19%`, `VAT, reverse charge`.
fn tax_name(document: &Document, tax: Tax) -> String {
    let name = clean(&document.tax_name);
    match tax.category {
        TaxCategory::Standard | TaxCategory::ZeroRated => {
            format!("{name} {}", format::rate(tax.rate))
        }
        TaxCategory::Exempt => format!("{name}, exempt"),
        TaxCategory::ReverseCharge => format!("{name}, reverse charge"),
        TaxCategory::Export => format!("{name}, export"),
        TaxCategory::OutOfScope => format!("{name}, not applicable"),
    }
}

/// In words, how what is billed or credited was settled.
fn settled(flow: &mut Flow, document: &Document, width: f32) {
    let sentence = match (&document.kind, &document.payment) {
        (Kind::CreditNote { settlement: Settlement::Offset, corrects, .. }, _) => format!(
            "{} was not paid. It is cancelled: nothing is due for it, and nothing is refunded.",
            clean(&corrects.number)
        ),
        (Kind::Invoice { credited_by: Some(note) }, None) => {
            format!("Cancelled by {}: nothing is due.", super::cited(note, document))
        }
        (_, Some(payment)) => paid(document, payment),
        (_, None) => return,
    };
    let node = flow.tree.add(Part::Paragraph, None);
    for line in Style::BODY.lines(&sentence, width, Some(5)) {
        flow.put(line, MARGIN, Style::BODY, Some(node));
        flow.y += Style::BODY.leading();
    }
}

/// `Paid with Visa •••• 4242 on 14 March 2026.`, or how much of it was.
fn paid(document: &Document, payment: &Payment) -> String {
    let (done, preposition) = match &document.kind {
        Kind::Invoice { .. } => ("paid", "with"),
        Kind::CreditNote { settlement: Settlement::Chargeback, .. } => ("returned", "to"),
        Kind::CreditNote { .. } => ("refunded", "to"),
    };
    let how = match &payment.method {
        Method::Card { brand, last_four } => {
            let dots = "\u{2022}\u{2022}\u{2022}\u{2022}";
            format!("{preposition} {}\u{a0}{dots}\u{a0}{last_four}", clean(brand))
        }
        Method::Other(name) => format!("by {}", clean(name)),
    };
    let on = format::date(payment.paid_at, &document.zone);
    if document.totals.due == 0 {
        let (first, rest) = done.split_at_checked(1).unwrap_or(("", done));
        return format!("{}{rest} {how} on {on}.", first.to_uppercase());
    }
    let part = format::money(document.totals.paid, document.currency);
    format!("{part} {done} {how} on {on}.")
}

/// Tax by category and rate, with what the law wants said.
fn breakdown(flow: &mut Flow, document: &Document) {
    let figure = |amount| Style::DETAIL.figure(&format::amount(amount, document.currency));
    let rows: Vec<(&TaxLine, [TextLine; 2])> =
        document.taxes.iter().map(|tax| (tax, [figure(tax.net), figure(tax.amount)])).collect();
    let widest = |index: usize| {
        let cells = rows.iter().filter_map(move |(_, figures)| figures.get(index));
        cells.fold(0.0, |most: f32, cell| most.max(cell.width)) * Style::DETAIL.size
    };
    let widths = [("Net", widest(0)), ("Tax", widest(1))];
    let columns = table::columns(flow, "Tax by rate", &widths);
    let room = columns.first().map_or(0.0, |column| column.right - column.left);
    let rows = rows.into_iter().map(|(tax, figures)| {
        let name = tax_name(document, tax.tax);
        let note = clean(&tax.note);
        let mut first = Vec::new();
        for text in [name, note] {
            let lines = Style::DETAIL.lines(&text, room, None);
            first.extend(lines.into_iter().map(|line| (line, Style::DETAIL)));
        }
        let mut row = vec![first];
        row.extend(figures.map(|figure| vec![(figure, Style::DETAIL)]));
        row
    });
    let rows: Rows = rows.collect();
    table::place(flow, &columns, rows, Look::DETAIL, 0.0);
}

fn notes(flow: &mut Flow, document: &Document) {
    for note in &document.notes {
        flow.y += 12.0;
        flow.paragraph(&clean(note), Style::SOFT, Part::Paragraph);
    }
}
