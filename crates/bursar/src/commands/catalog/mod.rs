//! `bursar catalog`: files, without a server.

mod check;
mod diff;
mod show;

use anyhow::Result;
use clap::Subcommand;

use crate::problem::Answer;

/// What can be done with catalog files.
#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// Report every mistake in a catalog file, with line, column and what was expected
    #[command(after_help = check::EXAMPLES)]
    Check(check::CheckArgs),
    /// Print a catalog as tables; the one that is built in, without a file
    #[command(after_help = show::EXAMPLES)]
    Show(show::ShowArgs),
    /// Say what changes from one catalog to another, and for whom
    #[command(after_help = diff::EXAMPLES)]
    Diff(diff::DiffArgs),
}

pub(crate) fn run(command: &CatalogCommand) -> Result<Answer> {
    match command {
        CatalogCommand::Check(args) => check::run(args),
        CatalogCommand::Show(args) => show::run(args),
        CatalogCommand::Diff(args) => diff::run(args),
    }
}
