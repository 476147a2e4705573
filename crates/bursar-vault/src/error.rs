//! What can go wrong with bytes, and what to do about it.

use std::io;

/// Why the vault couldn't do it.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Nobody can do anything before the configuration is changed. Says how.
    #[error("{0}")]
    Misconfigured(String),
    /// There is no such object.
    #[error("there is no such object in the vault: {0}")]
    Missing(String),
    /// The object isn't what was written: it is shorter, longer or different.
    #[error("an object of the vault is damaged: {0}")]
    Damaged(String),
    /// The disk or the object store didn't do it. Trying again may help.
    #[error("the vault can't do it now: {0}")]
    Unavailable(String),
}

impl VaultError {
    /// A task of ours that ended by itself.
    pub(crate) fn lost(error: &tokio::task::JoinError) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<object_store::Error> for VaultError {
    fn from(error: object_store::Error) -> Self {
        use object_store::Error;
        let more = "check the vault's location and its credentials (for S3 the variables AWS_…)";
        match error {
            Error::NotFound { path, .. } => Self::Missing(path),
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                Self::Unavailable(format!("{}; {more}", all_causes(&error)))
            }
            other => Self::Unavailable(all_causes(&other)),
        }
    }
}

impl From<io::Error> for VaultError {
    fn from(error: io::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// There was more than may be written, in bytes.
    #[error("the content is larger than {0} bytes")]
    TooLarge(u64),
    /// The content broke off before its end.
    #[error("the content broke off: {0}")]
    Broken(String),
    /// The vault couldn't keep it.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl From<object_store::Error> for WriteError {
    fn from(error: object_store::Error) -> Self {
        Self::Vault(error.into())
    }
}

/// An error with what it came from: the libraries below say the interesting part last.
pub(crate) fn all_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = error.source();
    }
    text
}
