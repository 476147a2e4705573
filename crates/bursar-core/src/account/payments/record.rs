//! One payment from beginning to end: what a list of payments shows, and what late news are judged by.
//! The fold of its own events.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{DisputeStatus, Order, PaymentMethod, Retry};
use crate::account::event::{Event, Recorded};
use crate::id::{DocumentId, Key, PaymentId, RefundId};
use crate::money::Money;
use crate::provider::{DisputeRef, PaymentRef};
use crate::time::Timestamp;

/// A payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRecord {
    /// Its id.
    pub id: PaymentId,
    /// What it was paid with.
    pub method: PaymentMethod,
    /// What it was for.
    pub order: Order,
    /// Was the customer there?
    pub on_session: bool,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// How far it is.
    pub status: PaymentStatus,
    /// Its name at the provider.
    pub reference: Option<PaymentRef>,
    /// The invoice that it paid.
    pub invoice: Option<DocumentId>,
    /// Its refunds.
    pub refunds: Vec<RefundRecord>,
    /// Its disputes, as they stand.
    pub disputes: Vec<(DisputeRef, DisputeStatus)>,
}

/// How far a payment is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PaymentStatus {
    /// The provider is being asked.
    Requested,
    /// The bank is at it.
    Processing,
    /// It waits for the customer.
    RequiresAction,
    /// The money was taken.
    Succeeded {
        /// When.
        at: Timestamp,
    },
    /// No money was taken.
    Failed {
        /// When.
        at: Timestamp,
        /// The provider's code.
        code: Key,
        /// What another attempt needs.
        retry: Retry,
    },
}

impl PaymentStatus {
    /// `processing`, `requires_action`, `succeeded` or `failed`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Requested | Self::Processing => "processing",
            Self::RequiresAction => "requires_action",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
        }
    }
}

/// A refund of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRecord {
    /// Its id.
    pub id: RefundId,
    /// How much.
    pub money: Money,
    /// The credit note that it fulfils.
    pub document: Option<DocumentId>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When the money was returned; or why not.
    pub outcome: Option<Result<Timestamp, Key>>,
}

/// The payment that an event belongs to.
pub const fn subject(event: &Event) -> Option<PaymentId> {
    match event {
        Event::PaymentRequested { payment, .. }
        | Event::PaymentProgressed { payment, .. }
        | Event::PaymentSucceeded { payment, .. }
        | Event::PaymentFailed { payment, .. }
        | Event::PaymentAbandoned { payment }
        | Event::InvoicePaid { payment, .. }
        | Event::RefundRequested { payment, .. }
        | Event::RefundSucceeded { payment, .. }
        | Event::RefundFailed { payment, .. }
        | Event::PaymentDisputed { payment, .. } => Some(*payment),
        _ => None,
    }
}

/// Folds one of the payment's own events, in order; `None` until the one that asks for it.
pub fn fold(payment: Option<PaymentRecord>, recorded: &Recorded) -> Option<PaymentRecord> {
    let at = recorded.at;
    if let Event::PaymentRequested { payment: id, method, on_session, order, .. } = &recorded.event
    {
        return Some(PaymentRecord {
            id: *id,
            method: method.clone(),
            order: order.clone(),
            on_session: *on_session,
            requested_at: at,
            status: PaymentStatus::Requested,
            reference: None,
            invoice: None,
            refunds: Vec::new(),
            disputes: Vec::new(),
        });
    }
    let mut payment = payment?;
    match &recorded.event {
        Event::PaymentProgressed { reference, requires_action, .. } => {
            payment.status = match requires_action {
                true => PaymentStatus::RequiresAction,
                false => PaymentStatus::Processing,
            };
            payment.reference = reference.clone().or(payment.reference);
        }
        Event::PaymentSucceeded { reference, .. } => {
            payment.status = PaymentStatus::Succeeded { at };
            payment.reference = reference.clone().or(payment.reference);
        }
        Event::PaymentFailed { code, retry, .. } => {
            payment.status = PaymentStatus::Failed { at, code: code.clone(), retry: *retry };
        }
        Event::InvoicePaid { document, .. } => payment.invoice = Some(*document),
        Event::RefundRequested { refund, money, document, .. } => {
            payment.refunds.push(RefundRecord {
                id: *refund,
                money: *money,
                document: *document,
                requested_at: at,
                outcome: None,
            });
        }
        Event::RefundSucceeded { refund, .. } => payment.refunded(*refund, Ok(at)),
        Event::RefundFailed { refund, code, .. } => payment.refunded(*refund, Err(code.clone())),
        Event::PaymentDisputed { dispute, status, .. } => {
            payment.disputes.retain(|(known, _)| known != dispute);
            payment.disputes.push((dispute.clone(), *status));
        }
        _ => {}
    }
    Some(payment)
}

impl PaymentRecord {
    /// Was the money taken?
    pub const fn has_succeeded(&self) -> bool {
        matches!(self.status, PaymentStatus::Succeeded { .. })
    }

    /// How a dispute ended, if it has.
    pub fn dispute_over(&self, dispute: &DisputeRef) -> Option<DisputeStatus> {
        let known = self.disputes.iter().find(|(known, _)| known == dispute);
        known.map(|(_, status)| *status)
    }

    fn refunded(&mut self, refund: RefundId, outcome: Result<Timestamp, Key>) {
        if let Some(known) = self.refunds.iter_mut().find(|known| known.id == refund) {
            known.outcome = Some(outcome);
        }
    }
}
