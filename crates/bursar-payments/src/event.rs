//! What a provider tells by webhook.

use bursar_core::money::Money;
use bursar_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{DisputeRef, EventRef, MethodRef, PaymentRef};
use crate::method::{PaymentMethod, Setup};
use crate::payment::Payment;
use crate::refund::Refund;

/// A verified message of a provider.
///
/// It may arrive before the reply to the call that caused it, late, more than once, or never, and
/// after messages that were written later. Apply each [`EventRef`] once, and let
/// [`PaymentStatus::settle`](crate::PaymentStatus::settle) decide between old and new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderEvent {
    /// The same in every repetition of the message.
    pub id: EventRef,
    /// When it was written, by the provider's clock; to the second.
    pub at: Timestamp,
    /// What it tells.
    pub news: News,
}

/// What a message tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// A payment of ours moved.
    Payment(Payment),
    /// A refund moved, ours or one made in the provider's own pages.
    Refund(Refund),
    /// A customer disputes a payment, or a dispute moved.
    Dispute(Dispute),
    /// A session moved.
    Setup(Setup),
    /// A bank replaced a card, or its details changed.
    MethodUpdated(PaymentMethod),
    /// A payment method can't be used any more.
    MethodDetached(MethodRef),
    /// A kind that means nothing to us, or something that isn't ours. Acknowledge it, do nothing.
    Other {
        /// What the provider calls it.
        kind: String,
    },
}

/// A payment that a customer disputes with the bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// Its name at the provider.
    pub reference: DisputeRef,
    /// The disputed payment, if it can be named.
    pub payment: Option<PaymentRef>,
    /// How much is disputed.
    pub money: Money,
    /// The provider's word for why, such as `fraudulent` or `product_not_received`.
    pub reason: String,
    /// How far it is.
    pub status: DisputeStatus,
    /// Until when evidence can be handed in.
    pub respond_by: Option<Timestamp>,
}

/// How far a dispute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// The bank asks; no money has moved.
    Inquiry,
    /// The money was taken back; evidence can be handed in.
    NeedsResponse,
    /// The bank decides.
    UnderReview,
    /// The money came back, or never left.
    Won,
    /// The money is gone.
    Lost,
}
