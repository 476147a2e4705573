//! `bursar keys`: who may call the API, and what for.

mod create;
mod list;
mod revoke;
mod rotate;

use anyhow::Result;
use bursar_core::time::Timestamp;
use bursar_store::ApiKeyRecord;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::problem::Answer;
use crate::{instant, json, output};

/// What can be done with API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a key and show its secret, once
    #[command(after_help = create::EXAMPLES)]
    Create(create::CreateArgs),
    /// List the keys; secrets are not kept
    List(list::ListArgs),
    /// Make a successor to a key; both work for a while
    #[command(after_help = rotate::EXAMPLES)]
    Rotate(rotate::RotateArgs),
    /// Make a key stop working
    #[command(after_help = revoke::EXAMPLES)]
    Revoke(revoke::RevokeArgs),
}

pub(crate) fn run(command: &KeysCommand) -> Result<Answer> {
    match command {
        KeysCommand::Create(args) => create::run(args),
        KeysCommand::List(args) => list::run(args),
        KeysCommand::Rotate(args) => rotate::run(args),
        KeysCommand::Revoke(args) => revoke::run(args),
    }
}

/// A key as programs read it, without its secret.
fn for_programs(key: &ApiKeyRecord, now: Timestamp) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "created_at": json::time(key.created_at),
        "expires_at": json::time_or_null(key.expires_at),
        "works": works(key, now),
    })
}

fn works(key: &ApiKeyRecord, now: Timestamp) -> bool {
    key.expires_at.is_none_or(|at| at > now)
}

/// Shows a new key, the only time that its secret is shown: the secret to stdout, so that it can be
/// captured, all else to stderr.
fn show_once(key: &ApiKeyRecord, secret: &str, now: Timestamp, is_json: bool) -> Result<()> {
    if is_json {
        let mut value = for_programs(key, now);
        if let Some(fields) = value.as_object_mut() {
            fields.insert("secret".to_owned(), secret.into());
        }
        return output::json(&value);
    }
    let until =
        key.expires_at.map_or_else(String::new, |at| format!(", until {}", instant::second(at)));
    output::note(&format!("{}, {:?}, may {}{until}.", key.id, key.name, key.scopes.join(", ")));
    output::note("Its secret follows. It is shown this once and not kept:");
    output::text(&format!("{secret}\n"))
}
