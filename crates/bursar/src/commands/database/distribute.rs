//! `bursar database distribute`: the accounts over several machines.

use anyhow::Result;
use bursar_postgres::{DistributeError, ON_THE_COORDINATOR, Statement, statements};
use clap::Args;
use serde_json::json;

use super::DatabaseArgs;
use crate::cli::FormatArgs;
use crate::data::{self, database};
use crate::output;
use crate::problem::{self, Answer, Problem};

pub(super) const EXAMPLES: &str = "\
Examples:
  bursar database distribute --dry-run      the statements that it would run
  bursar database distribute --database postgres://bursar:secret@coordinator/billing

Citus (https://www.citusdata.com) is an extension that spreads tables over several PostgreSQL servers. Where \
it is installed, this lays all that belongs to one account on one shard, found by the hash of its id; what \
belongs to no account stays on the coordinator. Stop all servers first. Tables that are spread already are \
passed over.";

/// Which database.
#[derive(Debug, Args)]
pub(crate) struct DistributeArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// Print the statements, and do nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) fn run(args: &DistributeArgs) -> Result<Answer> {
    if args.dry_run {
        return print_statements(args);
    }
    let url = args.database.url()?;
    let each = |table: &str| output::note(&format!("Spreading {table}"));
    match data::runtime()?.block_on(bursar_postgres::distribute(url, each)) {
        Ok(done) => {
            if args.format.is_json() {
                output::json(&json!({
                    "database": done.place,
                    "distributed": done.now,
                    "were_distributed": done.before,
                    "on_the_coordinator": ON_THE_COORDINATOR,
                }))?;
            } else {
                let (now, before) = (done.now.len(), done.before.len());
                output::text(&format!(
                    "{}: {now} tables spread by account, {before} were before.\n",
                    done.place
                ))?;
                output::note("Servers connect to the coordinator. To prove it: bursar verify.");
            }
            Ok(Answer::Yes)
        }
        Err(DistributeError::Store(error)) => {
            Err(problem::of_store("distribute", database::NAME, &error))
        }
        Err(missing @ DistributeError::NoExtension { installable, .. }) => {
            Err(Problem::error(missing.to_string(), explanation(installable)))
        }
    }
}

fn print_statements(args: &DistributeArgs) -> Result<Answer> {
    let statements: Vec<String> =
        statements().into_iter().map(|Statement { sql, .. }| sql).collect();
    if args.format.is_json() {
        let kept = ON_THE_COORDINATOR;
        output::json(&json!({"statements": statements, "on_the_coordinator": kept}))?;
    } else {
        let lines = statements.iter().map(|sql| format!("{sql};\n"));
        output::text(&lines.collect::<String>())?;
        let kept = ON_THE_COORDINATOR.join(", ");
        output::text(&format!("-- These stay on the coordinator: {kept}\n"))?;
    }
    Ok(Answer::Yes)
}

/// What it is, and what to do without it.
fn explanation(installable: bool) -> String {
    let how = if installable {
        "Its owner can make it: CREATE EXTENSION citus."
    } else {
        "Citus must be installed on every one of its servers, be in shared_preload_libraries, and be made\n\
         in the database: CREATE EXTENSION citus. Debian has no package of it; citusdata.com has."
    };
    format!(
        "{how}\nIt is for when one database server is not enough. Until then nothing is to be done: any number \
         of\nservers of Bursar share one PostgreSQL as it is. `bursar database distribute --dry-run` shows what \
         this\nwould do."
    )
}
