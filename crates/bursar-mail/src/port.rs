//! The port: what carries a mail, and how it may fail.

use async_trait::async_trait;

use crate::message::Message;

/// Carries mails.
///
/// A mail may be sent more than once: whoever sends it knows that it was taken only from the reply,
/// and replies get lost. The same [`Message`] always has the same `Message-ID`, by which it is
/// recognised.
#[async_trait]
pub trait MailTransport: Send + Sync {
    /// What it is called in configuration and logs: `file`, `smtp`, `log`.
    fn name(&self) -> &'static str;

    /// Hands `message` over; returns when it was taken.
    ///
    /// # Errors
    /// [`MailError`], which says whether another attempt makes sense.
    async fn send(&self, message: &Message) -> Result<(), MailError>;
}

/// Why a mail wasn't taken. Contains nothing of the mail and no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Not taken, or nobody knows: no connection, no answer, or a server that asks to wait.
    #[error("the mail wasn't taken: {0}")]
    Unavailable(String),
    /// No mail gets through before an operator has changed the configuration.
    #[error("mail is misconfigured: {0}")]
    Misconfigured(String),
    /// This mail will not be taken.
    #[error("the mail was refused: {0}")]
    Refused(String),
}

impl MailError {
    /// Whether the same mail may be taken later, so that it is to be kept and tried again.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Misconfigured(_) => true,
            Self::Refused(_) => false,
        }
    }
}
