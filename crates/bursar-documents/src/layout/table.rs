//! Tables that go on over pages, their header repeated on each.

use super::flow::{Flow, Ink, Style};
use super::tree::{NodeId, Part};
use crate::text::TextLine;

/// A column, by its edges.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) left: f32,
    pub(super) right: f32,
    /// Figures stand on the right.
    pub(super) figures: bool,
}

/// The lines of one cell, each with its style.
pub(super) type CellLines = Vec<(TextLine, Style)>;

const HEADER: Style = Style::LABEL;

/// How much a table makes of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Above and below the text of a row.
    padding: f32,
    /// The rule below the header.
    rule: Ink,
    /// Not broken across pages if a page can hold it.
    unbroken: bool,
}

impl Look {
    /// The table that the document is about.
    pub(super) const MAIN: Self = Self { padding: 5.0, rule: Ink::Dark, unbroken: false };
    /// A table of details.
    pub(super) const DETAIL: Self = Self { padding: 3.5, rule: Ink::Hairline, unbroken: true };

    fn header_height(self) -> f32 {
        HEADER.leading() + self.padding + 1.0
    }
}

/// The rows of a table, from top to bottom, each with a cell for every column.
pub(super) type Rows = Vec<Vec<CellLines>>;

/// Places a table: the first column's cells head their rows. The header is never left alone, and
/// the last row stays with the `below` points of what sums it up.
pub(super) fn place(flow: &mut Flow, columns: &[Column], rows: Rows, look: Look, below: f32) {
    let whole: f32 = rows.iter().map(|row| height(row, look)).sum();
    let first = rows.first().map_or(0.0, |row| height(row, look));
    if look.unbroken {
        flow.keep_together(look.header_height() + whole);
    }
    flow.keep_together(look.header_height() + first);
    let table = flow.tree.add(Part::Table, None);
    let head = flow.tree.add(Part::TableHead, Some(table));
    header(flow, columns, look, Some(head));
    let body = flow.tree.add(Part::TableBody, Some(table));
    let last = rows.len().saturating_sub(1);
    for (index, row) in rows.into_iter().enumerate() {
        let with = if index == last { below } else { 0.0 };
        let together = height(&row, look) + with;
        if !flow.fits(together) && together <= flow.whole_page() - look.header_height() {
            turn(flow, columns, look);
        }
        place_row(flow, columns, row, look, body);
    }
}

/// The titles of the columns; on later pages they are there for the eye only.
fn header(flow: &mut Flow, columns: &[Column], look: Look, head: Option<NodeId>) {
    let row = head.map(|head| flow.tree.add(Part::Row, Some(head)));
    for column in columns {
        let node = row.map(|row| flow.tree.add(Part::ColumnHeader, Some(row)));
        let line = TextLine::new(column.title, HEADER.weight, false);
        put(flow, column, line, HEADER, node);
    }
    flow.y += look.header_height() - 1.0;
    let (left, right) = flow.edges();
    flow.rule(left, right, 1.0, look.rule);
    flow.y += 1.0;
}

/// The heights of a row's lines: the highest of each.
fn leadings(row: &[CellLines]) -> Vec<f32> {
    let count = row.iter().map(Vec::len).max().unwrap_or_default();
    let nth = |index: usize| {
        let cells = row.iter().filter_map(move |cell| cell.get(index));
        cells.fold(0.0, |height: f32, (_, style)| height.max(style.leading()))
    };
    (0..count).map(nth).collect()
}

fn height(row: &[CellLines], look: Look) -> f32 {
    leadings(row).iter().sum::<f32>() + look.padding * 2.0
}

fn place_row(flow: &mut Flow, columns: &[Column], row: Vec<CellLines>, look: Look, body: NodeId) {
    let group = flow.tree.add(Part::Row, Some(body));
    let nodes: Vec<NodeId> = (0..columns.len())
        .map(|index| {
            let first = index == 0;
            let part = if first { Part::RowHeader } else { Part::Cell };
            flow.tree.add(part, Some(group))
        })
        .collect();
    flow.y += look.padding;
    let leadings = leadings(&row);
    let mut cells: Vec<_> = row.into_iter().map(Vec::into_iter).collect();
    for leading in leadings {
        // Only a row that is higher than a page gets here without room.
        if !flow.fits(leading + look.padding) {
            turn(flow, columns, look);
            flow.y += look.padding;
        }
        for ((cell, column), node) in cells.iter_mut().zip(columns).zip(&nodes) {
            if let Some((line, style)) = cell.next() {
                put(flow, column, line, style, Some(*node));
            }
        }
        flow.y += leading;
    }
    flow.y += look.padding;
    let (left, right) = flow.edges();
    flow.rule(left, right, 0.5, Ink::Hairline);
}

fn turn(flow: &mut Flow, columns: &[Column], look: Look) {
    flow.turn();
    header(flow, columns, look, None);
}

fn put(flow: &mut Flow, column: &Column, line: TextLine, style: Style, node: Option<NodeId>) {
    if column.figures {
        flow.put_right(line, column.right, style, node);
    } else {
        flow.put(line, column.left, style, node);
    }
}

/// Columns that share the measure: figures as wide as their widest cell, the first column what is
/// left. `cells` has the widths in points of each figure column's cells.
pub(super) fn columns(
    flow: &Flow,
    first: &'static str,
    figures: &[(&'static str, f32)],
) -> Vec<Column> {
    const GAP: f32 = 16.0;
    let (left, right) = flow.edges();
    let mut edge = right;
    let mut columns = Vec::with_capacity(figures.len() + 1);
    for (title, widest) in figures.iter().rev() {
        let heading = TextLine::new(title, HEADER.weight, false).width * HEADER.size;
        let start = edge - widest.max(heading);
        columns.push(Column { title, left: start, right: edge, figures: true });
        edge = start - GAP;
    }
    columns.push(Column { title: first, left, right: edge, figures: false });
    columns.reverse();
    columns
}
