//! The books of money: every event maps to lines that sum to zero.
//!
//! A positive line is a debit: what customers owe (`receivable`), what the bank has (`cash`). A
//! negative one is a credit: what was sold and isn't delivered (`deferred_revenue`), what is (`revenue`,
//! `breakage`), what the state gets (`tax`).

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::account::event::Event;
use crate::account::payments::DisputeStatus;
use crate::bill::Bill;
use crate::money::{Currency, Money};

/// A ledger account in money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MoneyBook {
    /// What customers owe; negative, what is owed to them.
    Receivable,
    /// What the payment provider has taken and not returned.
    Cash,
    /// What banks hold back while a dispute lasts.
    Disputed,
    /// What was sold and isn't delivered.
    DeferredRevenue,
    /// What was sold and delivered.
    Revenue,
    /// What was sold and will never be asked for: allowances that expired unused.
    Breakage,
    /// What was taken back by credit notes.
    Refunds,
    /// What was lost to disputes.
    Chargebacks,
    /// Tax that was charged.
    Tax,
}

impl MoneyBook {
    /// Its name: `deferred_revenue`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receivable => "receivable",
            Self::Cash => "cash",
            Self::Disputed => "disputed",
            Self::DeferredRevenue => "deferred_revenue",
            Self::Revenue => "revenue",
            Self::Breakage => "breakage",
            Self::Refunds => "refunds",
            Self::Chargebacks => "chargebacks",
            Self::Tax => "tax",
        }
    }
}

impl fmt::Display for MoneyBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One line: that much more in a book; negative, that much less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyPosting {
    /// The book.
    pub book: MoneyBook,
    /// How much.
    pub money: Money,
}

/// The lines of an event in money; none if it moves none. Their sum is zero, always.
pub fn money_postings(event: &Event) -> Vec<MoneyPosting> {
    use MoneyBook::{Cash, Receivable};
    let (currency, lines) = match event {
        Event::InvoiceIssued { order, .. } => (order.bill.currency, sold(&order.bill)),
        Event::PaymentSucceeded { money, .. } => {
            (money.currency, transfer(Receivable, Cash, money.amount))
        }
        Event::CreditNoteIssued { bill, paid, .. } => (bill.currency, taken_back(bill, *paid)),
        Event::RefundSucceeded { money, .. } => {
            (money.currency, transfer(Cash, Receivable, money.amount))
        }
        Event::RevenueRecognized { currency, subscription, breakage, topups } => {
            (*currency, earned(*subscription, *breakage, topups.iter().map(|(_, net)| *net)))
        }
        Event::PaymentDisputed { money, status, before, .. } => {
            (money.currency, disputed(money.amount, *before, *status))
        }
        _ => return Vec::new(),
    };
    net(currency, lines)
}

type Line = (MoneyBook, i64);

fn transfer(from: MoneyBook, to: MoneyBook, amount: i64) -> Vec<Line> {
    alloc::vec![(from, amount.saturating_neg()), (to, amount)]
}

fn sold(bill: &Bill) -> Vec<Line> {
    alloc::vec![
        (MoneyBook::Receivable, bill.total),
        (MoneyBook::DeferredRevenue, bill.net.saturating_neg()),
        (MoneyBook::Tax, bill.tax.saturating_neg()),
    ]
}

/// What was paid for is partly earned by now, so it is taken back as a refund; what was not paid for
/// was never earned.
fn taken_back(bill: &Bill, paid: bool) -> Vec<Line> {
    let book = if paid { MoneyBook::Refunds } else { MoneyBook::DeferredRevenue };
    alloc::vec![
        (MoneyBook::Receivable, bill.total.saturating_neg()),
        (book, bill.net),
        (MoneyBook::Tax, bill.tax),
    ]
}

fn earned(subscription: i64, breakage: i64, topups: impl Iterator<Item = i64>) -> Vec<Line> {
    let topups = topups.fold(0_i64, i64::saturating_add);
    let revenue = subscription.saturating_add(topups);
    alloc::vec![
        (MoneyBook::DeferredRevenue, revenue.saturating_add(breakage)),
        (MoneyBook::Revenue, revenue.saturating_neg()),
        (MoneyBook::Breakage, breakage.saturating_neg()),
    ]
}

/// The bank takes the money when a dispute opens, and gives it back or keeps it at the end.
fn disputed(amount: i64, before: Option<DisputeStatus>, now: DisputeStatus) -> Vec<Line> {
    let place = |status| match status {
        None | Some(DisputeStatus::Inquiry | DisputeStatus::Won) => MoneyBook::Cash,
        Some(DisputeStatus::Open) => MoneyBook::Disputed,
        Some(DisputeStatus::Lost) => MoneyBook::Chargebacks,
    };
    transfer(place(before), place(Some(now)), amount)
}

/// One line per book, none of zero.
fn net(currency: Currency, lines: Vec<Line>) -> Vec<MoneyPosting> {
    let mut netted: Vec<Line> = Vec::with_capacity(lines.len());
    for (book, amount) in lines {
        match netted.iter_mut().find(|(seen, _)| *seen == book) {
            Some((_, seen)) => *seen = seen.saturating_add(amount),
            None => netted.push((book, amount)),
        }
    }
    netted.retain(|(_, amount)| *amount != 0);
    let posting = |(book, amount)| MoneyPosting { book, money: Money::new(amount, currency) };
    netted.into_iter().map(posting).collect()
}
