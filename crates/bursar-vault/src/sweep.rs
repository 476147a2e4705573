//! Erasing what nobody knows: what a crash has left between an object's last byte and its commit.

use std::time::{Duration, SystemTime};

use futures::{StreamExt as _, TryStreamExt as _};
use object_store::{ObjectMeta, ObjectStore as _};

use crate::error::VaultError;
use crate::name::ObjectName;
use crate::vault::{OWNER, Vault};

/// How many objects are asked about at once.
const ASKED_AT_ONCE: usize = 500;

/// What a sweep has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Objects that lie in the vault.
    pub seen: u64,
    /// Objects that nobody knew and that are gone.
    pub erased: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Unfinished uploads that were gone on with by nobody, and are gone.
    pub strays: u64,
    /// What isn't named as an object of ours is, and was left alone.
    pub foreign: u64,
}

impl Vault {
    /// Erases the objects that `known` doesn't know, if they were written longer ago than any upload may
    /// take until its commit; and unfinished uploads as old as that.
    ///
    /// `known` gets some objects and says of each, in the same order, whether an account's asset has that
    /// very object. It must speak of all that is committed.
    ///
    /// # Errors
    /// What `known` or the place says; what was erased so far is erased.
    pub async fn sweep<F, E>(
        &self,
        older_than: Duration,
        mut known: impl FnMut(Vec<ObjectName>) -> F,
    ) -> Result<Swept, E>
    where
        F: Future<Output = Result<Vec<bool>, E>>,
        E: From<VaultError>,
    {
        self.check_owner().await?;
        let mut swept = Swept::default();
        let Some(before) = SystemTime::now().checked_sub(older_than) else { return Ok(swept) };
        let place = (!self.prefix.as_ref().is_empty()).then_some(&self.prefix);
        let objects = self.objects.list(place).map_err(VaultError::from);
        let mut objects = objects.try_chunks(ASKED_AT_ONCE);
        while let Some(found) = objects.next().await {
            let found = found.map_err(|error| error.1)?;
            let old = self.old(found, before, &mut swept);
            if old.is_empty() {
                continue;
            }
            let answers = known(old.iter().map(|(name, _)| *name).collect()).await?;
            let unknown: Vec<ObjectMeta> = (old.into_iter().zip(answers))
                .filter_map(|((_, object), known)| (!known).then_some(object))
                .collect();
            for object in &unknown {
                swept.erased += 1;
                swept.bytes = swept.bytes.saturating_add(object.size);
            }
            self.erase_unknown(unknown).await?;
        }
        if let Some(disk) = &self.disk {
            swept.strays = disk.clear_strays(before).await?;
        }
        Ok(swept)
    }

    /// Those that are ours and old enough.
    fn old(
        &self,
        found: Vec<ObjectMeta>,
        before: SystemTime,
        swept: &mut Swept,
    ) -> Vec<(ObjectName, ObjectMeta)> {
        let mut old = Vec::new();
        for object in found {
            let path = self.below(&object.location).unwrap_or_default();
            let Some(name) = ObjectName::read(&path) else {
                swept.foreign += u64::from(path.as_ref() != OWNER);
                continue;
            };
            swept.seen += 1;
            if SystemTime::from(object.last_modified) < before {
                old.push((name, object));
            }
        }
        old
    }

    async fn erase_unknown(&self, unknown: Vec<ObjectMeta>) -> Result<(), VaultError> {
        let paths: Vec<_> =
            unknown.iter().filter_map(|object| self.below(&object.location)).collect();
        self.delete(paths.clone()).await?;
        if let Some(disk) = &self.disk {
            for path in &paths {
                disk.tidy_above(path).await?;
            }
        }
        Ok(())
    }
}
