//! `bursar database check`: what there is, without a server.

use anyhow::Result;
use bursar_core::readable;
use bursar_postgres::Inspection;
use clap::Args;
use serde_json::{Value, json};

use super::DatabaseArgs;
use crate::cli::FormatArgs;
use crate::data::{self, database};
use crate::problem::{self, Answer};
use crate::{output, table};

pub(super) const EXAMPLES: &str = "\
Examples:
  bursar database check
  bursar database check --format json | jq .connected

Rows are PostgreSQL's own estimates. Exits with 1 if servers of this version could not work on it now.";

/// Which database.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(super) fn run(args: &CheckArgs) -> Result<Answer> {
    let url = args.database.url()?;
    let found = data::runtime()?.block_on(bursar_postgres::inspect(url));
    let found = found.map_err(|error| problem::of_store("look at", database::NAME, &error))?;
    let (usable, verdict) = verdict(&found);
    if args.format.is_json() {
        output::json(&for_programs(&found, usable, verdict))?;
    } else {
        output::text(&for_people(&found, verdict))?;
    }
    Ok(if usable { Answer::Yes } else { Answer::No })
}

/// Can servers of this version work on it, and why, or why not?
fn verdict(found: &Inspection) -> (bool, &'static str) {
    let (schema, rows) = found.ours;
    match found.versions {
        _ if found.standby => (false, "it is a standby: servers need the primary"),
        _ if found.migrating => {
            (false, "a migration into it is not complete: `bursar migrate` again")
        }
        None => (true, "empty: the first server makes the schema"),
        Some(versions) if versions.readable_by > schema || versions.rows > rows => {
            (false, "made by a newer Bursar")
        }
        Some(versions) if versions.rows < rows => (
            true,
            "of an older version: the next server makes its tables anew, which takes a while",
        ),
        Some(versions) if versions.schema < schema => {
            (true, "of an older version: the next server brings it up")
        }
        Some(_) => (true, "as this version makes it"),
    }
}

fn for_people(found: &Inspection, verdict: &str) -> String {
    let versions = found.versions.map_or_else(
        || "none".to_owned(),
        |is| {
            format!("{}, for nodes from {} on; rows of kind {}", is.schema, is.readable_by, is.rows)
        },
    );
    let (commit, standbys) = &found.synchronous;
    let standbys = if standbys.is_empty() { "no standby" } else { standbys };
    let bytes = found.tables.iter().map(|(_, _, bytes)| bytes).sum();
    let taken: u64 = found.connected.iter().map(|others| others.count).sum();
    let rows = [
        ("State", verdict.to_owned()),
        ("PostgreSQL", found.server.clone()),
        ("Connection", if found.encrypted { "encrypted" } else { "not encrypted" }.to_owned()),
        ("Commits wait for", format!("synchronous_commit = {commit}, {standbys}")),
        ("Schema", versions),
        ("Spread by account", if found.distributed { "yes" } else { "no" }.to_owned()),
        ("Last commit", found.last_commit.to_string()),
        ("Size", readable::size(bytes)),
        ("Connections", format!("{taken} of {}", found.max_connections)),
    ];
    let mut text = format!("{}\n\n{}", found.place, table::pairs(&rows));
    if !found.tables.is_empty() {
        let row = |(name, rows, bytes): &(String, u64, u64)| {
            vec![name.clone(), rows.to_string(), readable::size(*bytes)]
        };
        let rows = found.tables.iter().map(row).collect();
        text.push_str(&format!(
            "\n{}",
            table::of(&["Table", "Rows, about", "Size"], &[1, 2], rows)
        ));
    }
    if !found.connected.is_empty() {
        let rows = found.connected.iter().map(|others| {
            vec![others.application.clone(), others.address.clone(), others.count.to_string()]
        });
        let head = ["Connected", "From", "Connections"];
        text.push_str(&format!("\n{}", table::of(&head, &[2], rows.collect())));
    }
    text
}

fn for_programs(found: &Inspection, usable: bool, verdict: &str) -> Value {
    let (commit, standbys) = &found.synchronous;
    let versions = found.versions.map(|versions| {
        json!({
            "schema": versions.schema,
            "readable_by": versions.readable_by,
            "rows": versions.rows,
        })
    });
    let tables = found.tables.iter();
    let tables: Vec<Value> = tables
        .map(|(name, rows, bytes)| json!({"table": name, "rows_estimated": rows, "bytes": bytes}))
        .collect();
    let connected = found.connected.iter().map(|others| {
        json!({
            "application": others.application,
            "address": others.address,
            "connections": others.count,
        })
    });
    json!({
        "database": found.place,
        "usable": usable,
        "state": verdict,
        "server_version": found.server,
        "standby": found.standby,
        "encrypted": found.encrypted,
        "synchronous_commit": commit,
        "synchronous_standby_names": standbys,
        "versions": versions,
        "distributed": found.distributed,
        "migrating": found.migrating,
        "last_commit": found.last_commit,
        "tables": tables,
        "connected": connected.collect::<Vec<_>>(),
        "max_connections": found.max_connections,
    })
}
