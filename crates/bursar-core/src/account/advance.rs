//! Booking what fell due: timeouts, expiry, refresh, renewal, end, purge.
//!
//! Every command first advances its account to now, so that being right never depends on a
//! scheduler being punctual.

use alloc::vec::Vec;

use super::event::{Event, Recorded, ReleaseCause};
use super::state::{LiveSubscription, Lot, Subscription};
use super::{Account, record, subscription};
use crate::catalog::{Catalog, Class};
use crate::time::Timestamp;

/// Books all that fell due up to and including `now`, in order of its due time and stamped with it.
pub fn advance(account: &mut Account, catalog: &Catalog, now: Timestamp) -> Vec<Recorded> {
    let mut recorded = Vec::new();
    while let Some(due) = account.next_due_at().filter(|due| *due <= now) {
        let event = fall_due(account, catalog, due);
        recorded.push(record(account, due, event));
    }
    recorded
}

/// The next event of all that is due at `due`. At one instant holds time out first, so that what
/// they return can still expire or be used; then lots expire; then the subscription moves on; then
/// the new month's allowance is issued.
fn fall_due(account: &Account, catalog: &Catalog, due: Timestamp) -> Event {
    if let Some(hold) = account.holds.iter().find(|hold| hold.expires_at <= due) {
        let (returned, expired) = super::holds::give_back(account, &hold.portions);
        return Event::HoldReleased {
            hold: hold.id,
            about: hold.about(),
            returned,
            expired,
            cause: ReleaseCause::TimedOut,
        };
    }
    let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= due);
    if let Some(lot) = account.lots.iter().find(|lot| !lot.expired && is_due(lot.expires_at)) {
        return Event::LotExpired { lot: lot.id, class: lot.class, credits: lot.available() };
    }
    match &account.subscription {
        Subscription::Live(live) if live.billing.end <= due => {
            next_billing_period(live, catalog, due)
        }
        Subscription::Live(live) => {
            let month = live.anchor.period(live.credit.offset.saturating_add(1), 1);
            subscription::issue_allowance(account, &live.plan, live.terms.allowance, month)
        }
        // `next_due_at` says that something is due; only the purge is left.
        Subscription::Retention(_) | Subscription::None | Subscription::Purged { .. } => {
            purge(account)
        }
    }
}

/// After the purge an account starts empty: only what was bought survives.
fn purge(account: &Account) -> Event {
    let given = |lot: &&Lot| lot.class != Class::Topup && !lot.expired;
    match account.lots.iter().find(given) {
        Some(lot) => Event::LotExpired { lot: lot.id, class: lot.class, credits: lot.available() },
        None => Event::AccountPurged,
    }
}

/// What happens on the billing date: the end, the scheduled change, or another period.
fn next_billing_period(live: &LiveSubscription, catalog: &Catalog, due: Timestamp) -> Event {
    if live.cancellation.is_some() {
        return subscription::end(live, catalog, due);
    }
    let offset = live.billing.offset.saturating_add(live.interval.months());
    match &live.scheduled {
        Some(change) => subscription::change_on_billing_date(live, catalog, change, offset),
        None => subscription::renew(live, catalog, offset),
    }
}
