//! Tables for people: aligned columns without lines, so that `grep` and `awk` work on them.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

/// A table; the columns of `numbers`, counted from 0, go to the right. Ends with a line break.
pub(crate) fn of(header: &[&str], numbers: &[usize], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header.to_vec()).add_rows(rows);
    for number in numbers {
        if let Some(column) = table.column_mut(*number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    left_flush(&table.trim_fmt())
}

/// Names and values, one a line.
pub(crate) fn pairs(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines = rows.iter().map(|(name, value)| format!("{name:width$}  {value}\n"));
    lines.collect()
}

/// Without the blank that the table puts in front of every line.
fn left_flush(table: &str) -> String {
    let lines = table.lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
    lines.map(|line| format!("{line}\n")).collect()
}
