//! What is printed of a migration that is done, and what to do then.

use std::time::Duration;

use anyhow::Result;
use bursar_core::readable;
use bursar_store::transfer::Moved;
use serde_json::json;

use super::{Kind, MigrateArgs};
use crate::{output, table};

/// Prints what was moved into the target of that name.
pub(super) fn print(args: &MigrateArgs, name: &str, moved: &Moved, took: Duration) -> Result<()> {
    if args.format.is_json() {
        return output::json(&for_programs(name, moved, took));
    }
    output::text(&for_people(name, moved, took))?;
    output::note(&next(args));
    Ok(())
}

fn for_people(name: &str, moved: &Moved, took: Duration) -> String {
    let Moved { proof, rows, resumed, last } = moved;
    let entries = match resumed {
        0 => proof.entries.to_string(),
        resumed => format!("{}, {resumed} of them by an earlier attempt", proof.entries),
    };
    let files = &proof.assets;
    let rows = [
        ("Accounts", proof.accounts.to_string()),
        ("Entries", entries),
        ("Events", proof.events.to_string()),
        ("Last commit", last.commit.to_string()),
        ("Idempotency keys", proof.keys.to_string()),
        ("Payments", proof.counts.payments.to_string()),
        ("Refunds", proof.counts.refunds.to_string()),
        ("Invoices", proof.counts.invoices.to_string()),
        ("Credit notes", proof.counts.credit_notes.to_string()),
        ("Files", format!("{} of {} in all", files.files, readable::size(files.bytes))),
        ("Plain rows", rows.to_string()),
        ("Proof", "both replayed; entries, states and plain rows are equal".to_owned()),
        ("Took", format!("{} ms", took.as_millis())),
    ];
    format!("Migrated to {name}\n\n{}", table::pairs(&rows))
}

fn for_programs(name: &str, moved: &Moved, took: Duration) -> serde_json::Value {
    let Moved { proof, rows, resumed, last } = moved;
    json!({
        "migrated": true,
        "to": name,
        "accounts": proof.accounts,
        "entries": proof.entries,
        "resumed_entries": resumed,
        "events": proof.events,
        "last_commit": last.commit,
        "idempotency_keys": proof.keys,
        "payments": proof.counts.payments,
        "refunds": proof.counts.refunds,
        "invoices": proof.counts.invoices,
        "credit_notes": proof.counts.credit_notes,
        "files": proof.assets.files,
        "files_bytes": proof.assets.bytes,
        "plain_rows": rows,
        "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
    })
}

/// What to do then: the bytes of files were not moved, and the source must not be served again.
fn next(args: &MigrateArgs) -> String {
    let dir = args.data.dir();
    match args.to {
        Kind::Postgres => format!(
            "\nStart servers with --database URL (BURSAR_DATABASE_URL). Customers' files are where they \
             were: in\n{dir}/vault, unless --vault says otherwise; several servers need one that all of \
             them reach.\nMove {dir}/journal.db and views.db away, so that no server starts on them \
             by mistake."
        ),
        Kind::Sqlite => format!(
            "\nStart the server with --data {dir} and without a database URL. Customers' files are where \
             they\nwere: name that place with --vault, unless it is {dir}/vault.\nRename or drop the schema \
             `bursar` of the database, so that no server starts on it by mistake."
        ),
    }
}
