//! `bursar catalog check FILE`: every mistake at once.

use anyhow::Result;
use bursar_catalog::CheckReport;
use clap::Args;

use crate::cli::FormatArgs;
use crate::data::catalogs;
use crate::output;
use crate::problem::Answer;

pub(super) const EXAMPLES: &str = "\
Examples:
  bursar catalog check catalogs/scriptkit.toml
  bursar catalog check my.toml --format json

Exits with 1 if there is a mistake. A line reads file:line:column: field: what is wrong; what is \
expected.";

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The catalog file
    file: String,
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) fn run(args: &CheckArgs) -> Result<Answer> {
    let parsed = bursar_catalog::parse(&catalogs::read(&args.file)?);
    let report = CheckReport::of(&args.file, &parsed);
    if args.format.is_json() {
        output::json(&report)?;
    } else {
        output::text(&report.to_string())?;
    }
    Ok(if report.valid { Answer::Yes } else { Answer::No })
}
