//! Everything that is printed passes here: results to stdout, all else to stderr.

use std::io::{self, Write};

use anyhow::Result;
use serde::Serialize;

use crate::problem::Problem;

/// How results are printed: for people, or for programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

/// Prints text as it is.
pub(crate) fn text(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    // At once: whoever follows a ledger through a pipe is waiting for it.
    Ok(out.flush()?)
}

/// Prints a value as JSON that people can read too.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    text(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// Prints a value as one line of JSON, for streams.
pub(crate) fn json_line(value: &impl Serialize) -> Result<()> {
    text(&format!("{}\n", serde_json::to_string(value)?))
}

/// Prints what is not a result, such as what a command has done, to stderr.
pub(crate) fn note(line: &str) {
    // Nobody is told that nobody can be told anything.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Prints an error with what would fix it.
pub(crate) fn error(error: &anyhow::Error) {
    note(&format!("error: {error:#}"));
    let problem = error.chain().find_map(|cause| cause.downcast_ref::<Problem>());
    if let Some(problem) = problem {
        note(&format!("\n  {}", problem.fix.replace('\n', "\n  ")));
    }
}
