//! The life of a subscription: start, change, cancel, resume, renewal, end.

pub mod cancel;
pub mod change;
pub mod drop_scheduled;
pub mod resume;

use super::Account;
use super::event::{Direction, Event};
use super::state::{LiveSubscription, ScheduledChange, Terms};
use crate::catalog::{Catalog, Interval};
use crate::credits::Credits;
use crate::id::Key;
use crate::rejection::SubscriptionRejection;
use crate::time::{Period, Timestamp};

/// The running subscription.
fn running(account: &Account) -> Result<&LiveSubscription, SubscriptionRejection> {
    account.live().ok_or(SubscriptionRejection::NotSubscribed)
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

/// Another billing period, on the terms of the catalog in force. A plan that the catalog no longer
/// has keeps its terms.
pub(super) fn renew(live: &LiveSubscription, catalog: &Catalog, offset: u32) -> Event {
    let offered = catalog.plan(&live.plan);
    Event::SubscriptionRenewed {
        billing: live.anchor.period(offset, live.interval.months()),
        terms: offered.map_or(live.terms, |plan| Terms::of(plan, live.interval)),
        catalog: catalog.version,
    }
}

/// The scheduled change: "Downgrades: Take effect at next billing date". Falls away, so that the
/// present plan goes on, if the catalog no longer has the plan.
pub(super) fn change_on_billing_date(
    live: &LiveSubscription,
    catalog: &Catalog,
    change: &ScheduledChange,
    offset: u32,
) -> Event {
    let ScheduledChange { plan, interval } = change.clone();
    let Some(offered) = catalog.plan(&plan) else {
        return Event::ScheduledChangeDropped { plan, interval };
    };
    Event::PlanChanged {
        from: live.plan.clone(),
        direction: direction(catalog, live, &plan, interval),
        terms: Terms::of(offered, interval),
        anchor: live.anchor.clone(),
        billing: live.anchor.period(offset, interval.months()),
        catalog: catalog.version,
        plan,
        interval,
    }
}

/// The end: data is kept for the catalog's retention, "preserved for 30 days after cancellation".
pub(super) fn end(live: &LiveSubscription, catalog: &Catalog, at: Timestamp) -> Event {
    let purge_at = at.after(catalog.policies.retention);
    Event::SubscriptionEnded { plan: live.plan.clone(), purge_at }
}

/// The catalog's order decides; at the same plan a longer interval is up. A plan that the catalog no
/// longer has is below all others.
fn direction(
    catalog: &Catalog,
    live: &LiveSubscription,
    plan: &Key,
    interval: Interval,
) -> Direction {
    let before = (catalog.rank(&live.plan), live.interval);
    if (catalog.rank(plan), interval) > before { Direction::Upgrade } else { Direction::Downgrade }
}
