//! `bursar database report`: the statement as a table, for reports in SQL.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::DatabaseArgs;
use crate::cli::FormatArgs;
use crate::data::{self, database};
use crate::output;
use crate::problem::{self, Answer};

pub(super) const EXAMPLES: &str = "\
Examples:
  bursar database report                    add what was committed since the last time
  bursar database report --anew             empty it first

Servers answer from the journal and keep no table of statement lines. This brings the table \
bursar.statement up to date for reports in SQL, beside running servers; let a timer do it as often as \
your reports need it.";

/// Which database.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Empty the table, and fill it from the beginning
    #[arg(long)]
    anew: bool,
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) fn run(args: &ReportArgs) -> Result<Answer> {
    let url = args.database.url()?;
    let progress = |lines: u64, commit: u64| {
        output::note(&format!("{lines} lines, up to commit {commit}"));
    };
    let reported = data::runtime()?.block_on(bursar_postgres::report(url, args.anew, progress));
    let reported = reported.map_err(|error| problem::of_store("fill", database::NAME, &error))?;
    if args.format.is_json() {
        output::json(&json!({
            "database": reported.place,
            "lines_added": reported.lines,
            "last_commit": reported.last_commit,
        }))?;
    } else {
        output::text(&format!(
            "{}: {} lines added; the table statement has all up to commit {}.\n",
            reported.place, reported.lines, reported.last_commit
        ))?;
    }
    Ok(Answer::Yes)
}
