//! Doing what was bought, once it is paid.

use alloc::vec::Vec;

use super::{Order, Purchase};
use crate::account::documents::invoice;
use crate::account::event::{Event, LotSource};
use crate::account::lots::{expire, fits};
use crate::account::state::{LiveSubscription, Terms};
use crate::account::subscription::issue_allowance;
use crate::account::subscription::offer::prorated_allowance;
use crate::account::subscription::renewal::{begin, carried, changed};
use crate::account::{Account, notices, revenue};
use crate::catalog::{Catalog, Class, Interval};
use crate::id::{CatalogVersion, Key, PaymentId};
use crate::provider::{Card, PaymentRef};
use crate::time::{Anchor, Timestamp};

/// By what an order was paid.
pub(in crate::account) struct PaidBy<'a> {
    pub(in crate::account) payment: PaymentId,
    pub(in crate::account) reference: Option<&'a PaymentRef>,
    pub(in crate::account) card: Option<&'a Card>,
}

/// Can it still be done as it was ordered? The subscription may have moved on while the bank took its
/// time.
pub(in crate::account) fn still_applies(account: &Account, order: &Order) -> bool {
    match (&order.purchase, account.live()) {
        (Purchase::Start { terms, .. }, None) => fits(account, terms.allowance),
        (Purchase::Change { from, during, terms, .. }, Some(live)) => {
            live.plan == *from
                && live.billing == *during
                && live.cancellation.is_none()
                && live.renewal.is_none()
                && fits(account, terms.allowance)
        }
        (Purchase::Renewal { document, .. }, Some(live)) => {
            live.renewal.as_ref().is_some_and(|renewal| renewal.document == *document)
        }
        (Purchase::Topup { credits, .. }, _) => fits(account, *credits),
        _ => false,
    }
}

/// What an order brings, with its invoice if it cost something.
pub(in crate::account) fn fulfil(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
    order: &Order,
    paid_by: Option<&PaidBy<'_>>,
) -> Vec<Event> {
    let mut events = Vec::new();
    let document = order.purchase.open_invoice().unwrap_or(account.billing.next_document);
    if let Some(paid_by) = paid_by {
        if order.purchase.open_invoice().is_none() {
            events.push(invoice(account, catalog, now, document, order.clone()));
        }
        events.push(Event::InvoicePaid {
            document,
            payment: paid_by.payment,
            reference: paid_by.reference.cloned(),
            card: paid_by.card.cloned(),
        });
    }
    events.extend(carried(account, order));
    match (&order.purchase, account.live()) {
        (Purchase::Start { plan, interval, terms, catalog: version }, _) => {
            events.extend(start(account, catalog, now, plan, *interval, *terms, *version));
        }
        (Purchase::Change { .. }, Some(live)) => {
            events.extend(change(account, live, catalog, now, order));
        }
        (Purchase::Renewal { .. }, Some(live)) => {
            events.extend(begin(account, live, catalog, order, now));
        }
        (Purchase::Topup { pack, credits, .. }, _) => events.push(Event::LotIssued {
            lot: account.next_lot,
            class: Class::Topup,
            credits: *credits,
            expires_at: None,
            source: LotSource::Topup { pack: pack.clone(), document },
        }),
        (Purchase::Change { .. } | Purchase::Renewal { .. }, None) => {}
    }
    events
}

fn start(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
    plan: &Key,
    interval: Interval,
    terms: Terms,
    version: CatalogVersion,
) -> Vec<Event> {
    let anchor = Anchor { at: now, zone: account.zone.clone() };
    let billing = anchor.period(0, interval.months());
    let month = anchor.period(0, 1);
    let started = Event::SubscriptionStarted {
        plan: plan.clone(),
        interval,
        terms,
        anchor,
        billing,
        catalog: version,
    };
    let allowance = issue_allowance(account, plan, terms.allowance, month);
    let mut events = alloc::vec![started, allowance];
    events.extend(notices::of_renewal(catalog, interval, billing, now));
    events
}

/// Another plan: within the period, with the month's share of the larger allowance; or with a new
/// period, whose month begins with the whole allowance after the old one's lots are closed.
fn change(
    account: &Account,
    live: &LiveSubscription,
    catalog: &Catalog,
    now: Timestamp,
    order: &Order,
) -> Vec<Event> {
    let Purchase::Change {
        plan,
        interval,
        direction,
        terms,
        as_of,
        new_period,
        catalog: version,
        ..
    } = &order.purchase
    else {
        return Vec::new();
    };
    let changed = |anchor: &Anchor, billing| {
        changed(live, plan, *interval, *direction, *terms, anchor, billing, *version)
    };
    if !new_period {
        let mut events = alloc::vec![changed(&live.anchor, live.billing)];
        let credits = prorated_allowance(live, terms.allowance, *as_of);
        if credits.is_positive() {
            events.push(Event::LotIssued {
                lot: account.next_lot,
                class: Class::Plan,
                credits,
                expires_at: Some(live.credit.end),
                source: LotSource::Upgrade { plan: plan.clone() },
            });
        }
        events.extend(notices::of_renewal(catalog, *interval, live.billing, now));
        return events;
    }
    let anchor = Anchor { at: now, zone: account.zone.clone() };
    let billing = anchor.period(0, interval.months());
    // The part of the old period that was used is earned; the first line takes off what wasn't, and
    // what was carried forward before is for later periods.
    let unused = order.bill.lines.first().map_or(0, |line| line.net.saturating_neg());
    let kept = unused.saturating_add(revenue::carried(account, catalog));
    let used = account.billing.unearned.saturating_sub(kept).max(0);
    let mut events: Vec<Event> = revenue::recognized(account, used, 0).into_iter().collect();
    events.push(changed(&anchor, billing));
    events.extend(account.plan_lots().map(expire));
    events.push(issue_allowance(account, plan, terms.allowance, anchor.period(0, 1)));
    events.extend(notices::of_renewal(catalog, *interval, billing, now));
    events
}
