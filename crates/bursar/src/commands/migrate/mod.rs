//! `bursar migrate`: everything from a data directory into a database, or back.

mod meter;
mod outcome;

use std::time::Instant;

use anyhow::Result;
use bursar_store::StoreError;
use bursar_store::transfer::{self, Held, Moved, Target, TransferError};
use clap::Args;
use serde_json::json;

use crate::cli::{FormatArgs, StoreArgs};
use crate::data::{self, database, directory};
use crate::output;
use crate::problem::{self, Answer, Problem};
use meter::Meter;

const EXAMPLES: &str = "\
Examples:
  export BURSAR_DATABASE_URL=postgres://bursar:secret@db.example/billing
  bursar migrate --from sqlite --to postgres --data /var/lib/bursar
  bursar migrate --from postgres --to sqlite --data /var/lib/bursar-new

Stop all servers first. The source is held still and not written to. It is proved before, the target \
afterwards, as `bursar verify` does, and the two are compared, entry by entry and row by row. Until then \
no server opens the target. After an interruption the same command goes on where it was. Customers' files \
stay where they are.";

/// What to move where.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MigrateArgs {
    /// What has the data
    #[arg(long, value_enum, value_name = "STORE")]
    from: Kind,
    /// What gets it: an empty database, or a directory without data
    #[arg(long, value_enum, value_name = "STORE")]
    to: Kind,
    #[command(flatten)]
    data: StoreArgs,
    /// Forget what an interrupted migration has left in the target, and begin anew
    #[arg(long)]
    restart: bool,
    /// How many entries are copied at once; for tests
    #[arg(long, hide = true, default_value_t = transfer::PAGE)]
    page: usize,
    /// Say nothing of the progress
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    format: FormatArgs,
}

/// A kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// The databases in a data directory: --data
    Sqlite,
    /// A PostgreSQL database: --database
    Postgres,
}

pub(crate) fn run(args: &MigrateArgs) -> Result<Answer> {
    let (dir, url) = ends(args)?;
    let started = Instant::now();
    let mut meter = Meter::new(args.quiet, args.format);
    let runtime = data::runtime()?;
    let (name, moved) = runtime.block_on(async {
        match args.from {
            Kind::Sqlite => {
                let source =
                    bursar_sqlite::Export::open(dir).map_err(|error| failed(args, &error))?;
                let target = bursar_postgres::Import::begin(url, args.restart).await;
                let target = target.map_err(|error| failed(args, &error))?;
                move_all(source, target, args.page, &mut meter).await
            }
            Kind::Postgres => {
                let source = bursar_postgres::Export::open(url).await;
                let source = source.map_err(|error| failed(args, &error))?;
                directory::prepare(dir)?;
                let target = bursar_sqlite::Import::begin(dir, args.restart);
                let target = target.map_err(|error| failed(args, &error))?;
                move_all(source, target, args.page, &mut meter).await
            }
        }
    })?;
    drop(meter);
    match moved {
        Ok(moved) => {
            outcome::print(args, &name, &moved, started.elapsed())?;
            Ok(Answer::Yes)
        }
        Err(error) => refused(args, &error),
    }
}

/// The data directory and the database's URL.
fn ends(args: &MigrateArgs) -> Result<(&str, &str)> {
    if args.from == args.to {
        return Err(Problem::error(
            "--from and --to are the same",
            "Say --from sqlite --to postgres, or --from postgres --to sqlite.",
        ));
    }
    let url = args.data.database().ok_or_else(|| {
        Problem::error(
            "there is no database named",
            "Name it with BURSAR_DATABASE_URL, or --database URL: postgres://user:password@host/database.",
        )
    })?;
    if args.from == Kind::Sqlite {
        directory::must_have_data(args.data.dir())?;
    }
    Ok((args.data.dir(), url))
}

/// Moves everything; what the target is called.
async fn move_all(
    mut source: impl Held,
    mut target: impl Target,
    page: usize,
    meter: &mut Meter,
) -> Result<(String, std::result::Result<Moved, TransferError>)> {
    let report = &mut |step, done, total| meter.at(step, done, total);
    let moved = transfer::transfer(&mut source, &mut target, page, report).await;
    Ok((target.place().to_owned(), moved))
}

fn failed(args: &MigrateArgs, error: &StoreError) -> anyhow::Error {
    let dir = args.data.dir();
    match args.from {
        Kind::Sqlite => problem::of_store(&format!("migrate {dir} to"), database::NAME, error),
        Kind::Postgres => problem::of_store(&format!("migrate {} to", database::NAME), dir, error),
    }
}

fn refused(args: &MigrateArgs, error: &TransferError) -> Result<Answer> {
    match error {
        TransferError::Store(error) => Err(failed(args, error)),
        TransferError::Foreign { .. } => Err(Problem::error(
            format!("cannot migrate: {error}"),
            "Name another target, or forget that beginning with --restart.",
        )),
        TransferError::Refuted { .. } | TransferError::Differ(_) => {
            let what = error.to_string();
            if args.format.is_json() {
                output::json(&json!({"migrated": false, "difference": what}))?;
            } else {
                output::text(&format!("Not migrated: {what}\n"))?;
                output::note("The source is as it was, and no server opens the target.");
            }
            Ok(Answer::No)
        }
    }
}
