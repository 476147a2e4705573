//! Invoices and credit notes: what they are at one moment, folded from their events.

pub mod record;

use serde::{Deserialize, Serialize};

use super::Account;
use super::event::Event;
use super::payments::Order;
use crate::bill::{Bill, LegalNumber};
use crate::catalog::Catalog;
use crate::id::{DocumentId, Reason};
use crate::time::Timestamp;

/// An invoice is finalized.
pub(super) fn invoice(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
    document: DocumentId,
    order: Order,
) -> Event {
    Event::InvoiceIssued {
        document,
        number: LegalNumber::pending(&catalog.documents.invoice_series, now),
        order,
        buyer: account.billing.buyer,
        catalog: catalog.version,
    }
}

/// What a credit note takes back.
pub(super) struct TakenBack<'a> {
    pub(super) invoice: DocumentId,
    pub(super) bill: &'a Bill,
    pub(super) paid: bool,
    pub(super) reason: CreditReason,
}

/// A credit note is finalized.
pub(super) fn credit_note(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
    document: DocumentId,
    taken_back: TakenBack<'_>,
) -> Event {
    let TakenBack { invoice, bill, paid, reason } = taken_back;
    Event::CreditNoteIssued {
        document,
        number: LegalNumber::pending(&catalog.documents.credit_note_series, now),
        corrects: invoice,
        bill: bill.clone(),
        paid,
        reason,
        buyer: account.billing.buyer,
        catalog: catalog.version,
    }
}

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
