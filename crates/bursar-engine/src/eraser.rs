//! Erases what accounts have given up: deleted files, ended uploads, whole vaults.
//!
//! As with payments there is no list of things to do: what is to be erased is the account's own state
//! ([`Storage::is_erasing`](bursar_core::account::storage::Storage::is_erasing)), durable in the commit
//! that gave it up and over in the commit that says so. This is the worker. It always goes the same way:
//! the objects first, then what is known of them, then the command. A crash at any point leaves the state
//! as it was, and everything is done again, which does no harm: so neither bytes nor names can be left
//! behind. See ADR 17.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::Account;
use bursar_core::account::command::{CertifyPurge, Command, NoteErased};
use bursar_core::account::event::Actor;
use bursar_core::account::storage::manifest::Manifest;
use bursar_core::id::{AccountId, AssetId};
use bursar_store::{AssetCursor, AssetFilter, AssetOrder, StoreError};
use bursar_vault::VaultError;
use futures::StreamExt;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use crate::engine::Engine;
use crate::envelope::{Envelope, Failure};

/// How often accounts that nobody told of are looked for.
const LOOK: Duration = Duration::from_secs(2);
const AT_ONCE: usize = 1_000;
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

/// The handle that writers have.
#[derive(Clone)]
pub(crate) struct Eraser {
    told: mpsc::UnboundedSender<AccountId>,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    /// Accounts that are being served, and whether there is something new for them.
    busy: HashMap<AccountId, bool>,
    /// When an account that failed is tried again, and how long after that.
    later: HashMap<AccountId, (Instant, Duration)>,
}

impl Eraser {
    /// A handle, and what the worker takes its work from.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<AccountId>) {
        let (told, work) = mpsc::unbounded_channel();
        (Self { told, known: Arc::default() }, work)
    }

    /// There is something to erase for an account.
    pub(crate) fn tell(&self, account: AccountId) {
        // Fails only when the engine is gone.
        let _ = self.told.send(account);
    }
}

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
pub(crate) async fn run(
    engine: Engine,
    eraser: Eraser,
    mut work: mpsc::UnboundedReceiver<AccountId>,
) {
    let worker = Worker { engine, eraser, seats: Arc::new(Semaphore::new(SERVED)) };
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            biased;
            () = worker.engine.stopped() => return,
            _ = look.tick() => worker.look().await,
            told = work.recv() => match told {
                Some(account) => worker.serve(account),
                None => return,
            },
        }
    }
}

#[derive(Clone)]
struct Worker {
    engine: Engine,
    eraser: Eraser,
    seats: Arc<Semaphore>,
}

impl Worker {
    /// Looks for accounts that wait and that nobody told of: after a crash, and after a failure.
    async fn look(&self) {
        let mut after = None;
        loop {
            let page = match self.engine.store().erasing(after.as_ref(), AT_ONCE).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(%error, "cannot look for what is to be erased; trying again");
                    return;
                }
            };
            let more = page.len() == AT_ONCE;
            after = page.last().cloned();
            page.into_iter().for_each(|account| self.serve(account));
            if !more {
                return;
            }
        }
    }

    /// Serves an account on a task of its own, so that one whose objects can't be erased holds up no
    /// other; one at a time for each account.
    fn serve(&self, account: AccountId) {
        let mut known = self.eraser.known.lock();
        if let Some(again) = known.busy.get_mut(&account) {
            *again = true;
            return;
        }
        if known.later.get(&account).is_some_and(|(at, _)| *at > Instant::now()) {
            return;
        }
        known.busy.insert(account.clone(), false);
        drop(known);
        let worker = self.clone();
        tokio::spawn(async move {
            let _seat = worker.seats.acquire().await;
            while worker.serve_once(&account).await {}
        });
    }

    /// Erases what an account has given up until now. Is there more?
    async fn serve_once(&self, id: &AccountId) -> bool {
        let failed = self.erase_all(id).await.err();
        let mut known = self.eraser.known.lock();
        let Some(error) = failed else {
            known.later.remove(id);
            if let Some(again) = known.busy.get_mut(id).filter(|again| **again) {
                *again = false;
                return true;
            }
            known.busy.remove(id);
            return false;
        };
        known.busy.remove(id);
        if matches!(error, NotErased::Command(Failure::ShuttingDown)) {
            return false;
        }
        let (at, pause) = known.later.entry(id.clone()).or_insert((Instant::now(), FIRST_PAUSE));
        let wait = *pause;
        *at = Instant::now() + wait;
        *pause = pause.saturating_mul(2).min(MOST_PAUSE);
        drop(known);
        self.engine.metrics().not_erased.inc();
        tracing::warn!(%error, account = %id, wait_seconds = wait.as_secs(), "not erased; trying again");
        let (eraser, id) = (self.eraser.clone(), id.clone());
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            eraser.tell(id);
        });
        false
    }

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
