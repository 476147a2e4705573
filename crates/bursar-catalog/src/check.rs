//! The result of checking a catalog file, for people and for programs.

use std::fmt;

use bursar_core::catalog::Catalog;
use serde::Serialize;

use crate::mistake::Mistake;

/// What `check` says of a file. Displayed it is one line per mistake and a summary, each with a line
/// break; serialized it is the same for programs.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport<'a> {
    /// The file's name, as the caller gave it.
    pub file: &'a str,
    /// No mistakes?
    pub valid: bool,
    /// The content hash, in hexadecimal, of a valid catalog.
    pub version: Option<String>,
    /// The mistakes in the order of the file.
    pub mistakes: &'a [Mistake],
    #[serde(skip)]
    summary: String,
}

impl<'a> CheckReport<'a> {
    /// The report on what [`parse`](crate::parse) made of the file of that name.
    pub fn of(file: &'a str, parsed: &'a Result<Catalog, Vec<Mistake>>) -> Self {
        match parsed {
            Ok(catalog) => Self {
                file,
                valid: true,
                version: Some(catalog.version.to_string()),
                mistakes: &[],
                summary: in_order(catalog),
            },
            Err(mistakes) => Self {
                file,
                valid: false,
                version: None,
                mistakes,
                summary: counted(mistakes.len(), "mistake"),
            },
        }
    }
}

fn in_order(catalog: &Catalog) -> String {
    format!(
        "in order: {} with {}, {} and {}, version {}",
        catalog.name,
        counted(catalog.plans.len(), "plan"),
        counted(catalog.packs.len(), "pack"),
        counted(catalog.operations.len(), "operation"),
        catalog.version,
    )
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {}", crate::words::plural(noun, count == 1))
}

impl fmt::Display for CheckReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in self.mistakes {
            writeln!(f, "{}", mistake.in_file(self.file))?;
        }
        writeln!(f, "{}: {}", self.file, self.summary)
    }
}
