//! An account's files as one archive: for this API, and for the portal.

use std::sync::Arc;

use axum::body::Bytes;
use bursar_core::id::{AccountId, AssetId};
use bursar_engine::Engine;
use bursar_store::{AssetCursor, AssetFilter, AssetOrder, AssetRow, StoreError};
use bursar_vault::export::{About, Entry, External, File, Source};
use bursar_vault::{ObjectName, VaultError};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};

use crate::upload::plain;

/// How many files are looked up together.
const LISTED: usize = 200;

/// An archive that is written while it is read.
pub struct Archive {
    /// What to call it: made of the account's id, safe in a header and on any disk.
    pub file_name: String,
    /// Its bytes. An error in place of the end means that it isn't whole.
    pub bytes: BoxStream<'static, Result<Bytes, VaultError>>,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").field("file_name", &self.file_name).finish_non_exhaustive()
    }
}

/// All files of an account with a list of them, also of those that the app keeps. `None` if there is no
/// such account. Works as long as the files are there, whatever became of the subscription: "You can
/// export your assets during this period."
///
/// # Errors
/// [`StoreError`] if the account can't be read now.
pub async fn archive(engine: &Engine, account: &AccountId) -> Result<Option<Archive>, StoreError> {
    // Books what fell due, such as the end of all files.
    let view = match engine.view(account).await {
        Ok(view) => view,
        Err(error) => return Err(StoreError::Unavailable(error.to_string())),
    };
    let Some(view) = view else { return Ok(None) };
    let vault = view.account.storage.vault;
    let made_at = view.now.to_string();
    let date = made_at.get(..10).unwrap_or_default();
    let safe = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '_' };
    let id: String = account.as_str().chars().map(safe).collect();
    let source = Arc::new(Files { engine: engine.clone(), account: account.clone(), vault });
    let about = About { account: account.to_string(), made_at: made_at.clone() };
    let bytes = engine.vault().export(about, source);
    Ok(Some(Archive { file_name: format!("{id}-files-{date}.zip"), bytes }))
}

/// The files of one vault of an account, oldest first.
struct Files {
    engine: Engine,
    account: AccountId,
    vault: u32,
}

impl Source for Files {
    fn entries(&self) -> BoxStream<'static, Result<Entry, VaultError>> {
        let (engine, account, vault) = (self.engine.clone(), self.account.clone(), self.vault);
        let pages = stream::try_unfold(Some(None), move |after: Option<Option<AssetCursor>>| {
            let (engine, account) = (engine.clone(), account.clone());
            async move {
                let Some(after) = after else { return Ok::<_, VaultError>(None) };
                let page = page(&engine, &account, vault, after).await;
                let page = page.map_err(|error| VaultError::Unavailable(error.to_string()))?;
                let next = page.1.map(Some);
                Ok(Some((stream::iter(page.0).map(Ok), next)))
            }
        });
        pages.try_flatten().boxed()
    }

    fn is_stored(&self, asset: AssetId) -> BoxFuture<'static, Result<bool, VaultError>> {
        let (engine, account, vault) = (self.engine.clone(), self.account.clone(), self.vault);
        Box::pin(async move {
            let unavailable = |error: &dyn std::fmt::Display| {
                VaultError::Unavailable(format!("what is stored can't be asked: {error}"))
            };
            let view = engine.view(&account).await.map_err(|error| unavailable(&error))?;
            let row = engine.store().asset(&account, asset).await;
            let row = row.map_err(|error| unavailable(&error))?;
            Ok(view.is_some_and(|view| view.account.storage.vault == vault) && row.is_some())
        })
    }
}

/// The files after a place, and where to go on.
async fn page(
    engine: &Engine,
    account: &AccountId,
    vault: u32,
    after: Option<AssetCursor>,
) -> Result<(Vec<Entry>, Option<AssetCursor>), StoreError> {
    let (store, filter) = (engine.store(), AssetFilter { vault, kind: None, stored_only: true });
    let rows = store.assets(account, filter, AssetOrder::Oldest, after, LISTED).await?;
    let last = rows.last().filter(|_| rows.len() == LISTED);
    let next = last.map(|row| AssetCursor::of(&row.record));
    let ids: Vec<AssetId> = rows.iter().map(|row| row.record.id).collect();
    let mut details: std::collections::HashMap<_, _> =
        store.asset_details(account, &ids).await?.into_iter().collect();
    let entries = rows.into_iter().map(|AssetRow { record, .. }| {
        let known = details.remove(&record.id).unwrap_or_else(|| plain(record.id, record.vault));
        let (id, kind) = (record.id, record.kind.as_str().to_owned());
        let stored_at = record.stored_at().map(|at| at.to_string()).unwrap_or_default();
        let reference = record.reference.as_ref().map(ToString::to_string);
        let (name, media_type, bytes) = (known.name, known.media_type, record.bytes);
        match record.attempt() {
            Some(attempt) => {
                let object = ObjectName::new(account, record.vault, id, attempt);
                let sha256 = known.sha256;
                let file = File {
                    id,
                    object,
                    kind,
                    name,
                    media_type,
                    bytes,
                    stored_at,
                    sha256,
                    reference,
                };
                Entry::File(Box::new(file))
            }
            None => {
                let external = External { id, kind, name, media_type, bytes, stored_at, reference };
                Entry::External(Box::new(external))
            }
        }
    });
    Ok((entries.collect(), next))
}
