//! `bursar database`: what operators do with a PostgreSQL database.

mod check;
mod distribute;
mod report;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::problem::{Answer, Problem};

/// What can be done with databases.
#[derive(Debug, Subcommand)]
pub(crate) enum DatabaseCommand {
    /// Look at a database: versions, sizes, who is connected; changes nothing
    #[command(after_help = check::EXAMPLES)]
    Check(check::CheckArgs),
    /// Spread the accounts over the machines of a distributed PostgreSQL (Citus)
    #[command(after_help = distribute::EXAMPLES)]
    Distribute(distribute::DistributeArgs),
    /// Bring the table of statement lines up to date, for reports in SQL
    #[command(after_help = report::EXAMPLES)]
    Report(report::ReportArgs),
}

pub(crate) fn run(command: &DatabaseCommand) -> Result<Answer> {
    match command {
        DatabaseCommand::Check(args) => check::run(args),
        DatabaseCommand::Distribute(args) => distribute::run(args),
        DatabaseCommand::Report(args) => report::run(args),
    }
}

/// Which database.
#[derive(Debug, Args)]
struct DatabaseArgs {
    /// The database: postgres://user:password@host/database
    #[arg(long, value_name = "URL", env = "BURSAR_DATABASE_URL", hide_env_values = true)]
    database: Option<String>,
}

impl DatabaseArgs {
    fn url(&self) -> Result<&str> {
        self.database.as_deref().filter(|url| !url.is_empty()).ok_or_else(|| {
            Problem::error(
                "there is no database named",
                "Name it with BURSAR_DATABASE_URL, or --database URL: \
                 postgres://user:password@host/database.",
            )
        })
    }
}
