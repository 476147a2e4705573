//! `bursar catalog diff A B`: what a new catalog means, before it is in force.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::cli::FormatArgs;
use crate::data::catalogs;
use crate::output;
use crate::problem::Answer;

pub(super) const EXAMPLES: &str = "\
Examples:
  bursar catalog diff catalogs/scriptkit.toml next.toml

Each line says what changes and for whom: new quotes at once, subscribers at their next renewal, and \
so on. Exits with 0 whether or not there is a difference.";

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The catalog before
    before: String,
    /// The catalog after
    after: String,
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) fn run(args: &DiffArgs) -> Result<Answer> {
    let before = catalogs::load(Some(&args.before))?.catalog;
    let after = catalogs::load(Some(&args.after))?.catalog;
    let changes = bursar_catalog::diff(&before, &after);
    if args.format.is_json() {
        output::json(&json!({
            "before": before.version.to_string(),
            "after": after.version.to_string(),
            "changes": changes,
        }))?;
    } else {
        output::text(&bursar_catalog::describe(&changes))?;
    }
    Ok(Answer::Yes)
}
