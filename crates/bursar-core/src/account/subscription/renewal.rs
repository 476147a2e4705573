//! The next billing period: invoiced on the billing date, begun when it is paid; and dunning, when it
//! isn't.

use alloc::vec::Vec;
use core::time::Duration;

use super::offer::next_order;
use super::{end, issue_allowance};
use crate::account::documents::{CreditReason, TakenBack, credit_note, invoice};
use crate::account::event::{Direction, Event};
use crate::account::payments::request::{Asked, request};
use crate::account::payments::{Order, Purchase, Retry};
use crate::account::state::{LiveSubscription, Renewal, ScheduledChange, Terms};
use crate::account::{Account, notices, revenue};
use crate::catalog::{Catalog, Interval};
use crate::id::{CatalogVersion, DocumentId, Key};
use crate::money::Money;
use crate::time::{Anchor, Period, Timestamp};

/// The billing date: the next period's invoice is issued, or the period begins if it costs nothing.
/// A scheduled change falls away, so that the present plan goes on, if the catalog no longer has the
/// plan.
pub(in crate::account) fn next_period(
    account: &Account,
    live: &LiveSubscription,
    catalog: &Catalog,
    due: Timestamp,
) -> Vec<Event> {
    let mut events = Vec::new();
    if let Some(ScheduledChange { plan, interval }) = &live.scheduled
        && account.plan_of(catalog, plan).is_none()
    {
        let (plan, interval) = (plan.clone(), *interval);
        events.push(Event::ScheduledChangeDropped { plan, interval });
    }
    let order = next_order(account, live, catalog);
    if order.bill.total == 0 {
        events.extend(carried(account, &order));
        events.extend(begin(account, live, catalog, &order, due));
        return events;
    }
    events.push(invoice(account, catalog, due, account.billing.next_document, order));
    events
}

/// What an order does to what is carried forward.
pub(in crate::account) fn carried(account: &Account, order: &Order) -> Option<Event> {
    let by = Money::new(order.carried, account.currency);
    (order.carried != 0).then_some(Event::UnusedTimeCarried { by })
}

/// The period of a renewal begins, at `now`: its month's allowance is the one that is running then.
pub(in crate::account) fn begin(
    account: &Account,
    live: &LiveSubscription,
    catalog: &Catalog,
    order: &Order,
    now: Timestamp,
) -> Vec<Event> {
    let Purchase::Renewal { plan, interval, change, terms, billing, catalog: version, .. } =
        &order.purchase
    else {
        return Vec::new();
    };
    let begun = match change {
        None => Event::SubscriptionRenewed { billing: *billing, terms: *terms, catalog: *version },
        Some(direction) => {
            changed(live, plan, *interval, *direction, *terms, &live.anchor, *billing, *version)
        }
    };
    let month = month_of(&live.anchor, *billing, *interval, now);
    let mut events = alloc::vec![begun, issue_allowance(account, plan, terms.allowance, month)];
    events.extend(notices::of_renewal(catalog, *interval, *billing, now));
    events
}

/// The month of a billing period that `now` is in; the last, if the period is over.
fn month_of(anchor: &Anchor, billing: Period, interval: Interval, now: Timestamp) -> Period {
    let last = billing.offset.saturating_add(interval.months()).saturating_sub(1);
    let mut month = anchor.period(billing.offset, 1);
    while month.end <= now && month.offset < last {
        month = anchor.period(month.offset.saturating_add(1), 1);
    }
    month
}

#[expect(clippy::too_many_arguments, reason = "the fields of one event")]
pub(in crate::account) fn changed(
    live: &LiveSubscription,
    plan: &Key,
    interval: Interval,
    direction: Direction,
    terms: Terms,
    anchor: &Anchor,
    billing: Period,
    catalog: CatalogVersion,
) -> Event {
    Event::PlanChanged {
        from: live.plan.clone(),
        plan: plan.clone(),
        interval,
        direction,
        terms,
        anchor: anchor.clone(),
        billing,
        catalog,
    }
}

/// What is due of an unpaid renewal: the first attempt, a retry, or the end.
pub(in crate::account) fn go_on(
    account: &Account,
    live: &LiveSubscription,
    renewal: &Renewal,
    catalog: &Catalog,
    due: Timestamp,
) -> Vec<Event> {
    let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= due);
    if renewal.unpaid_since.is_some() && !is_due(renewal.retry_at) {
        return give_up(account, live, renewal, catalog, due);
    }
    match account.billing.default_method() {
        Some(method) => {
            alloc::vec![request(account, catalog, due, method, &renewal.order, Asked::ByItself)]
        }
        None => unpaid(account, live, renewal, catalog, due, Retry::NewMethod),
    }
}

/// A payment of a renewal failed, or can't be made: it is tried again on the catalog's days after the
/// first failure; a decline that forbids it waits for the customer. After the last attempt the
/// subscription ends as if cancelled.
pub(in crate::account) fn unpaid(
    account: &Account,
    live: &LiveSubscription,
    renewal: &Renewal,
    catalog: &Catalog,
    now: Timestamp,
    retry: Retry,
) -> Vec<Event> {
    let since = renewal.unpaid_since.unwrap_or(now);
    let days = &catalog.policies.dunning_retry_days;
    let mut later = days.iter().map(|days| since.after(day(*days))).filter(|at| *at > now);
    let next = later.next();
    let ends_at = renewal.ends_at.or_else(|| days.last().map(|days| since.after(day(*days))));
    match (next, ends_at) {
        (Some(next), Some(ends_at)) => alloc::vec![Event::RenewalUnpaid {
            document: renewal.document,
            retry_at: (retry == Retry::Later).then_some(next),
            ends_at,
        }],
        _ => give_up(account, live, renewal, catalog, now),
    }
}

const fn day(days: u32) -> Duration {
    Duration::from_secs(86_400).saturating_mul(days)
}

/// The credit note of that id for a renewal that was not paid.
pub(super) fn taken_back(
    account: &Account,
    renewal: &Renewal,
    catalog: &Catalog,
    document: DocumentId,
    now: Timestamp,
) -> Event {
    let taken_back = TakenBack {
        invoice: renewal.document,
        bill: &renewal.order.bill,
        paid: false,
        reason: CreditReason::NotPaid,
    };
    credit_note(account, catalog, now, document, taken_back)
}

/// The subscription ends, and the invoice that was not paid is taken back.
pub(in crate::account) fn give_up(
    account: &Account,
    live: &LiveSubscription,
    renewal: &Renewal,
    catalog: &Catalog,
    now: Timestamp,
) -> Vec<Event> {
    let document = account.billing.next_document;
    let mut events = alloc::vec![taken_back(account, renewal, catalog, document, now)];
    let unearned = account.billing.unearned.saturating_sub(renewal.order.bill.net);
    events.extend(revenue::rest(account, catalog, unearned));
    events.extend(end(live, catalog, now));
    events
}
