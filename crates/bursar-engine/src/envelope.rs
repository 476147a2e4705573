//! What goes into the engine and what comes out.

use std::sync::Arc;

use bursar_core::account::command::Command;
use bursar_core::account::event::{Actor, Idempotency};
use bursar_core::id::{AccountId, IdempotencyKey};
use bursar_core::rejection::Rejection;
use bursar_payments::{Decline, ProviderError};
use bursar_store::{Entry, StoreError};

/// The encoding of commands that request hashes are of. Raised whenever a field of a command or their
/// order changes, which the test `request_hashes_stay_what_they_are` notices.
pub(crate) const REQUEST_FORM: u8 = 2;

/// A command with whom it is for, who sent it and how often it may take effect.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The account.
    pub account: AccountId,
    /// What to do.
    pub command: Command,
    /// Who asks.
    pub actor: Actor,
    /// With a key the command takes effect once, however often it is sent.
    pub key: Option<IdempotencyKey>,
    /// A hash of what the request said besides the command, such as contact details; 0 for nothing.
    /// Part of what makes a request with the same key the same request.
    pub besides: u64,
    /// Only if the account is at this version.
    pub if_version: Option<u64>,
    /// What makes a request the same one, where that is not the command: it may hold what the payment
    /// provider answered, which is another thing each time.
    pub request: Option<[u8; 16]>,
    /// Where the customer goes after completing the payment that the command asks for. Kept in memory
    /// only.
    pub return_url: Option<String>,
}

impl Envelope {
    /// A command without a key or a condition.
    pub const fn new(account: AccountId, command: Command, actor: Actor) -> Self {
        Self {
            account,
            command,
            actor,
            key: None,
            besides: 0,
            if_version: None,
            request: None,
            return_url: None,
        }
    }

    /// Does the work of [`idempotency`](Self::idempotency) in advance: hashes the command, unless it is said what
    /// makes the request the same one.
    pub(crate) fn hash_request(&mut self) {
        if self.key.is_some() && self.request.is_none() {
            self.request = Some(self.request_hash());
        }
    }

    /// The key with the hash of the request.
    pub(crate) fn idempotency(&self) -> Option<Idempotency> {
        let key = self.key.clone()?;
        let request = self.request.unwrap_or_else(|| self.request_hash());
        Some(Idempotency { key, request, form: REQUEST_FORM })
    }

    /// The first 16 bytes of BLAKE3 over the command's encoding: equal for equal requests, however
    /// their JSON was written.
    fn request_hash(&self) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.besides.to_le_bytes());
        hasher.update(&postcard::to_stdvec(&self.command).unwrap_or_default());
        let mut request = [0; 16];
        request.iter_mut().zip(hasher.finalize().as_bytes()).for_each(|(to, from)| *to = *from);
        request
    }
}

/// What a command did.
#[derive(Clone, Debug)]
pub struct Committed {
    /// What is in the journal for it. The reply is made of this alone, so that a repeated request
    /// gets the same one.
    pub entry: Arc<Entry>,
    /// Had it been done before, by the same key?
    pub replayed: bool,
}

/// Why a command did nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// The rules say no.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request on this account")]
    KeyReused,
    /// The account has changed meanwhile.
    #[error("the account is at version {actual}, not {expected}")]
    VersionMismatch {
        /// What the caller knew.
        expected: u64,
        /// What it is.
        actual: u64,
    },
    /// Nothing was due; the answer to [`Command::Advance`] only.
    #[error("nothing is due")]
    NothingDue,
    /// The command may have been committed; sending it again with its key tells.
    #[error("the outcome is unknown: {0}")]
    Unknown(String),
    /// Storage can't take it now; nothing was done.
    #[error("{0}")]
    Unavailable(String),
    /// Deciding the command brought a defect of Bursar to light; nothing was done.
    #[error("this command brought a defect to light; nothing was done")]
    Defect,
    /// The bank refused the payment method; nothing was done.
    #[error("the payment method was refused: {}", .0.shown_code())]
    Refused(Decline),
    /// The payment provider can't be reached or doesn't answer; nothing was done.
    #[error("the payment provider is not available: {0}")]
    ProviderUnavailable(String),
    /// There is no payment provider, or it doesn't take our requests before somebody has changed the
    /// configuration; nothing was done.
    #[error("the payment provider is not set up")]
    ProviderMisconfigured,
    /// The payment provider won't do it: there is no such token or session.
    #[error("the payment provider refused: {0}")]
    ProviderRefused(String),
    /// The engine is shutting down; nothing was done.
    #[error("the server is shutting down")]
    ShuttingDown,
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        let may_pass = error.may_pass();
        match error {
            ProviderError::Misconfigured(why) => {
                tracing::error!(why, "the payment provider is misconfigured");
                Self::ProviderMisconfigured
            }
            other if may_pass => Self::ProviderUnavailable(other.to_string()),
            other => Self::ProviderRefused(other.to_string()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unknown(why) => Self::Unknown(why),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// What became of a command.
pub type Outcome = Result<Committed, Failure>;

#[cfg(test)]
mod tests {
    use bursar_core::account::command::{Cancel, CaptureAmount, CaptureHold, Charge, SpendRequest};
    use bursar_core::credits::Credits;

    use super::*;

    fn hash(command: Command) -> String {
        let account = "ada".parse().unwrap();
        let envelope = Envelope::new(account, command, Actor::System);
        envelope.request_hash().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Keys are kept for ever, and so are the hashes beside them. If this fails because commands are
    /// encoded otherwise now, raise `REQUEST_FORM`: hashes of another form are not compared.
    #[test]
    fn request_hashes_stay_what_they_are() {
        let reason = "job".parse().unwrap();
        let spend = SpendRequest::Credits { credits: Credits::ONE, reason };
        assert_eq!(
            hash(Command::Charge(Charge { spend, reference: None })),
            "26eff3f280dea6030cdd98a4bca30bfb"
        );
        let hold = "hold_01a204a9213674228b221e9a01d29cd1".parse().unwrap();
        let amount = CaptureAmount::Rest;
        let capture = CaptureHold { hold, amount, ends: true, allow_overage: false };
        assert_eq!(hash(Command::CaptureHold(capture)), "515b88adadbee231057b99f56c36fb2d");
        assert_eq!(
            hash(Command::Cancel(Cancel { reason: None })),
            "4f84390a70707b1a1306db77fe6dc178"
        );
    }
}
