//! The rows of payments and documents as databases keep them: columns to search and to add up, and
//! the encoded row, which is what is read back.

use bursar_core::account::documents::record::DocumentKind;
use bursar_core::account::event::Event;
use bursar_core::account::payments::record::{PaymentStatus, RefundRecord};
use bursar_core::bill::LegalNumber;
use bursar_core::id::{DocumentId, PaymentId, RefundId};
use bursar_core::money::Money;
use bursar_core::provider::PaymentRef;
use bursar_core::time::Timestamp;

use crate::codec;
use crate::entry::Entry;
use crate::port::{DocumentRow, PaymentName, PaymentRow, StoreError};

/// A row of `payments`, keyed by account and payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentColumns {
    /// The payment.
    pub payment: PaymentId,
    /// [`PaymentRow::version`].
    pub version: u64,
    /// What it was for: `start`, `change`, `topup` or `renewal`.
    pub purpose: &'static str,
    /// [`PaymentStatus::as_str`].
    pub status: &'static str,
    /// How much.
    pub money: Money,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it succeeded or failed.
    pub settled_at: Option<Timestamp>,
    /// The invoice that it paid.
    pub invoice: Option<DocumentId>,
    /// Its name at the provider.
    pub reference: Option<PaymentRef>,
    /// The encoded [`PaymentRow`].
    pub row: Vec<u8>,
}

impl PaymentColumns {
    /// The columns of a row.
    ///
    /// # Errors
    /// As [`codec::encode`].
    pub fn of(row: &PaymentRow) -> Result<Self, StoreError> {
        let record = &row.record;
        let settled_at = match &record.status {
            PaymentStatus::Succeeded { at } | PaymentStatus::Failed { at, .. } => Some(*at),
            _ => None,
        };
        Ok(Self {
            payment: record.id,
            version: row.version,
            purpose: record.order.purchase.as_str(),
            status: record.status.as_str(),
            money: record.order.bill.due(),
            requested_at: record.requested_at,
            settled_at,
            invoice: record.invoice,
            reference: record.reference.clone(),
            row: codec::encode(row)?,
        })
    }
}

/// A row of `payment_refunds`, keyed by refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundColumns {
    /// The refund.
    pub refund: RefundId,
    /// Of which payment.
    pub payment: PaymentId,
    /// `pending`, `succeeded` or `failed`.
    pub status: &'static str,
    /// How much.
    pub money: Money,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// The credit note that it fulfils.
    pub document: Option<DocumentId>,
}

impl RefundColumns {
    /// The columns of a payment's refunds.
    pub fn of(row: &PaymentRow) -> impl Iterator<Item = Self> {
        let payment = row.record.id;
        row.record.refunds.iter().map(move |refund| Self {
            refund: refund.id,
            payment,
            status: status(refund),
            money: refund.money,
            requested_at: refund.requested_at,
            document: refund.document,
        })
    }
}

const fn status(refund: &RefundRecord) -> &'static str {
    match refund.outcome {
        None => "pending",
        Some(Ok(_)) => "succeeded",
        Some(Err(_)) => "failed",
    }
}

/// A row of `documents`, keyed by account and document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentColumns {
    /// The document.
    pub document: DocumentId,
    /// [`DocumentRow::version`].
    pub version: u64,
    /// `invoice` or `credit_note`.
    pub kind: &'static str,
    /// Its legal number, which is unique.
    pub number: LegalNumber,
    /// `open`, `paid`, `credited`, `void`; `issued` for a credit note.
    pub state: &'static str,
    /// When it was finalized.
    pub issued_at: Timestamp,
    /// What is due.
    pub total: Money,
    /// Without tax, in minor units.
    pub net: i64,
    /// The tax, in minor units.
    pub tax: i64,
    /// The invoice that it takes back, if it is a credit note.
    pub corrects: Option<DocumentId>,
    /// The credit note that took it back.
    pub credited_by: Option<DocumentId>,
    /// The encoded [`DocumentRow`].
    pub row: Vec<u8>,
}

impl DocumentColumns {
    /// The columns of a row.
    ///
    /// # Errors
    /// As [`codec::encode`].
    pub fn of(row: &DocumentRow) -> Result<Self, StoreError> {
        let record = &row.record;
        let corrects = match &record.kind {
            DocumentKind::CreditNote { corrects, .. } => Some(*corrects),
            DocumentKind::Invoice { .. } => None,
        };
        Ok(Self {
            document: record.id,
            version: row.version,
            kind: record.kind(),
            number: record.number.clone(),
            state: record.state(),
            issued_at: record.issued_at,
            total: record.bill.due(),
            net: record.bill.net,
            tax: record.bill.tax,
            corrects,
            credited_by: record.credited_by,
            row: codec::encode(row)?,
        })
    }
}

/// Is this what the payment is called?
pub fn is_named(row: &PaymentRow, name: &PaymentName) -> bool {
    match name {
        PaymentName::Id(id) => row.record.id == *id,
        PaymentName::Reference(reference) => row.record.reference.as_ref() == Some(reference),
        PaymentName::Refund(id) => row.record.refunds.iter().any(|refund| refund.id == *id),
    }
}

/// The payments that an entry may give a name; its [row](is_named) says whether it has it.
pub fn may_name(entry: &Entry, name: &PaymentName) -> impl Iterator<Item = PaymentId> {
    entry.events.iter().filter_map(move |recorded| match (&recorded.event, name) {
        (Event::PaymentRequested { payment, .. }, PaymentName::Id(id)) => {
            (payment == id).then_some(*payment)
        }
        (
            Event::PaymentProgressed { payment, reference, .. }
            | Event::PaymentSucceeded { payment, reference, .. },
            PaymentName::Reference(name),
        ) => (reference.as_ref() == Some(name)).then_some(*payment),
        (Event::RefundRequested { refund, payment, .. }, PaymentName::Refund(id)) => {
            (refund == id).then_some(*payment)
        }
        _ => None,
    })
}

/// The legal numbers that an entry gives out, in order.
pub fn legal_numbers(entry: &Entry) -> impl Iterator<Item = &LegalNumber> {
    entry.events.iter().filter_map(|recorded| recorded.event.legal_number())
}
