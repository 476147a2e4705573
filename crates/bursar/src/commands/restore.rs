//! `bursar restore FILE`: a data directory from a backup.

use std::path::Path;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use crate::cli::{DataArgs, FormatArgs};
use crate::data::directory;
use crate::output;
use crate::problem::{self, Answer};
use crate::progress::Progress;

const EXAMPLES: &str = "\
Examples:
  bursar restore /backups/bursar-2026-03-31.db --data /var/lib/bursar-new

The directory must be empty or not there yet. What happened after the backup is not in it.";

/// What to restore where.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RestoreArgs {
    /// The backup
    file: String,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) fn run(args: &RestoreArgs) -> Result<Answer> {
    let (file, dir) = (&args.file, &args.data.data);
    // Before a directory is made for nothing.
    Path::new(file)
        .metadata()
        .map_err(|error| problem::of_file(&format!("cannot read the backup {file}"), &error))?;
    directory::prepare(dir)?;
    let failed = |error| problem::of_store(&format!("restore {file} into"), dir, &error);
    bursar_sqlite::restore(file, dir).map_err(failed)?;
    let progress = Progress::new("Building the views", "commits");
    let rebuilt = bursar_sqlite::rebuild_views(dir, |done, total| progress.at(done, total));
    drop(progress);
    rebuilt.map_err(failed)?;
    if args.format.is_json() {
        output::json(&json!({"file": file, "data": dir}))?;
    } else {
        output::text(&format!("{dir}: restored from {file}, its views built.\n"))?;
        output::note(&format!("To prove it: bursar verify --data {dir}"));
    }
    Ok(Answer::Yes)
}
