//! `bursar catalog show [FILE]`: a catalog as people read it.

use anyhow::Result;
use bursar_catalog::CatalogView;
use clap::Args;

use crate::cli::FormatArgs;
use crate::data::catalogs;
use crate::output;
use crate::problem::Answer;

pub(super) const EXAMPLES: &str = "\
Examples:
  bursar catalog show                     the catalog that is built in
  bursar catalog show my.toml --format json";

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The catalog file; the one that is built in, if left out
    file: Option<String>,
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) fn run(args: &ShowArgs) -> Result<Answer> {
    let catalog = catalogs::load(args.file.as_deref())?.catalog;
    if args.format.is_json() {
        output::json(&CatalogView::of(&catalog))?;
    } else {
        output::text(&bursar_catalog::show(&catalog))?;
    }
    Ok(Answer::Yes)
}
