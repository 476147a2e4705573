//! Erases what no account knows: objects that a crash left between their last byte and their commit, and
//! details of files that are gone.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use bursar_core::account::storage::record::Stage;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_store::{Claim, Store, StoreError, Task};
use bursar_vault::{AccountName, ObjectName, Swept, VaultError};

use crate::engine::Engine;
use crate::lease::keeping;

/// How often, by whichever node.
const EVERY: Duration = Duration::from_secs(86_400);
/// How often each node looks whether it is time.
const LOOK: Duration = Duration::from_secs(3_600);
/// The setting that says when the last one began.
const SWEPT: &str = "vault_swept_at";
/// Besides the time that an upload may take: from an object's last byte to its commit.
const MARGIN: Duration = Duration::from_secs(3_600);
/// Files whose details are looked at together.
const DETAILS_AT_ONCE: usize = 500;

/// Why the vault wasn't swept to its end. What was erased is erased.
#[derive(Debug, thiserror::Error)]
pub enum NotSwept {
    /// The vault can't do it now.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Who knows of an object can't be read now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sweeps once a day until the engine shuts down, one node at a time.
pub(crate) async fn run(engine: Engine) {
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
           biased;
            () = engine.stopped() => return,
            _ = look.tick() => {}
        }
        let swept = tokio::select! {
           biased;
            () = engine.stopped() => return,
            swept = sweep_if_due(&engine) => swept,
        };
        match swept {
            Ok(None | Some(Swept { erased: 0, strays: 0, .. })) => {}
            Ok(Some(Swept { erased, bytes, strays, .. })) => {
                tracing::info!(erased, bytes, strays, "erased objects that no account knew");
            }
            Err(error) => tracing::warn!(%error, "the vault was not swept; trying again later"),
        }
    }
}

/// Sweeps, unless that was done within the last day, or another node does it now.
async fn sweep_if_due(engine: &Engine) -> Result<Option<Swept>, NotSwept> {
    let (store, claim, began_at) = (engine.store(), Claim::alone(Task::Sweep), engine.wall_now());
    if !is_due(&**store, began_at).await? || !store.take(&claim).await? {
        return Ok(None);
    }
    let older_than = engine.catalog().policies.vault.upload_ttl.saturating_add(MARGIN);
    let swept = keeping(store, &claim, engine.sweep(older_than)).await;
    if swept.is_ok() {
        store.put_setting(SWEPT, &began_at.micros().to_le_bytes()).await?;
    }
    store.release(&[claim], Duration::ZERO).await?;
    swept.map(Some)
}

async fn is_due(store: &dyn Store, now: Timestamp) -> Result<bool, StoreError> {
    let last = store.setting(SWEPT).await?.and_then(|last| last.try_into().ok());
    let last = last.map(|last| Timestamp::from_micros(i64::from_le_bytes(last)));
    // A clock that was set back doesn't put it off.
    Ok(last.is_none_or(|last| now < last || now.since(last) >= EVERY))
}

impl Engine {
    /// Erases objects that no account knows and that were written longer ago than `older_than`, and
    /// details of files that are gone.
    ///
    /// # Errors
    /// [`NotSwept`].
    pub async fn sweep(&self, older_than: Duration) -> Result<Swept, NotSwept> {
        let known = |names| {
            let engine = self.clone();
            async move { engine.knows(names).await }
        };
        let swept = self.vault().sweep(older_than, known).await?;
        self.metrics().swept.inc_by(swept.erased);
        self.sweep_details().await?;
        Ok(swept)
    }

    /// Whether each of these objects is the one that has the bytes of a file, or may come to be.
    async fn knows(&self, names: Vec<ObjectName>) -> Result<Vec<bool>, NotSwept> {
        let mut owners: HashMap<AccountName, Option<AccountId>> = HashMap::new();
        let mut answers = Vec::with_capacity(names.len());
        for name in names {
            let owner = match owners.entry(name.account) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let owner = self.store().owner(*name.account.as_bytes()).await?;
                    place.insert(owner)
                }
            };
            let row = match owner {
                Some(owner) => self.store().asset(owner, name.asset).await?,
                None => None,
            };
            // What was deleted and what is in a vault that was purged is the eraser's.
            let asset = row.map(|row| row.record).filter(|asset| asset.vault == name.vault);
            answers.push(asset.is_some_and(|asset| match asset.stage {
                Stage::Uploading { .. } => true,
                Stage::Stored { .. } => asset.attempt() == Some(name.attempt),
            }));
        }
        Ok(answers)
    }

    /// Forgets details of files that are gone: a crash, or a deletion at the same time, may have come
    /// between a file and its details. They are written after their file's commit, so that those of a
    /// file which isn't there belong to none that is to come.
    async fn sweep_details(&self) -> Result<(), NotSwept> {
        let mut after = None;
        loop {
            let page = self.store().detailed_assets(after.as_ref(), DETAILS_AT_ONCE).await?;
            for (account, asset) in &page {
                if self.store().asset(account, *asset).await?.is_none() {
                    self.store().remove_asset_details(account, &[*asset]).await?;
                }
            }
            if page.len() < DETAILS_AT_ONCE {
                return Ok(());
            }
            after = page.into_iter().next_back();
        }
    }
}
