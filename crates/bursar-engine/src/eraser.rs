//! Erases what accounts have given up: deleted files, ended uploads, whole vaults.
//!
//! As with payments there is no list of things to do: what is to be erased is the account's own state
//! ([`Storage::is_erasing`](bursar_core::account::storage::Storage::is_erasing)), durable in the commit
//! that gave it up and over in the commit that says so. This is the [errand](crate::errands) that does it. It
//! always goes the same way:
//! the objects first, then what is known of them, then the command. A crash at any point leaves the state
//! as it was, and everything is done again, which does no harm: so neither bytes nor names can be left
//! behind. See ADR 17.

use std::time::Duration;

use bursar_core::account::Account;
use bursar_core::account::command::{CertifyPurge, Command, NoteErased};
use bursar_core::account::event::Actor;
use bursar_core::account::storage::manifest::Manifest;
use bursar_core::id::{AccountId, AssetId};
use bursar_store::{AssetCursor, AssetFilter, AssetOrder, StoreError, Task};
use bursar_vault::VaultError;
use futures::StreamExt;
use parking_lot::Mutex;

use crate::engine::Engine;
use crate::envelope::{Envelope, Failure};
use crate::errands::{self, Bench, Errand, Told};
use crate::pauses::Pauses;

/// Accounts that are served at the same time.
const SERVED: usize = 8;
/// Files of one account that share a command.
const BATCH: usize = 500;
/// Of those, how many are erased at the same time.
const ERASED_AT_ONCE: usize = 16;
/// Files that are listed at once.
const LISTED: usize = 1_000;
/// How long to wait after the first failure; doubled with each, up to the most.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const MOST_PAUSE: Duration = Duration::from_secs(300);

/// Why something isn't erased yet. All of it is tried again.
#[derive(Debug, thiserror::Error)]
enum NotErased {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Command(#[from] Failure),
    #[error("objects have come into a vault that is being erased")]
    NotEmpty,
}

/// Runs until the engine shuts down.
pub(crate) async fn run(engine: Engine, bench: Bench, told: Told) {
    let eraser = Eraser { engine: engine.clone(), pauses: Mutex::default() };
    errands::run(engine, eraser, bench, told).await;
}

struct Eraser {
    engine: Engine,
    /// Accounts that failed.
    pauses: Mutex<Pauses<AccountId>>,
}

impl Errand for Eraser {
    const TASK: Task = Task::Erase;
    const SERVED: usize = SERVED;

    /// Erases what an account has given up until now.
    async fn serve(&self, id: &AccountId) -> Option<Duration> {
        if let Some(left) = self.pauses.lock().left(id) {
            return Some(left);
        }
        let Err(error) = self.erase_all(id).await else {
            self.pauses.lock().over(id);
            return None;
        };
        if matches!(error, NotErased::Command(Failure::ShuttingDown)) {
            return None;
        }
        let wait = self.pauses.lock().rest(id.clone(), FIRST_PAUSE, MOST_PAUSE);
        self.engine.metrics().not_erased.inc();
        tracing::warn!(%error, account = %id, wait_seconds = wait.as_secs(), "not erased; trying again");
        Some(wait)
    }
}

impl Eraser {
    async fn erase_all(&self, id: &AccountId) -> Result<(), NotErased> {
        while let Some(account) = self.engine.store().account(id).await? {
            if let Some(purged) = account.storage.purges.first() {
                self.erase_vault(id, purged.vault).await?;
            } else if !account.storage.erasing.is_empty() {
                self.erase_assets(&account).await?;
            } else {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Erases some deleted files and ended uploads. Those that could be erased are noted even if others
    /// could not.
    async fn erase_assets(&self, account: &Account) -> Result<(), NotErased> {
        let vault = account.storage.vault;
        let batch: Vec<AssetId> = account.storage.erasing.iter().copied().take(BATCH).collect();
        let erased = batch.into_iter().map(|asset| async move {
            let erased = self.engine.vault().erase_asset(&account.id, vault, asset).await;
            (asset, erased)
        });
        let mut erased = futures::stream::iter(erased).buffer_unordered(ERASED_AT_ONCE);
        let (mut assets, mut failed) = (Vec::new(), None);
        while let Some((asset, result)) = erased.next().await {
            match result {
                Ok(_) => assets.push(asset),
                Err(error) => failed = Some(error),
            }
        }
        if !assets.is_empty() {
            assets.sort_unstable();
            self.engine.store().remove_asset_details(&account.id, &assets).await?;
            let count = u64::try_from(assets.len()).unwrap_or(u64::MAX);
            self.note(&account.id, Command::NoteErased(NoteErased { vault, assets })).await?;
            self.engine.metrics().erased.inc_by(count);
        }
        failed.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Erases a vault and certifies it. What is certified is the list of its files as the journal has
    /// it, so that an interruption changes nothing of it.
    async fn erase_vault(&self, id: &AccountId, vault: u32) -> Result<(), NotErased> {
        self.engine.vault().erase_vault(id, vault).await?;
        self.engine.store().remove_vault_details(id, vault).await?;
        let (manifest, count) = self.manifest(id, vault).await?;
        // An upload that was under way when its account was purged may have come to its end since.
        if !self.engine.vault().is_empty(id, vault).await? {
            return Err(NotErased::NotEmpty);
        }
        let (objects, digest) = manifest.finish();
        self.note(id, Command::CertifyPurge(CertifyPurge { vault, objects, digest })).await?;
        self.engine.metrics().erased.inc_by(count);
        Ok(())
    }

    /// The list of a vault's files, and how many there are.
    async fn manifest(&self, id: &AccountId, vault: u32) -> Result<(Manifest, u64), NotErased> {
        let (mut manifest, mut count, mut after) = (Manifest::new(), 0, None);
        let filter = AssetFilter { vault, kind: None, stored_only: true };
        loop {
            let store = self.engine.store();
            let page = store.assets(id, filter, AssetOrder::Oldest, after, LISTED).await?;
            page.iter().for_each(|row| manifest.add(&row.record));
            count += u64::try_from(page.len()).unwrap_or(u64::MAX);
            after = page.last().map(|row| AssetCursor::of(&row.record));
            if page.len() < LISTED {
                return Ok((manifest, count));
            }
        }
    }

    async fn note(&self, id: &AccountId, command: Command) -> Result<(), NotErased> {
        let envelope = Envelope::new(id.clone(), command, Actor::System);
        match self.engine.execute(envelope).await {
            // A rejection says that it is known already.
            Ok(_) | Err(Failure::Rejected(_)) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }
}
