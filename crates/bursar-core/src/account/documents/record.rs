//! One invoice or credit note: what billing history shows and a PDF is drawn from. The fold of its own
//! events; everything but how it was paid is fixed by the first.

use serde::{Deserialize, Serialize};

use super::CreditReason;
use crate::account::event::{Event, Recorded};
use crate::account::payments::Purchase;
use crate::bill::{Bill, LegalNumber};
use crate::id::{CatalogVersion, DocumentId, PaymentId};
use crate::provider::Card;
use crate::time::Timestamp;

/// An invoice or a credit note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRecord {
    /// Its id.
    pub id: DocumentId,
    /// Its legal number.
    pub number: LegalNumber,
    /// When it was finalized.
    pub issued_at: Timestamp,
    /// What it is.
    pub kind: DocumentKind,
    /// Its figures. A credit note has those of the invoice that it takes back.
    pub bill: Bill,
    /// Which revision of the customer's billing details it shows.
    pub buyer: u32,
    /// The catalog whose seller it shows.
    pub catalog: CatalogVersion,
    /// How it was paid, or returned.
    pub paid: Option<Paid>,
    /// The credit note that took it back.
    pub credited_by: Option<DocumentId>,
}

/// What a document is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DocumentKind {
    /// An invoice.
    Invoice {
        /// For what.
        purchase: Purchase,
    },
    /// A credit note.
    CreditNote {
        /// The invoice that it takes back.
        corrects: DocumentId,
        /// Had it been paid?
        paid: bool,
        /// Why.
        reason: CreditReason,
    },
}

/// How a document was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// When.
    pub at: Timestamp,
    /// By which payment.
    pub payment: PaymentId,
    /// With which card.
    pub card: Option<Card>,
}

impl DocumentRecord {
    /// `invoice` or `credit_note`.
    pub const fn kind(&self) -> &'static str {
        match self.kind {
            DocumentKind::Invoice { .. } => "invoice",
            DocumentKind::CreditNote { .. } => "credit_note",
        }
    }

    /// `open`, `paid`, `credited` (paid, and taken back), `void` (taken back without having been
    /// paid); a credit note is `issued`.
    pub const fn state(&self) -> &'static str {
        match (&self.kind, &self.paid, self.credited_by) {
            (DocumentKind::CreditNote { .. }, ..) => "issued",
            (_, Some(_), Some(_)) => "credited",
            (_, None, Some(_)) => "void",
            (_, Some(_), None) => "paid",
            (_, None, None) => "open",
        }
    }
}

/// The documents that an event belongs to: a credit note's also to the invoice that it takes back.
pub const fn subjects(event: &Event) -> [Option<DocumentId>; 2] {
    match event {
        Event::InvoiceIssued { document, .. } | Event::InvoicePaid { document, .. } => {
            [Some(*document), None]
        }
        Event::CreditNoteIssued { document, corrects, .. } => [Some(*document), Some(*corrects)],
        _ => [None, None],
    }
}

/// Folds one of the document's own events, in order; `None` until the one that issues it.
pub fn fold(
    id: DocumentId,
    document: Option<DocumentRecord>,
    recorded: &Recorded,
) -> Option<DocumentRecord> {
    let Some(mut document) = document else {
        return issue(id, recorded);
    };
    match &recorded.event {
        Event::InvoicePaid { payment, card, .. } => {
            document.paid = Some(Paid { at: recorded.at, payment: *payment, card: card.clone() });
        }
        Event::CreditNoteIssued { document: note, corrects, .. } if *corrects == id => {
            document.credited_by = Some(*note);
        }
        _ => {}
    }
    Some(document)
}

fn issue(id: DocumentId, recorded: &Recorded) -> Option<DocumentRecord> {
    let issued_at = recorded.at;
    let issued = |number: &LegalNumber, kind, bill: &Bill, buyer, catalog| DocumentRecord {
        id,
        number: number.clone(),
        issued_at,
        kind,
        bill: bill.clone(),
        buyer,
        catalog,
        paid: None,
        credited_by: None,
    };
    match &recorded.event {
        Event::InvoiceIssued { number, order, buyer, catalog, .. } => {
            let kind = DocumentKind::Invoice { purchase: order.purchase.clone() };
            Some(issued(number, kind, &order.bill, *buyer, *catalog))
        }
        Event::CreditNoteIssued {
            document,
            number,
            corrects,
            bill,
            paid,
            reason,
            buyer,
            catalog,
        } if *document == id => {
            let (corrects, paid, reason) = (*corrects, *paid, reason.clone());
            let kind = DocumentKind::CreditNote { corrects, paid, reason };
            Some(issued(number, kind, bill, *buyer, *catalog))
        }
        _ => None,
    }
}
