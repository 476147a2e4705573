//! One file per command; each reads from the top like a story.

pub(crate) mod backup;
pub(crate) mod balance;
pub(crate) mod bench;
pub(crate) mod catalog;
pub(crate) mod database;
pub(crate) mod export;
pub(crate) mod invoice;
pub(crate) mod invoices;
pub(crate) mod keys;
pub(crate) mod ledger;
pub(crate) mod migrate;
pub(crate) mod quote;
pub(crate) mod restore;
pub(crate) mod serve;
pub(crate) mod verify;
pub(crate) mod views;

use anyhow::Result;

use crate::cli::Command;
use crate::problem::Answer;

/// Does a command.
///
/// # Errors
/// What kept it from being done.
pub(crate) fn run(command: Command) -> Result<Answer> {
    match command {
        Command::Serve(args) => serve::run(&args),
        Command::Catalog(command) => catalog::run(&command),
        Command::Quote(args) => quote::run(&args),
        Command::Balance(args) => balance::run(&args),
        Command::Ledger(args) => ledger::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Views(command) => views::run(&command),
        Command::Backup(args) => backup::run(&args),
        Command::Restore(args) => restore::run(&args),
        Command::Database(command) => database::run(&command),
        Command::Migrate(args) => migrate::run(&args),
        Command::Invoices(args) => invoices::run(&args),
        Command::Invoice(args) => invoice::run(&args),
        Command::Export(command) => export::run(&command),
        Command::Bench(args) => bench::run(&args),
        Command::Keys(command) => keys::run(&command),
    }
}
