//! Erasing, again and again if need be: what is gone already is as good as erased.

use bursar_core::id::{AccountId, AssetId};
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::ObjectStore as _;
use object_store::path::Path;

use crate::error::VaultError;
use crate::name::{AccountName, ObjectName, asset_path, vault_path};
use crate::vault::Vault;

/// What one call has erased. After an interruption the next one finds only the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// How many objects, thumbnails included.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Vault {
    /// Erases one object and its thumbnail: what an attempt has written that doesn't count.
    ///
    /// # Errors
    /// `Unavailable`; then it may still be there.
    pub async fn erase_attempt(&self, object: &ObjectName) -> Result<(), VaultError> {
        let path = object.path();
        self.delete(vec![path.clone(), object.thumbnail_path()]).await?;
        match &self.disk {
            Some(disk) => disk.tidy_above(&path).await,
            None => Ok(()),
        }
    }

    /// Erases all objects of an asset, unfinished ones and thumbnails too. Returns how many there were.
    ///
    /// # Errors
    /// `Unavailable`; then some may still be there.
    pub async fn erase_asset(
        &self,
        account: &AccountId,
        vault: u32,
        asset: AssetId,
    ) -> Result<u64, VaultError> {
        let path = asset_path(AccountName::of(account), vault, asset);
        Ok(self.erase_below(&path).await?.objects)
    }

    /// Erases everything in one vault of an account.
    ///
    /// # Errors
    /// `Unavailable`; then some of it may still be there.
    pub async fn erase_vault(&self, account: &AccountId, vault: u32) -> Result<Erased, VaultError> {
        self.erase_below(&vault_path(AccountName::of(account), vault)).await
    }

    /// Is nothing left in one vault of an account, not even an unfinished upload?
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn is_empty(&self, account: &AccountId, vault: u32) -> Result<bool, VaultError> {
        let path = vault_path(AccountName::of(account), vault);
        if let Some(disk) = &self.disk {
            return disk.is_empty(&path).await;
        }
        let mut objects = self.objects.list(Some(&self.locate(&path)));
        Ok(objects.try_next().await?.is_none())
    }

    async fn erase_below(&self, below: &Path) -> Result<Erased, VaultError> {
        if let Some(disk) = &self.disk {
            let cleared = disk.clear(below).await?;
            return Ok(Erased { objects: cleared.objects, bytes: cleared.bytes });
        }
        let place = self.locate(below);
        let mut erased = Erased::default();
        // Thousands at once: what an object store lists and erases with one request each.
        let mut objects = self.objects.list(Some(&place)).try_chunks(1_000);
        while let Some(found) = objects.next().await {
            let found = found.map_err(|error| VaultError::from(error.1))?;
            let bytes: u64 = found.iter().map(|object| object.size).sum();
            erased.objects += u64::try_from(found.len()).unwrap_or(u64::MAX);
            erased.bytes = erased.bytes.saturating_add(bytes);
            self.delete_located(found.into_iter().map(|object| object.location).collect()).await?;
        }
        Ok(erased)
    }

    /// Erases objects by where they lie below the vault's place.
    pub(crate) async fn delete(&self, paths: Vec<Path>) -> Result<(), VaultError> {
        self.delete_located(paths.iter().map(|path| self.locate(path)).collect()).await
    }

    async fn delete_located(&self, paths: Vec<Path>) -> Result<(), VaultError> {
        let paths = futures::stream::iter(paths).map(Ok).boxed();
        let mut deleted = self.objects.delete_stream(paths);
        while let Some(result) = deleted.next().await {
            match result {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
