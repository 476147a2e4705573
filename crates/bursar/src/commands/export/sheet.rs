//! Rows as CSV or JSON Lines.

use std::io::Write;

use anyhow::Result;
use serde::{Serialize, Serializer};

use super::cell::Cell;

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SheetFormat {
    /// RFC 4180 with a line of names
    #[default]
    Csv,
    /// One JSON object a line
    Jsonl,
}

/// A table that is written row by row.
pub(super) struct Sheet<W: Write> {
    columns: Vec<&'static str>,
    out: Out<W>,
    rows: u64,
}

/// A row as an object whose fields are in the order of the columns.
struct Object<'a> {
    columns: &'a [&'static str],
    cells: &'a [Cell],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cells = self.cells.iter().map(Cell::json);
        serializer.collect_map(self.columns.iter().zip(cells))
    }
}

enum Out<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Jsonl(W),
}

impl<W: Write> Sheet<W> {
    /// Begins a table with these columns.
    pub(super) fn new(format: SheetFormat, columns: Vec<&'static str>, to: W) -> Result<Self> {
        let out = match format {
            SheetFormat::Csv => {
                let mut writer =
                    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(to);
                writer.write_record(&columns)?;
                Out::Csv(Box::new(writer))
            }
            SheetFormat::Jsonl => Out::Jsonl(to),
        };
        Ok(Self { columns, out, rows: 0 })
    }

    /// Writes a row, which has a cell for each column.
    pub(super) fn row(&mut self, cells: &[Cell]) -> Result<()> {
        debug_assert_eq!(cells.len(), self.columns.len(), "a cell for each column");
        self.rows = self.rows.saturating_add(1);
        match &mut self.out {
            Out::Csv(writer) => writer.write_record(cells.iter().map(Cell::csv))?,
            Out::Jsonl(writer) => {
                let row = Object { columns: &self.columns, cells };
                serde_json::to_writer(&mut *writer, &row)?;
                writer.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    /// Passes on what was held back: where it was written to, and how many rows there were.
    pub(super) fn finish(self) -> Result<(W, u64)> {
        let to = match self.out {
            Out::Csv(writer) => writer.into_inner().map_err(|error| error.into_error())?,
            Out::Jsonl(writer) => writer,
        };
        Ok((to, self.rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: SheetFormat) -> String {
        let columns = vec!["number", "buyer", "net", "version"];
        let mut sheet = Sheet::new(format, columns, Vec::new()).unwrap();
        let text = Cell::text("Rossi, \"Da Vinci\"\nS.p.A.");
        let net = Cell::Decimal("-1.50".to_owned());
        sheet.row(&[Cell::word("INV-2026-000001"), text, net, Cell::Whole(7)]).unwrap();
        sheet.row(&[Cell::Empty, Cell::text("=cmd"), Cell::Empty, Cell::Empty]).unwrap();
        let (bytes, rows) = sheet.finish().unwrap();
        assert_eq!(rows, 2);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn csv_is_as_rfc_4180_has_it() {
        assert_eq!(
            written(SheetFormat::Csv),
            "number,buyer,net,version\r\n\
             INV-2026-000001,\"Rossi, \"\"Da Vinci\"\"\nS.p.A.\",-1.50,7\r\n\
             ,'=cmd,,\r\n"
        );
    }

    #[test]
    fn json_lines_are_typed() {
        assert_eq!(
            written(SheetFormat::Jsonl),
            "{\"number\":\"INV-2026-000001\",\"buyer\":\"Rossi, \\\"Da Vinci\\\"\\nS.p.A.\",\
             \"net\":\"-1.50\",\"version\":7}\n\
             {\"number\":null,\"buyer\":\"=cmd\",\"net\":null,\"version\":null}\n"
        );
    }
}
