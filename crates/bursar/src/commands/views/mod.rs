//! `bursar views`: what is derived from the journal.

mod rebuild;

use anyhow::Result;
use clap::Subcommand;

use crate::problem::Answer;

/// What can be done with views.
#[derive(Debug, Subcommand)]
pub(crate) enum ViewsCommand {
    /// Make the views anew from the journal; the server must be stopped
    #[command(after_help = rebuild::EXAMPLES)]
    Rebuild(rebuild::RebuildArgs),
}

pub(crate) fn run(command: &ViewsCommand) -> Result<Answer> {
    match command {
        ViewsCommand::Rebuild(args) => rebuild::run(args),
    }
}
