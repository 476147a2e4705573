//! Why the subscription can't be changed.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::id::{DocumentId, Key};
use crate::money::{Currency, Money};
use crate::time::Timestamp;

/// Why the subscription can't be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubscriptionRejection {
    /// No such plan.
    #[error("unknown plan {given:?}; there is {}", .known.iter().map(Key::as_str).collect::<Vec<_>>().join(", "))]
    UnknownPlan {
        /// What was asked for.
        given: String,
        /// What there is.
        known: Vec<Key>,
    },
    /// Nothing would change.
    #[error("the account is on {plan} by the {interval} already")]
    AlreadyOnPlan {
        /// The plan.
        plan: Key,
        /// The interval.
        interval: &'static str,
    },
    /// No subscription runs.
    #[error("the account has no running subscription")]
    NotSubscribed,
    /// It has been cancelled; the change would take it back in silence.
    #[error("the subscription is cancelled and ends on {ends_at}")]
    Canceling {
        /// When it ends.
        ends_at: Timestamp,
    },
    /// It hasn't been cancelled.
    #[error("the subscription is not cancelled")]
    NotCanceling,
    /// No change waits.
    #[error("no change is scheduled")]
    NothingScheduled,
    /// The balance would leave the range of numbers.
    #[error("the balance would become too large")]
    BalanceTooLarge,
    /// The period that is running isn't paid, so there is nothing to prorate.
    #[error("{document}, the invoice of this period, is not paid: {due} are due")]
    RenewalUnpaid {
        /// The invoice.
        document: DocumentId,
        /// What is due.
        due: Money,
        /// Has a payment failed? Otherwise one is under way.
        past_due: bool,
    },
    /// There is no plan of the account's own.
    #[error("the account has no plan of its own")]
    NoCustomPlan,
    /// The account is on the plan that would go.
    #[error("the account is on its own plan")]
    OnCustomPlan,
    /// A plan names a feature that the catalog doesn't have.
    #[error("the catalog has no feature {given}")]
    UnknownFeature {
        /// What was named.
        given: Key,
    },
    /// An account's own plan isn't one that it can pay for.
    #[error(
        "an account's own plan has prices from 0 to 1000000000000 in {currency}, and credits from 0 \
         to 1000000000"
    )]
    BadCustomPlan {
        /// The account's currency.
        currency: Currency,
    },
    /// It is too late for a refund, or not the first subscription.
    #[error("only the first subscription can be refunded, until {until}")]
    RefundWindowOver {
        /// The first instant at which it was too late.
        until: Timestamp,
    },
    /// The bank has the money, or is deciding about it.
    #[error("the payment of {document} is disputed")]
    Disputed {
        /// The invoice.
        document: DocumentId,
    },
    /// Nothing was paid.
    #[error("nothing was paid for the subscription")]
    NothingToRefund,
}

impl SubscriptionRejection {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownPlan { .. } => "unknown_plan",
            Self::AlreadyOnPlan { .. } => "already_on_plan",
            Self::NotSubscribed => "not_subscribed",
            Self::Canceling { .. } => "subscription_canceling",
            Self::NotCanceling => "not_canceling",
            Self::NothingScheduled => "nothing_scheduled",
            Self::BalanceTooLarge => "balance_too_large",
            Self::RenewalUnpaid { .. } => "renewal_unpaid",
            Self::NoCustomPlan => "no_custom_plan",
            Self::OnCustomPlan => "on_custom_plan",
            Self::UnknownFeature { .. } => "unknown_feature",
            Self::BadCustomPlan { .. } => "bad_custom_plan",
            Self::RefundWindowOver { .. } => "refund_window_over",
            Self::Disputed { .. } => "payment_disputed",
            Self::NothingToRefund => "nothing_to_refund",
        }
    }

    /// What would fix it.
    pub fn fix(&self) -> String {
        let fix = match self {
            Self::UnknownPlan { .. } => "Choose one of the plans that the detail lists.",
            Self::AlreadyOnPlan { .. } => {
                "Choose another plan or interval; to undo a scheduled change, DELETE it."
            }
            Self::NotSubscribed => "Subscribe: POST /v1/accounts/{id}/subscription.",
            Self::Canceling { .. } => "Resume the subscription first.",
            Self::NotCanceling | Self::NothingScheduled | Self::NoCustomPlan => "Nothing to do.",
            Self::BalanceTooLarge => "Ask support.",
            Self::RenewalUnpaid { document, past_due: true, .. } => {
                return format!(
                    "Pay it with POST /v1/accounts/{{id}}/invoices/{document}/pay, or cancel."
                );
            }
            Self::RenewalUnpaid { past_due: false, .. } => "Wait for the payment under way.",
            Self::OnCustomPlan => "Change the account to another plan first.",
            Self::UnknownFeature { .. } => "Name features of the catalog: GET /v1/catalog.",
            Self::BadCustomPlan { .. } => "Correct the prices or the credits.",
            Self::RefundWindowOver { .. } => {
                "Cancel instead, or give credits with POST /v1/accounts/{id}/credits."
            }
            Self::Disputed { .. } => {
                "Wait for the bank's decision; refunding it as well would return the money twice."
            }
            Self::NothingToRefund => "Cancel instead.",
        };
        fix.to_string()
    }
}
