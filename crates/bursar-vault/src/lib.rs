//! The bytes of assets. A stand-in until they are kept: what the engine builds on.

use bursar_core::id::{AccountId, AssetId};

/// Keeps the bytes of assets.
#[derive(Debug, Default)]
pub struct Vault {}

/// Why the vault couldn't do it.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The disk or the object store didn't do it. Trying again may help.
    #[error("the vault can't do it now: {0}")]
    Unavailable(String),
}

/// What was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// How many objects.
    pub objects: u64,
    /// How many bytes they had.
    pub bytes: u64,
}

impl Vault {
    /// A vault that forgets everything, for tests.
    pub fn memory() -> Self {
        Self::default()
    }

    /// Opens the vault at a location.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn open(_location: &str) -> Result<Self, VaultError> {
        Ok(Self::default())
    }

    /// Erases all objects of an asset; how many there were.
    ///
    /// # Errors
    /// [`VaultError`]; some may be erased.
    pub async fn erase_asset(
        &self,
        _account: &AccountId,
        _vault: u32,
        _asset: AssetId,
    ) -> Result<u64, VaultError> {
        Ok(0)
    }

    /// Erases all objects of a vault.
    ///
    /// # Errors
    /// [`VaultError`]; some may be erased.
    pub async fn erase_vault(
        &self,
        _account: &AccountId,
        _vault: u32,
    ) -> Result<Erased, VaultError> {
        Ok(Erased::default())
    }

    /// Is nothing left of a vault?
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn is_empty(&self, _account: &AccountId, _vault: u32) -> Result<bool, VaultError> {
        Ok(true)
    }
}
