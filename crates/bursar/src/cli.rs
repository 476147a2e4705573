//! The command line: what there is and how it is explained.

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    backup, balance, bench, catalog, database, export, invoice, invoices, keys, ledger, migrate,
    quote, restore, serve, verify, views,
};
use crate::output::Format;

// Paragraphs are one line each, wrapped to the terminal by clap; what is aligned is narrow enough for
// any.
const ABOUT: &str = "\
Bursar: subscriptions and credits for AI apps, self-hosted.

An app asks Bursar what an operation costs, holds credits while its job runs, and captures or releases \
them afterwards. Without a command, `bursar` serves in test mode on 127.0.0.1:8080 with its data in \
./bursar-data, and prints a key that works.";

const EXAMPLES: &str = "\
Examples:
  bursar                          serve in test mode; prints a key that works
  bursar serve --mode live --data /var/lib/bursar --listen 0.0.0.0:8080
  bursar quote video --units 5    what five seconds of video cost, and why
  bursar balance ada              what an account has
  bursar ledger --follow          every movement, as it happens
  bursar bench                    how fast it is, and whether its ledger agrees
  bursar verify                   prove every balance from the journal

Exit codes:
  0  done, or yes
  1  no: mistakes were found, not verified, not allowed
  2  it could not be done";

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "bursar",
    version,
    about = ABOUT,
    after_help = EXAMPLES,
    max_term_width = 100,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API (what `bursar` alone does)
    Serve(serve::ServeArgs),
    /// Check, show or compare catalog files
    #[command(subcommand)]
    Catalog(catalog::CatalogCommand),
    /// What an operation costs, why, and whether an account could run it
    Quote(quote::QuoteArgs),
    /// What an account has: credits, lots, holds, subscription
    Balance(balance::BalanceArgs),
    /// Every movement of credits with its double-entry postings
    Ledger(ledger::LedgerArgs),
    /// The invoices and credit notes of an account
    Invoices(invoices::InvoicesArgs),
    /// One invoice or credit note, also as the PDF that the customer gets
    Invoice(invoice::InvoiceArgs),
    /// Documents and postings for accountants, as CSV or JSON Lines
    #[command(subcommand)]
    Export(export::ExportCommand),
    /// Prove the journal and everything derived from it
    Verify(verify::VerifyArgs),
    /// Work on the views, which are derived from the journal
    #[command(subcommand)]
    Views(views::ViewsCommand),
    /// Copy the data into one file, also while a server runs
    Backup(backup::BackupArgs),
    /// Make a data directory from a backup
    Restore(restore::RestoreArgs),
    /// Move everything from a data directory into a database, or back
    Migrate(migrate::MigrateArgs),
    /// Look at a PostgreSQL database, or spread it over several machines
    #[command(subcommand)]
    Database(database::DatabaseCommand),
    /// Put load on a running server, and prove that its ledger agrees
    Bench(bench::BenchArgs),
    /// Make, list, rotate and revoke API keys, also while a server runs
    #[command(subcommand)]
    Keys(keys::KeysCommand),
}

/// Where the data is.
#[derive(Clone, Debug, Args)]
pub(crate) struct DataArgs {
    /// The data directory
    #[arg(long, value_name = "DIR", env = "BURSAR_DATA", default_value = "./bursar-data")]
    pub(crate) data: String,
}

/// Where the data is, for commands that both stores can serve.
#[derive(Clone, Debug, Args)]
pub(crate) struct StoreArgs {
    #[command(flatten)]
    dir: DataArgs,
    /// A PostgreSQL database for everything but files, which any number of servers may share:
    /// postgres://user:password@host/database; without it, the data directory has all
    #[arg(long, value_name = "URL", env = "BURSAR_DATABASE_URL", hide_env_values = true)]
    database: Option<String>,
}

impl StoreArgs {
    /// The data directory.
    pub(crate) fn dir(&self) -> &str {
        &self.dir.data
    }

    /// The database's URL. An empty one is none, as where a script sets the variable to nothing.
    pub(crate) fn database(&self) -> Option<&str> {
        self.database.as_deref().filter(|url| !url.is_empty())
    }
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct FormatArgs {
    /// For people (text) or for programs (json)
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

impl FormatArgs {
    /// For programs?
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }
}

/// Reads the arguments of this process. Ends it with a usage error, help or the version if that is
/// what they come to.
pub(crate) fn parse() -> Command {
    match Cli::parse().command {
        Some(command) => command,
        // Parsed, so that the environment variables of `serve` count for `bursar` alone too.
        None => Command::Serve(Alone::parse_from(["bursar"]).serve),
    }
}

/// `bursar` without a command.
#[derive(Debug, Parser)]
#[command(name = "bursar")]
struct Alone {
    #[command(flatten)]
    serve: serve::ServeArgs,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
