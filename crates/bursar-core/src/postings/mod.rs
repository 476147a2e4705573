//! Double-entry bookkeeping: every event maps to lines that sum to zero.
//!
//! A positive line is a debit, as in a ledger of what the product owes its customers: issuing
//! credits takes them from `issued` and puts them into the account's `available`.

mod money;

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::account::event::{Event, LotSource, Portion};
use crate::account::lots::sum;
use crate::catalog::Class;
use crate::credits::Credits;
use crate::id::Key;
pub use money::{MoneyBook, MoneyPosting, money_postings};

/// A ledger account in credits, of one customer's account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Book {
    /// Where allowances, upgrades and top-ups come from, by class.
    Issued(Class),
    /// Where adjustments come from, and go to.
    Adjusted,
    /// What the customer can spend.
    Available,
    /// What open holds reserve.
    Held,
    /// What was spent, by operation; without one, on amounts that the caller named.
    Consumed(Option<Key>),
    /// What expired unspent.
    Expired,
    /// Where refunds of charges come from.
    Refunded,
}

impl fmt::Display for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issued(class) => f.pad(&alloc::format!("issued:{}", class.as_str())),
            Self::Adjusted => f.pad("adjusted"),
            Self::Available => f.pad("available"),
            Self::Held => f.pad("held"),
            Self::Consumed(Some(operation)) => f.pad(&alloc::format!("consumed:{operation}")),
            Self::Consumed(None) => f.pad("consumed:custom"),
            Self::Expired => f.pad("expired"),
            Self::Refunded => f.pad("refunded"),
        }
    }
}

/// One line: that much more in a book; negative, that much less.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The book.
    pub book: Book,
    /// How much.
    pub credits: Credits,
}

/// The lines of an event; none if it moves nothing. Their sum is zero, always.
pub fn postings(event: &Event) -> Vec<Posting> {
    let lines = match event {
        Event::AllowanceIssued { credits, .. } => issue(Book::Issued(Class::Plan), *credits),
        Event::LotIssued { class, credits, source, .. } => match source {
            LotSource::Upgrade { .. } | LotSource::Topup { .. } => {
                issue(Book::Issued(*class), *credits)
            }
            LotSource::Adjustment { .. } => issue(Book::Adjusted, *credits),
        },
        Event::LotExpired { credits, .. } => transfer(Book::Available, Book::Expired, *credits),
        Event::CreditsTaken { portions, .. } => {
            transfer(Book::Available, Book::Adjusted, sum(portions))
        }
        Event::HoldPlaced { portions, .. } => transfer(Book::Available, Book::Held, sum(portions)),
        Event::Charged { portions, purpose, .. } => {
            let consumed = Book::Consumed(purpose.operation().cloned());
            transfer(Book::Available, consumed, sum(portions))
        }
        Event::HoldCaptured { about, captured, overage, returned, expired, .. } => {
            let consumed = || Book::Consumed(about.operation.clone());
            [
                transfer(Book::Held, consumed(), sum(captured)),
                transfer(Book::Available, consumed(), sum(overage)),
                give_back(returned, expired),
            ]
            .concat()
        }
        Event::HoldReleased { returned, expired, .. } => give_back(returned, expired),
        Event::ChargeRefunded { returned, reissued, .. } => {
            let reissued = reissued.map_or(Credits::ZERO, |new| new.credits);
            issue(Book::Refunded, sum(returned).plus(reissued))
        }
        _ => Vec::new(),
    };
    net(lines)
}

fn issue(from: Book, credits: Credits) -> Vec<Posting> {
    transfer(from, Book::Available, credits)
}

fn transfer(from: Book, to: Book, credits: Credits) -> Vec<Posting> {
    alloc::vec![Posting { book: from, credits: credits.negated() }, Posting { book: to, credits },]
}

fn give_back(returned: &[Portion], expired: &[Portion]) -> Vec<Posting> {
    [
        transfer(Book::Held, Book::Available, sum(returned)),
        transfer(Book::Held, Book::Expired, sum(expired)),
    ]
    .concat()
}

/// One line per book, none of zero.
fn net(lines: Vec<Posting>) -> Vec<Posting> {
    let mut netted: Vec<Posting> = Vec::with_capacity(lines.len());
    for line in lines {
        match netted.iter_mut().find(|seen| seen.book == line.book) {
            Some(seen) => seen.credits = seen.credits.plus(line.credits),
            None => netted.push(line),
        }
    }
    netted.retain(|line| !line.credits.is_zero());
    netted
}
