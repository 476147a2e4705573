//! Invoices and credit notes: what they are at one moment, folded from their events.

pub mod record;

use serde::{Deserialize, Serialize};

use crate::id::Reason;

/// Why an invoice is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CreditReason {
    /// The first subscription was refunded.
    SubscriptionRefunded {
        /// What support wrote.
        reason: Option<Reason>,
    },
    /// A top-up was refunded.
    TopupRefunded {
        /// What support wrote.
        reason: Option<Reason>,
    },
    /// A renewal was never paid, and the subscription has ended.
    NotPaid,
    /// The bank took the money back after a dispute.
    Disputed,
}

impl CreditReason {
    /// In words, as the credit note says it.
    pub const fn words(&self) -> &'static str {
        match self {
            Self::SubscriptionRefunded { .. } => "Refund of the first subscription",
            Self::TopupRefunded { .. } => "Refund of a top-up",
            Self::NotPaid => "Not paid: the subscription was not renewed",
            Self::Disputed => "Payment returned by the bank after a dispute",
        }
    }
}
