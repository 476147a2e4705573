//! Where the files of customers lie: in the data directory, or where an address says.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use bursar_engine::Engine;
use bursar_store::Store;
use bursar_vault::{Foreign, Vault};
use clap::Args;

use crate::problem::{self, Problem};
use crate::span;

/// Where files lie.
#[derive(Debug, Args)]
pub(super) struct VaultArgs {
    /// Where customers' files lie: a directory or s3://bucket/prefix; DIR/vault, if left out
    #[arg(long, value_name = "LOCATION", env = "BURSAR_VAULT")]
    vault: Option<String>,
    /// Erase what no account knows once at the start, if it is older than this; for tests
    #[arg(long, value_name = "SPAN", hide = true, value_parser = span::parse)]
    sweep_after: Option<Duration>,
}

/// The name of the setting that says whose vault it is.
const MARK: &str = "vault_mark";

impl VaultArgs {
    /// Opens the vault, which must be this installation's own.
    pub(super) async fn open(&self, dir: &str, store: &dyn Store) -> Result<Arc<Vault>> {
        let location = self.vault.clone().unwrap_or_else(|| format!("{dir}/vault"));
        let vault = Vault::open(&location).map_err(|error| {
            let fix =
                "Name a directory or s3://bucket/prefix with --vault LOCATION (BURSAR_VAULT).";
            Problem::error(error.to_string(), fix)
        })?;
        let mark = store.setting_or(MARK, fresh_mark()?.as_bytes()).await;
        let mark = mark.map_err(|error| problem::of_store("read", dir, &error))?;
        match vault.claim(&String::from_utf8_lossy(&mark)).await {
            Ok(()) => {}
            Err(Foreign::Vault(error)) => {
                // What has nothing to do with files works all the same.
                tracing::error!(%error, location, "files can't be read or written now");
            }
            Err(foreign @ Foreign::Other(_)) => {
                let what = format!("the vault {location} can't be used: {foreign}");
                let fix = "Everything in it would look like something that no account knows. Name \
                           another location with --vault LOCATION (BURSAR_VAULT).";
                return Err(Problem::error(what, fix));
            }
        }
        Ok(Arc::new(vault))
    }

    /// Sweeps at once, if asked to.
    pub(super) async fn sweep(&self, engine: &Engine) -> Result<()> {
        if let Some(older_than) = self.sweep_after {
            let swept = engine.sweep(older_than).await?;
            tracing::info!(?swept, "swept the vault");
        }
        Ok(())
    }
}

/// What tells this installation's vault from any other.
fn fresh_mark() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow!("the operating system gives no random numbers: {error}"))?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
}
