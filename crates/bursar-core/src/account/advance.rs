//! Booking what fell due: timeouts, expiry, refresh, renewal, dunning, notices, end, purge.
//!
//! Every command first advances its account to now, so that being right never depends on a
//! scheduler being punctual.

use alloc::vec::Vec;

use super::event::{Event, Recorded, ReleaseCause};
use super::state::{LiveSubscription, Lot};
use super::subscription::renewal;
use super::{Account, lots, notices, payments, record, revenue, storage, subscription, topups};
use crate::catalog::{Catalog, Class};
use crate::time::Timestamp;

/// The first instant until `to` at which the provider has to be asked for something, if any: a test
/// clock waits there for the answer, as time would.
pub(super) fn first_stop(account: &Account, catalog: &Catalog, to: Timestamp) -> Option<Timestamp> {
    let mut account = account.clone();
    while let Some(due) = account.next_due_at().filter(|due| *due <= to) {
        for event in fall_due(&account, catalog, due) {
            record(&mut account, due, event);
        }
        if !account.billing.effects().is_empty() {
            return Some(due);
        }
    }
    None
}

/// Books all that fell due up to and including `now`, in order of its due time and stamped with it.
pub fn advance(account: &mut Account, catalog: &Catalog, now: Timestamp) -> Vec<Recorded> {
    let mut recorded = Vec::new();
    while let Some(due) = account.next_due_at().filter(|due| *due <= now) {
        for event in fall_due(account, catalog, due) {
            recorded.push(record(account, due, event));
        }
    }
    recorded
}

/// What happens next of all that is due at `due`; never nothing. At one instant holds time out first,
/// so that what they return can still expire or be used, and uploads, so that their room is free; then the month's revenue is booked, while it
/// shows what was left unused; then lots expire; then the subscription moves on, and what was bought
/// automatically or is to be announced comes last.
fn fall_due(account: &Account, catalog: &Catalog, due: Timestamp) -> Vec<Event> {
    if let Some(hold) = account.holds.iter().find(|hold| hold.expires_at <= due) {
        let (returned, expired) = super::holds::give_back(account, &hold.portions);
        return alloc::vec![Event::HoldReleased {
            hold: hold.id,
            about: hold.about(),
            returned,
            expired,
            cause: ReleaseCause::TimedOut,
        }];
    }
    if let Some(given_up) = storage::reserve::expired(account, due) {
        return alloc::vec![given_up];
    }
    if let Some(live) = account.live()
        && let Some(earned) = revenue::of_month(account, live, catalog, due)
    {
        return alloc::vec![earned];
    }
    let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= due);
    if let Some(lot) = account.lots.iter().find(|lot| !lot.expired && is_due(lot.expires_at)) {
        return alloc::vec![lots::expire(lot)];
    }
    if let Some(live) = account.live()
        && is_due(live.due_at(&account.billing))
    {
        return next_month(account, live, catalog, due);
    }
    let mut waiting = account.billing.payments.iter();
    if let Some(payment) = waiting.find(|payment| is_due(payment.due_at())) {
        return payments::settle::expired(account, payment, catalog, due);
    }
    if let Some(notice) = account.notices.first().filter(|notice| notice.at <= due) {
        return notices::give(account, catalog, notice.kind);
    }
    if is_due(topups::auto::due_at(account)) {
        return topups::auto::go(account, catalog, due);
    }
    // `next_due_at` says that something is due; only the purge is left.
    purge(account)
}

/// After the purge an account starts empty: only what was bought survives.
fn purge(account: &Account) -> Vec<Event> {
    let given = |lot: &&Lot| lot.class != Class::Topup && !lot.expired;
    if let Some(lot) = account.lots.iter().find(given) {
        return alloc::vec![lots::expire(lot)];
    }
    let mut events = storage::purge::give_up(&account.storage);
    events.push(Event::AccountPurged);
    events
}

/// What happens when a month is over: another month of the billing period; or, on the billing date, the
/// end, or the next period, which may be waiting to be paid.
fn next_month(
    account: &Account,
    live: &LiveSubscription,
    catalog: &Catalog,
    due: Timestamp,
) -> Vec<Event> {
    if let Some(renewal) = &live.renewal {
        return renewal::go_on(account, live, renewal, catalog, due);
    }
    if live.billing.end > due {
        let month = live.anchor.period(live.credit.offset.saturating_add(1), 1);
        let credits = live.terms.allowance;
        return alloc::vec![subscription::issue_allowance(account, &live.plan, credits, month)];
    }
    if live.cancellation.is_some() {
        let mut events: Vec<Event> =
            revenue::rest(account, catalog, account.billing.unearned).into_iter().collect();
        events.extend(subscription::end(live, catalog, due));
        return events;
    }
    renewal::next_period(account, live, catalog, due)
}
