//! Money that goes back.

use bursar_core::account::event::Event;
use bursar_core::account::subscription::refund::Refundable;
use bursar_core::credits::Credits;
use bursar_core::id::{DocumentId, PaymentId, RefundId};
use bursar_core::money::{Currency, Money};
use bursar_core::statement;
use bursar_store::Entry;
use serde::Serialize;
use utoipa::ToSchema;

use super::balance::BalanceNow;
use super::{Amount, Price, Shown, Time};
use crate::problem::{Problem, ProblemBody};

/// What a refund of the first subscription would return.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RefundOffer {
    /// Can it be refunded now?
    refundable: bool,
    /// Why not, as a problem.
    reason: Option<ProblemBody>,
    /// How much money would go back.
    amount: Option<Price>,
    /// Plan credits of the running month that are spent already.
    credits_spent: Option<Amount>,
    /// The first instant at which it is too late.
    until: Option<Time>,
}

impl RefundOffer {
    /// What could be refunded, or why nothing.
    pub(crate) fn of(refundable: Result<Refundable, Problem>) -> Self {
        match refundable {
            Ok(Refundable { money, spent, until }) => Self {
                refundable: true,
                reason: None,
                amount: Some(money.into()),
                credits_spent: Some(Amount(spent)),
                until: Some(Time(until)),
            },
            Err(problem) => Self {
                refundable: false,
                reason: Some(problem.body(None)),
                amount: None,
                credits_spent: None,
                until: None,
            },
        }
    }
}

/// A refund that was booked; the money is on its way.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MoneyRefunded {
    /// How much goes back.
    amount: Price,
    /// A credit note for each invoice that is taken back.
    credit_notes: Vec<CreditNoteName>,
    /// The return of each payment.
    refunds: Vec<RefundName>,
    /// Credits that were taken back.
    credits_taken: Amount,
    /// When the subscription ended, if this ended it.
    ended_at: Option<Time>,
    /// When the data is deleted, if this ended the subscription.
    purge_at: Option<Time>,
    /// The balance after it.
    balance: BalanceNow,
    /// The account's version after it.
    version: u64,
}

/// A credit note.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct CreditNoteName {
    /// The credit note.
    #[schema(value_type = String, example = "inv_2")]
    id: Shown<DocumentId>,
    /// Its legal number.
    #[schema(example = "CN-2026-000001")]
    number: String,
    /// The invoice that it takes back.
    #[schema(value_type = String, example = "inv_1")]
    corrects: Shown<DocumentId>,
    /// How much it takes back.
    total: Price,
}

/// The return of a payment.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct RefundName {
    /// The refund.
    #[schema(value_type = String, example = "re_0198f3a2b4c57d6e8f9012345678abcd")]
    id: Shown<RefundId>,
    /// The payment.
    #[schema(value_type = String, example = "pay_0198f3a2b4c57d6e8f9012345678abcd")]
    payment: Shown<PaymentId>,
    /// How much.
    amount: Price,
}

/// The reply of a refund in an account's currency.
pub(crate) fn refunded(entry: &Entry) -> Option<MoneyRefunded> {
    let (mut credit_notes, mut refunds) = (Vec::new(), Vec::new());
    let (mut total, mut currency): (i64, Option<Currency>) = (0, None);
    let (mut ended_at, mut purge_at) = (None, None);
    for recorded in &entry.events {
        match &recorded.event {
            Event::CreditNoteIssued { document, number, corrects, bill, .. } => {
                total = total.saturating_add(bill.total);
                currency = Some(bill.currency);
                credit_notes.push(CreditNoteName {
                    id: Shown(*document),
                    number: number.to_string(),
                    corrects: Shown(*corrects),
                    total: bill.due().into(),
                });
            }
            Event::RefundRequested { refund, payment, money, .. } => refunds.push(RefundName {
                id: Shown(*refund),
                payment: Shown(*payment),
                amount: (*money).into(),
            }),
            Event::SubscriptionEnded { purge_at: purge, .. } => {
                ended_at = Some(Time(recorded.at));
                purge_at = Some(Time(*purge));
            }
            _ => {}
        }
    }
    let moved = entry.events.iter().filter_map(statement::line).map(|line| line.credits);
    Some(MoneyRefunded {
        amount: Money::new(total, currency?).into(),
        credit_notes,
        refunds,
        credits_taken: Amount(Credits::ZERO.minus(Credits::total(moved))),
        ended_at,
        purge_at,
        balance: BalanceNow::at_end(entry),
        version: entry.version(),
    })
}
