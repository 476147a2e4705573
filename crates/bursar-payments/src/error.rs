//! Why a provider couldn't be asked, or why its answer isn't known.

use std::time::Duration;

use bursar_core::money::Money;

/// Why a call has no result. What matters to a caller is the first word: was it done?
///
/// A declined card is not an error but a [`PaymentStatus`](crate::PaymentStatus).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// Certainly not done: nothing was sent, or the provider refused before doing anything.
    #[error("not done: {0}")]
    NotDone(#[from] NotDone),
    /// It may have been done: the reply was lost, late, broken or a server's failure. Look it up,
    /// or repeat the call with the same id; never with a new one.
    #[error("the outcome is unknown: {0}")]
    Unknown(String),
    /// Certainly not done, and no repetition helps before an operator has changed the
    /// configuration: a wrong key, missing permissions, an address that isn't allowed.
    #[error("the payment provider is misconfigured: {0}")]
    Misconfigured(String),
}

/// Why something was certainly not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// The provider can't be reached or takes no requests now. Trying again later helps.
    #[error("the payment provider is unavailable: {reason}")]
    Unavailable {
        /// What happened.
        reason: String,
        /// How long the provider asks to wait, if it does.
        retry_after: Option<Duration>,
    },
    /// The provider knows no such customer, payment method, payment or session.
    #[error("the payment provider has no such {0}")]
    Missing(&'static str),
    /// The id was used before for something else: another amount, customer or method.
    #[error("the id was used before for something else: {0}")]
    Conflict(String),
    /// The provider can't take this amount in this currency.
    #[error("{money} can't be charged: {reason}")]
    Amount {
        /// What was asked.
        money: Money,
        /// The provider's rule.
        reason: String,
    },
    /// More was to be returned than is left of the payment.
    #[error("the refund is more than what is left of the payment")]
    RefundTooLarge,
    /// The provider refused it for a reason of its own. Repeating the same doesn't help.
    #[error("the payment provider refused: {message} ({code})")]
    Refused {
        /// The provider's code.
        code: String,
        /// Its words; may be shown to operators, not to customers.
        message: String,
    },
}

impl ProviderError {
    /// [`NotDone::Unavailable`] without a time to wait.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self::NotDone(NotDone::Unavailable { reason: reason.into(), retry_after: None })
    }

    /// Whether the same call, with the same id, may succeed later without anyone doing anything.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unknown(_) | Self::NotDone(NotDone::Unavailable { .. }))
    }
}

/// Why a webhook isn't believed. Answer with 400 and do nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// No signature header, or no secret is configured to check it with.
    #[error("the webhook is not signed")]
    Unsigned,
    /// The signature header can't be read.
    #[error("the webhook's signature can't be read")]
    Malformed,
    /// No signature in the header is ours.
    #[error("the webhook's signature is wrong")]
    Forged,
    /// Signed at a time too far from now: an old message sent again, or a clock that is wrong.
    #[error("the webhook was signed at another time")]
    Stale,
    /// Signed, but not a message of this provider.
    #[error("the webhook can't be read")]
    Unreadable,
}
