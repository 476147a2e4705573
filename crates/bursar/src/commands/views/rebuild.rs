//! `bursar views rebuild`: everything that is looked up, made anew.

use std::time::Instant;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::cli::{DataArgs, FormatArgs};
use crate::data::directory;
use crate::output;
use crate::problem::{self, Answer};
use crate::progress::Progress;

pub(super) const EXAMPLES: &str = "\
Examples:
  bursar views rebuild --data /var/lib/bursar

Safe at any time with the server stopped: everything in the views comes from the journal. The server \
does it by itself where they are missing, damaged or of another version.";

#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) fn run(args: &RebuildArgs) -> Result<Answer> {
    let dir = &args.data.data;
    directory::must_have_data(dir)?;
    let started = Instant::now();
    let progress = Progress::new("Rebuilding", "commits");
    let mut commits = 0;
    let rebuilt = bursar_sqlite::rebuild_views(dir, |done, total| {
        commits = done;
        progress.at(done, total);
    });
    drop(progress);
    rebuilt.map_err(|error| problem::of_store("rebuild the views of", dir, &error))?;
    let took = started.elapsed().as_millis();
    if args.format.is_json() {
        output::json(&json!({"data": dir, "commits": commits, "milliseconds": took}))?;
    } else {
        output::text(&format!("{dir}: views rebuilt from {commits} commits in {took} ms.\n"))?;
    }
    Ok(Answer::Yes)
}
