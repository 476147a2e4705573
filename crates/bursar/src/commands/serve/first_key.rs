//! The keys that are there from the start.
//!
//! In test mode a key is made and its secret kept readable in the data directory, so that every start
//! prints the same one and the README's lines keep working. That is a convenience for trying things
//! out: a test key moves no money. Live keys are kept only as hashes, and their secrets are shown
//! once.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Result;
use bursar_core::time::Timestamp;
use bursar_engine::access::{Mode, Scope};
use bursar_store::{ApiKeyRecord, Registry, StoreError};

use crate::data::{directory, keys, mode};
use crate::instant;
use crate::problem::{self, Problem};

/// Sets the first key, so that scripts need not read it from anywhere.
pub(super) const BOOTSTRAP: &str = "BURSAR_BOOTSTRAP_KEY";
/// What it is listed as.
const NAME: &str = "bootstrap";

/// The secret that the environment sets, checked. Before a directory is made for the wrong mode.
pub(super) fn bootstrap(mode: Mode) -> Result<Option<String>> {
    let secret = match std::env::var(BOOTSTRAP) {
        Ok(secret) if !secret.is_empty() => secret,
        Ok(_) | Err(std::env::VarError::NotPresent) => return Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            let fix = "An API key is letters, digits, - and _.";
            return Err(Problem::error(format!("{BOOTSTRAP} is not text"), fix));
        }
    };
    let any_time = Timestamp::default();
    let checked = keys::record(mode, &secret, NAME, &Scope::ALL, any_time);
    checked.map_err(|error| {
        let (name, prefix) = (mode::name(mode), mode.prefix());
        Problem::error(
            format!("{BOOTSTRAP} is not a key for {name} mode: {error}"),
            format!("Set it to {prefix} and at least 16 random letters and digits, or unset it."),
        )
    })?;
    Ok(Some(secret))
}

/// Makes sure that there is a key. The secret to print, which only test mode has.
pub(super) async fn ensure(
    registry: &dyn Registry,
    mode: Mode,
    bootstrap: Option<String>,
    dir: &str,
    now: Timestamp,
) -> Result<Option<String>> {
    if let Some(secret) = bootstrap {
        add(registry, mode, dir, now, &secret).await?;
        return Ok((mode == Mode::Test).then_some(secret));
    }
    if mode == Mode::Test {
        return test_key(registry, dir, now).await.map(Some);
    }
    let keys = registry.api_keys().await;
    let keys = keys.map_err(|error| problem::of_store("read the API keys of", dir, &error))?;
    if keys.iter().any(|key| works(key, now)) {
        return Ok(None);
    }
    Err(Problem::error(
        "live mode needs an API key, and there is none that works",
        format!(
            "Create one; its secret is shown once:\n\
             bursar keys create --name admin --scope admin --mode live --data {dir}\n\
             Or set {BOOTSTRAP} to a secret of your own: bk_live_ and at least 16 random letters \
             and digits."
        ),
    ))
}

fn works(key: &ApiKeyRecord, now: Timestamp) -> bool {
    key.expires_at.is_none_or(|at| at > now)
}

/// Adds the bootstrap key, unless it is known.
async fn add(
    registry: &dyn Registry,
    mode: Mode,
    dir: &str,
    now: Timestamp,
    secret: &str,
) -> Result<()> {
    let store = |error: StoreError| problem::of_store("write an API key to", dir, &error);
    let record = keys::record(mode, secret, NAME, &Scope::ALL, now)?;
    match registry.api_key_by_hash(&record.hash).await.map_err(store)? {
        None => registry.put_api_key(record).await.map_err(store),
        Some(known) => match known.expires_at.filter(|at| *at <= now) {
            None => Ok(()),
            // Revoking a key must hold, whatever a script still has in its environment.
            Some(at) => {
                let at = instant::second(at);
                Err(Problem::error(
                    format!("the key in {BOOTSTRAP} no longer works since {at}"),
                    format!("Unset {BOOTSTRAP}, or set it to another secret."),
                ))
            }
        },
    }
}

/// The secret of the test key: the one in the data directory, or a new one.
async fn test_key(registry: &dyn Registry, dir: &str, now: Timestamp) -> Result<String> {
    let store = |error: StoreError| problem::of_store("write an API key to", dir, &error);
    let path = Path::new(dir).join(keys::TEST_KEY);
    let name = path.display().to_string();
    let kept = match fs::read_to_string(&path) {
        Ok(text) => Some(text.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(problem::of_file(&format!("cannot read {name}"), &error)),
    };
    if let Some(secret) = kept {
        let record = keys::record(Mode::Test, &secret, "test key", &Scope::ALL, now);
        let record = record.map_err(|error| {
            Problem::error(format!("{name}: {error}"), "Delete the file; a new key will be made.")
        })?;
        match registry.api_key_by_hash(&record.hash).await.map_err(store)? {
            Some(known) if works(&known, now) => return Ok(secret),
            // A directory that was restored from a backup of before the key.
            None => {
                registry.put_api_key(record).await.map_err(store)?;
                return Ok(secret);
            }
            // Revoked: the next one takes its place.
            Some(_) => {}
        }
    }
    let made = keys::make(Mode::Test, "test key", &Scope::ALL, now)?;
    // The file first: a key that works and that nobody knows helps nobody.
    directory::write_private(&path, format!("{}\n", made.secret).as_bytes())
        .map_err(|error| problem::of_file(&format!("cannot write {name}"), &error))?;
    registry.put_api_key(made.record).await.map_err(store)?;
    Ok(made.secret)
}
