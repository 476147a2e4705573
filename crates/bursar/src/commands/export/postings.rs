//! Rows of postings, in money and in credits.

use bursar_core::account::event::{Event, Recorded};
use bursar_core::describe;
use bursar_core::id::{DocumentId, PaymentId, RefundId};
use bursar_core::postings::{MoneyPosting, Posting, money_postings, postings};
use bursar_store::{Entry, JournalPosition};

use super::cell::Cell;
use super::totals::Unit;

pub(super) const COLUMNS: [&str; 11] = [
    "commit", "index", "at", "account", "version", "event", "book", "unit", "amount", "document",
    "payment",
];

/// An event with where it stands.
#[derive(Clone, Copy)]
pub(super) struct Booked<'a> {
    pub(super) position: JournalPosition,
    pub(super) entry: &'a Entry,
    pub(super) version: u64,
    pub(super) recorded: &'a Recorded,
}

/// One posting, in units of a ledger of money or of credits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) book: String,
    pub(super) unit: Unit,
    /// Minor units, or micro-credits.
    pub(super) amount: i64,
}

/// The postings of an event, money first.
pub(super) fn lines(event: &Event) -> Vec<Line> {
    let money = money_postings(event).into_iter().map(|MoneyPosting { book, money }| Line {
        book: book.to_string(),
        unit: Unit::Money(money.currency),
        amount: money.amount,
    });
    let credits = postings(event).into_iter().map(|Posting { book, credits }| Line {
        book: book.to_string(),
        unit: Unit::Credits,
        amount: credits.micro(),
    });
    money.chain(credits).collect()
}

/// Where the document of a movement of money is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// It is this one, which the event issues.
    Issued(DocumentId),
    /// The invoice of a payment.
    Payment(PaymentId),
    /// The credit note of a refund.
    Refund(PaymentId, RefundId),
}

/// Which document an event is about, if it moves money for one.
pub(super) const fn about(event: &Event) -> Option<About> {
    match event {
        Event::InvoiceIssued { document, .. } | Event::CreditNoteIssued { document, .. } => {
            Some(About::Issued(*document))
        }
        Event::PaymentSucceeded { payment, .. } | Event::PaymentDisputed { payment, .. } => {
            Some(About::Payment(*payment))
        }
        Event::RefundSucceeded { payment, refund, .. } => Some(About::Refund(*payment, *refund)),
        _ => None,
    }
}

/// The rows of an event; `document` is the number of the one that it is about.
pub(super) fn rows(booked: Booked<'_>, lines: &[Line], document: Option<&str>) -> Vec<Vec<Cell>> {
    let Booked { position, entry, version, recorded } = booked;
    let payment = match about(&recorded.event) {
        Some(About::Payment(payment) | About::Refund(payment, _)) => Some(Cell::word(payment)),
        Some(About::Issued(_)) | None => None,
    };
    let payment = Cell::from(payment);
    let row = |line: &Line| {
        vec![
            Cell::Whole(position.commit),
            Cell::Whole(position.index.into()),
            Cell::Time(recorded.at),
            Cell::text(entry.account.as_str()),
            Cell::Whole(version),
            Cell::word(describe::kind(&recorded.event)),
            Cell::word(&line.book),
            Cell::word(line.unit),
            Cell::Decimal(line.unit.decimal(line.amount.into())),
            document.map(Cell::word).into(),
            payment.clone(),
        ]
    };
    lines.iter().map(row).collect()
}
