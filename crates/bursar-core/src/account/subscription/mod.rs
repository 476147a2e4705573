//! The life of a subscription: start, change, cancel, resume, renewal, end.

pub mod cancel;
pub mod change;
pub mod custom;
pub mod drop_scheduled;
pub mod next;
pub mod offer;
pub mod refund;
pub mod renewal;
pub mod resume;

use alloc::vec::Vec;

use super::event::{Direction, Event};
use super::state::LiveSubscription;
use super::{Account, notices};
use crate::catalog::{Catalog, Interval};
use crate::credits::Credits;
use crate::id::Key;
use crate::rejection::SubscriptionRejection;
use crate::time::{Period, Timestamp};

/// The running subscription.
fn running(account: &Account) -> Result<&LiveSubscription, SubscriptionRejection> {
    account.live().ok_or(SubscriptionRejection::NotSubscribed)
}

/// May its plan be changed? Not while it is cancelled, which the change would take back in silence,
/// and not while its renewal is unpaid, since there is nothing to prorate.
fn may_change(account: &Account, live: &LiveSubscription) -> Result<(), SubscriptionRejection> {
    if live.cancellation.is_some() {
        return Err(SubscriptionRejection::Canceling { ends_at: live.billing.end });
    }
    match &live.renewal {
        None => Ok(()),
        Some(renewal) => Err(SubscriptionRejection::RenewalUnpaid {
            document: renewal.document,
            due: renewal.order.bill.due(),
            past_due: account.is_past_due(),
        }),
    }
}

/// A month's allowance: "Credits refresh on your billing date each month."
pub(super) fn issue_allowance(
    account: &Account,
    plan: &Key,
    credits: Credits,
    period: Period,
) -> Event {
    Event::AllowanceIssued { lot: account.next_lot, plan: plan.clone(), credits, period }
}

/// The end: data is kept for the catalog's retention, "preserved for 30 days after cancellation".
pub(super) fn end(live: &LiveSubscription, catalog: &Catalog, at: Timestamp) -> Vec<Event> {
    let purge_at = at.after(catalog.policies.retention);
    let mut events = alloc::vec![Event::SubscriptionEnded { plan: live.plan.clone(), purge_at }];
    events.extend(notices::of_deletion(catalog, purge_at, at));
    events
}

/// Payments for the subscription that are under way and not wanted any more.
fn unwanted(account: &Account) -> impl Iterator<Item = Event> {
    let payments = account.billing.payments.iter();
    payments
        .filter(|payment| payment.order.purchase.is_subscription() && !payment.abandoned)
        .map(|payment| Event::PaymentAbandoned { payment: payment.id })
}

/// The order of plans decides, an account's own above the catalog's; at the same plan a longer
/// interval is up. A plan that the catalog no longer has is below all others.
fn direction(
    account: &Account,
    catalog: &Catalog,
    live: &LiveSubscription,
    plan: &Key,
    interval: Interval,
) -> Direction {
    let own = account.billing.custom_plan.as_ref();
    let rank = |key: &Key| {
        let is_own = own.is_some_and(|plan| plan.key == *key);
        if is_own { Some(usize::MAX) } else { catalog.rank(key) }
    };
    let before = (rank(&live.plan), live.interval);
    if (rank(plan), interval) > before { Direction::Upgrade } else { Direction::Downgrade }
}
