//! A vault, and what is known of the place it lies at.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutPayload};
use tokio::sync::Semaphore;

use crate::disk::Disk;
use crate::error::VaultError;
use crate::location;

/// How many pictures are made smaller at once: each takes memory for the whole picture.
const THUMBNAILS_AT_ONCE: usize = 2;
/// The object that says whose vault it is.
pub(crate) const OWNER: &str = "owner";

/// Keeps the bytes of assets.
#[derive(Debug)]
pub struct Vault {
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) prefix: Path,
    pub(crate) disk: Option<Disk>,
    pub(crate) thumbnails: Semaphore,
    /// Whose it must be.
    owner: OnceLock<String>,
}

/// Why a vault isn't ours.
#[derive(Debug, thiserror::Error)]
pub enum Foreign {
    /// It is kept for another installation. Everything in it would look like something that no account
    /// knows, and be erased.
    #[error(
        "this vault belongs to another installation ({0}); give each its own location. If it is this \
         one's and its data directory is new, erase the object `owner` in the vault to take it over"
    )]
    Other(String),
    /// It couldn't be asked.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Vault {
    /// Opens the vault at a directory, which is made if it isn't there, or at an address:
    /// `file:///directory`, `s3://bucket/prefix?region=…`, or `memory://`, which forgets everything.
    ///
    /// Credentials for S3 come from the usual variables of the environment (`AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL`, …) or from the machine's role. Nothing
    /// is asked over a network yet.
    ///
    /// # Errors
    /// `Misconfigured` with what to change.
    pub fn open(location: &str) -> Result<Self, VaultError> {
        let text = |text: std::ffi::OsString| text.into_string().ok();
        let variables = std::env::vars_os();
        Self::open_with(location, variables.filter_map(|(k, v)| Some((text(k)?, text(v)?))))
    }

    /// As [`open`](Self::open), with these variables instead of the environment's.
    ///
    /// # Errors
    /// `Misconfigured` with what to change.
    pub fn open_with(
        location: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, VaultError> {
        let place = location::find(location, variables)?;
        let thumbnails = Semaphore::new(THUMBNAILS_AT_ONCE);
        let location::Place { objects, prefix, disk } = place;
        Ok(Self { objects, prefix, disk, thumbnails, owner: OnceLock::new() })
    }

    /// A vault that forgets everything, for tests.
    pub fn memory() -> Self {
        Self {
            objects: Arc::new(object_store::memory::InMemory::new()),
            prefix: Path::default(),
            disk: None,
            thumbnails: Semaphore::new(THUMBNAILS_AT_ONCE),
            owner: OnceLock::new(),
        }
    }

    /// The same place once more, as another process sees it; for tests.
    #[doc(hidden)]
    pub fn opened_again(&self) -> Self {
        Self {
            objects: Arc::clone(&self.objects),
            prefix: self.prefix.clone(),
            disk: self.disk.clone(),
            thumbnails: Semaphore::new(THUMBNAILS_AT_ONCE),
            owner: OnceLock::new(),
        }
    }

    /// Makes sure that the vault can be written and read, and that it is ours: the first to come writes
    /// its mark into it, and nobody else may use it afterwards. From now on nothing is swept in a vault
    /// that isn't ours, also if that can't be told now.
    ///
    /// # Errors
    /// `Other` with the mark of whom it belongs to.
    pub async fn claim(&self, mark: &str) -> Result<(), Foreign> {
        self.is_of(self.owner.get_or_init(|| mark.to_owned())).await
    }

    /// That the vault is that of whoever has claimed it, if anybody has.
    pub(crate) async fn check_owner(&self) -> Result<(), VaultError> {
        let Some(owner) = self.owner.get() else { return Ok(()) };
        self.is_of(owner).await.map_err(|foreign| match foreign {
            Foreign::Vault(error) => error,
            other => VaultError::Misconfigured(other.to_string()),
        })
    }

    async fn is_of(&self, mark: &str) -> Result<(), Foreign> {
        let path = self.locate(&Path::from(OWNER));
        let payload = PutPayload::from(Bytes::copy_from_slice(mark.as_bytes()));
        match self.objects.put_opts(&path, payload, PutMode::Create.into()).await {
            Ok(_) => Ok(()),
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => {
                let found = self.objects.get(&path).await.map_err(VaultError::from)?;
                let found = found.bytes().await.map_err(VaultError::from)?;
                if found == mark.as_bytes() {
                    return Ok(());
                }
                Err(Foreign::Other(String::from_utf8_lossy(&found).chars().take(64).collect()))
            }
            Err(error) => Err(Foreign::Vault(error.into())),
        }
    }

    /// Where something of the vault lies in the object store.
    pub(crate) fn locate(&self, below: &Path) -> Path {
        self.prefix.parts().chain(below.parts()).collect()
    }

    /// What an object of the store is called below the vault's place.
    pub(crate) fn below(&self, path: &Path) -> Option<Path> {
        path.prefix_match(&self.prefix).map(|parts| parts.collect())
    }
}
