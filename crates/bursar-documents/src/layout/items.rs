//! The table of what was sold.

use super::flow::{Flow, Style};
use super::table::{self, CellLines, Look, Rows};
use crate::document::{Document, Line, TaxCategory};
use crate::format;
use crate::text::{TextLine, clean};

pub(super) fn place(flow: &mut Flow, document: &Document) {
    let rows: Vec<Vec<TextLine>> =
        document.lines.iter().map(|line| figures(line, document)).collect();
    let titles: &[&str] = if super::speaks_of_tax(document) {
        &["Quantity", "Unit price", "Tax", "Amount"]
    } else {
        &["Quantity", "Unit price", "Amount"]
    };
    let widest = |index: usize| {
        let cells = rows.iter().filter_map(move |row| row.get(index));
        cells.fold(0.0, |most: f32, cell| most.max(cell.width)) * Style::BODY.size
    };
    let widths: Vec<_> = (0..).zip(titles).map(|(at, title)| (*title, widest(at))).collect();
    let columns = table::columns(flow, "Description", &widths);
    let room = columns.first().map_or(0.0, |column| column.right - column.left);
    let described = document.lines.iter().zip(rows).map(|(line, figures)| {
        let mut row = vec![description(line, document, room)];
        row.extend(figures.into_iter().map(|figure| vec![(figure, Style::BODY)]));
        row
    });
    let rows: Rows = described.collect();
    let below = super::sums::height(document);
    table::place(flow, &columns, rows, Look::MAIN, below);
}

/// What stands in the columns behind the description.
fn figures(line: &Line, document: &Document) -> Vec<TextLine> {
    let tax = match line.tax.category {
        TaxCategory::Standard | TaxCategory::ZeroRated => format::rate(line.tax.rate),
        TaxCategory::Exempt => "exempt".to_owned(),
        TaxCategory::ReverseCharge => "reverse".to_owned(),
        TaxCategory::Export | TaxCategory::OutOfScope => "none".to_owned(),
    };
    let quantity = format::quantity(line.quantity);
    let [price, net] = [line.unit_price, line.net].map(|it| format::amount(it, document.currency));
    let texts = if super::speaks_of_tax(document) {
        vec![quantity, price, tax, net]
    } else {
        vec![quantity, price, net]
    };
    texts.iter().map(|text| Style::BODY.figure(text)).collect()
}

fn description(line: &Line, document: &Document, width: f32) -> CellLines {
    let what = Style::BODY.lines(&clean(&line.description), width, None);
    let mut cell: CellLines = what.into_iter().map(|line| (line, Style::BODY)).collect();
    if let Some(period) = line.period {
        let period = format::period(period, &document.zone);
        let lines = Style::DETAIL.lines(&period, width, None);
        cell.extend(lines.into_iter().map(|line| (line, Style::DETAIL)));
    }
    cell
}
