//! `bursar backup FILE`: one file, of one moment, also of a running server.

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
  bursar backup /backups/bursar-2026-03-31.db --data /var/lib/bursar

The file is the journal with the plain tables beside it, as of one moment; it holds personal data and \
hashes of API keys. Nothing is ever overwritten. `bursar restore` makes a directory of it.";

/// What to copy where.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BackupArgs {
    /// The file to make
    file: String,
    #[command(flatten)]
    data: DataArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) fn run(args: &BackupArgs) -> Result<Answer> {
    let (file, dir) = (&args.file, &args.data.data);
    directory::must_have_data(dir)?;
    let progress = Progress::bytes("Copying");
    let copied = bursar_sqlite::backup(dir, file, |done, total| progress.at(done, total));
    drop(progress);
    copied.map_err(|error| problem::of_store("back up", dir, &error))?;
    let bytes = Path::new(file).metadata().map_or(0, |file| file.len());
    if args.format.is_json() {
        output::json(&json!({"file": file, "bytes": bytes}))?;
    } else {
        output::text(&format!("{file}: {bytes} bytes, all of {dir} as of one moment.\n"))?;
        output::note(&format!("To try it: bursar restore {file} --data DIR, then bursar verify."));
    }
    Ok(Answer::Yes)
}
