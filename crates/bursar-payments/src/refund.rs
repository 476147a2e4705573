//! Refunds: money that goes back the way it came.

use bursar_core::money::Money;
use serde::{Deserialize, Serialize};

use crate::id::{PaymentRef, RefundId, RefundRef};
use crate::payment::Attempt;

/// Money to be returned once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRequest {
    /// Ours, and the provider's idempotency key.
    pub id: RefundId,
    /// Of which payment.
    pub payment: PaymentRef,
    /// How much; positive, in the payment's currency, at most what is left of it.
    pub money: Money,
    /// Whether this id may have been sent before; see [`Attempt`].
    pub attempt: Attempt,
}

/// How to find a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundLookup {
    /// Ours.
    pub id: RefundId,
    /// Of which payment.
    pub payment: PaymentRef,
}

/// A refund as it stands at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Ours; `None` if someone made it in the provider's own pages. The money is gone all the same.
    pub id: Option<RefundId>,
    /// Its name at the provider.
    pub reference: RefundRef,
    /// Of which payment, if it is one that can be named.
    pub payment: Option<PaymentRef>,
    /// How much.
    pub money: Money,
    /// How far it is.
    pub status: RefundStatus,
}

/// How far a refund is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum RefundStatus {
    /// On its way; the result comes by webhook, or by polling.
    Pending,
    /// Returned. A bank may still send it back, which makes it [`RefundStatus::Failed`].
    Succeeded,
    /// The money stays with us; return it in another way.
    Failed {
        /// The provider's code.
        reason: String,
    },
    /// Given up before anything was returned.
    Cancelled,
}
