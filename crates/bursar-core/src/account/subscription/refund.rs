//! "We offer refunds within 7 days of your first subscription if you're not satisfied."

use alloc::vec::Vec;

use super::renewal::taken_back;
use super::{end, running, unwanted};
use crate::Context;
use crate::account::command::RefundSubscription;
use crate::account::documents::{CreditReason, TakenBack, credit_note};
use crate::account::event::Event;
use crate::account::lots::expire;
use crate::account::payments::request::refund_of;
use crate::account::{Account, revenue};
use crate::catalog::Catalog;
use crate::credits::Credits;
use crate::id::{DocumentId, RefundId};
use crate::money::Money;
use crate::rejection::SubscriptionRejection;
use crate::time::Timestamp;

/// What a refund of the first subscription would return, and what the customer has had of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refundable {
    /// How much money goes back.
    pub money: Money,
    /// Plan credits that were spent since the subscription began.
    pub spent: Credits,
    /// The first instant at which it is too late.
    pub until: Timestamp,
}

/// What could be refunded now.
///
/// # Errors
/// [`SubscriptionRejection`]: no subscription runs, it isn't the first, nothing was paid, or it is too
/// late.
pub fn refundable(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<Refundable, SubscriptionRejection> {
    let live = running(account)?;
    let started_at = account.first_subscribed_at.unwrap_or(live.started_at);
    let until = started_at.after(catalog.policies.refunds.first_subscription);
    if live.started_at != started_at || now >= until {
        return Err(SubscriptionRejection::RefundWindowOver { until });
    }
    if account.billing.refundable.is_empty() {
        return Err(SubscriptionRejection::NothingToRefund);
    }
    let billing = &account.billing;
    if let Some(paid) = billing.refundable.iter().find(|paid| billing.is_disputed(paid.payment)) {
        return Err(SubscriptionRejection::Disputed { document: paid.document });
    }
    let paid = billing.refundable.iter().map(|paid| paid.bill.total);
    let total = paid.fold(0_i64, i64::saturating_add);
    Ok(Refundable { money: Money::new(total, account.currency), spent: live.spent, until })
}

impl RefundSubscription {
    /// All of it goes back, a credit note for each invoice; the subscription ends now and its credits
    /// are taken back. A renewal that isn't paid and payments under way fall away with it.
    ///
    /// # Errors
    /// As [`refundable`].
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        context: &Context,
    ) -> Result<Vec<Event>, SubscriptionRejection> {
        let now = context.now;
        let live = running(account)?;
        refundable(account, catalog, now)?;
        let mut events = Vec::new();
        let mut document = account.billing.next_document;
        for (number, paid) in (0_u8..).zip(&account.billing.refundable) {
            let taken_back = TakenBack {
                invoice: paid.document,
                bill: &paid.bill,
                paid: true,
                reason: CreditReason::SubscriptionRefunded { reason: self.reason.clone() },
            };
            events.push(credit_note(account, catalog, now, document, taken_back));
            let refund = RefundId::numbered(context, number);
            events.extend(refund_of(paid, refund, Some(document)));
            document = DocumentId(document.0.saturating_add(1));
        }
        let mut unearned = account.billing.unearned;
        if let Some(renewal) = &live.renewal {
            events.push(taken_back(account, renewal, catalog, document, now));
            unearned = unearned.saturating_sub(renewal.order.bill.net);
        }
        events.extend(unwanted(account));
        let carried = Money::new(account.billing.carried.saturating_neg(), account.currency);
        if carried.amount != 0 {
            events.push(Event::UnusedTimeCarried { by: carried });
        }
        events.extend(account.plan_lots().map(expire));
        events.extend(revenue::recognized(account, unearned, 0));
        events.extend(end(live, catalog, now));
        Ok(events)
    }
}
