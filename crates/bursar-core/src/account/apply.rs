//! Folding events into state: total, infallible, and it never prices.

use alloc::sync::Arc;
use core::time::Duration;

use super::Account;
use super::event::{Event, Portion, Purpose};
use super::open::opened;
use super::state::{
    Cancellation, Hold, LiveSubscription, Lot, Retention, ScheduledChange, Subscription,
};
use crate::catalog::Class;
use crate::credits::Credits;
use crate::id::{AccountId, HoldId, LotId, Reference};
use crate::pricing::Quantity;
use crate::time::{Period, Timestamp};

/// The account that `events` made, from its first one on; `None` if the first doesn't open it.
pub fn replay<'a>(
    id: &AccountId,
    events: impl IntoIterator<Item = (Timestamp, &'a Event)>,
) -> Option<Account> {
    let mut account = None;
    for (at, event) in events {
        match &mut account {
            None => account = Some(first(id, at, event)?),
            Some(account) => apply(account, at, event),
        }
    }
    account
}

/// The account after its first event; `None` if that doesn't open it.
pub fn first(id: &AccountId, at: Timestamp, event: &Event) -> Option<Account> {
    match event {
        Event::AccountOpened { zone, currency } => {
            Some(opened(id.clone(), at, zone.clone(), *currency))
        }
        _ => None,
    }
}

/// Folds one event, booked at `at`, into `account`.
pub fn apply(account: &mut Account, at: Timestamp, event: &Event) {
    account.version = account.version.saturating_add(1);
    account.last_event_at = account.last_event_at.max(at);
    account.booked_at = at;
    match event {
        // An account is opened once, by `first`.
        Event::AccountOpened { .. } => {}
        Event::ClockAdvanced { ahead } => advance_clock(account, at, *ahead),
        Event::SubscriptionStarted { .. }
        | Event::PlanChanged { .. }
        | Event::ChangeScheduled { .. }
        | Event::ScheduledChangeDropped { .. }
        | Event::SubscriptionRenewed { .. }
        | Event::CancellationRequested { .. }
        | Event::CancellationWithdrawn
        | Event::SubscriptionEnded { .. }
        | Event::AccountPurged => apply_subscription(account, at, event),
        Event::AllowanceIssued { lot, credits, period, .. } => {
            begin_month(account, *lot, *credits, *period);
            issue(account, *lot, Class::Plan, *credits, Some(period.end));
        }
        Event::LotIssued { lot, class, credits, expires_at, .. } => {
            if let (Subscription::Live(live), Class::Plan) = (&mut account.subscription, class) {
                let live = Arc::make_mut(live);
                live.month_issued = live.month_issued.plus(*credits);
            }
            issue(account, *lot, *class, *credits, *expires_at);
        }
        Event::LotExpired { lot, credits, .. } => {
            change_lot(account, *lot, |lot| {
                lot.remaining = lot.remaining.minus(*credits);
                lot.expired = true;
            });
        }
        Event::CreditsTaken { portions, .. } => spend(account, portions),
        Event::Charged { portions, .. } => {
            spend(account, portions);
            note_spent(account, portions);
        }
        Event::HoldPlaced { .. }
        | Event::HoldExtended { .. }
        | Event::HoldCaptured { .. }
        | Event::HoldReleased { .. } => apply_hold(account, at, event),
        Event::ChargeRefunded { returned, reissued, .. } => {
            if let Subscription::Live(live) = &mut account.subscription {
                let live = Arc::make_mut(live);
                live.spent = live.spent.minus(of_plan(returned)).max(Credits::ZERO);
            }
            returned.iter().for_each(|portion| bring_back(account, portion));
            if let Some(new) = reissued {
                issue(account, new.lot, Class::Promo, new.credits, new.expires_at);
            }
        }
        Event::UploadReserved { .. }
        | Event::AssetStored { .. }
        | Event::UploadEnded { .. }
        | Event::AssetDeleted { .. }
        | Event::AssetsErased { .. }
        | Event::VaultPurged { .. }
        | Event::PurgeCertified { .. } => super::storage::apply(&mut account.storage, at, event),
        money => super::payments::apply::apply_billing(account, at, money),
    }
}

fn advance_clock(account: &mut Account, at: Timestamp, ahead: Duration) {
    let step = ahead.saturating_sub(account.clock_ahead);
    account.clock_ahead = ahead;
    account.last_event_at = at.after(step);
}

/// A month begins with its allowance, which is in a lot.
fn begin_month(account: &mut Account, lot: LotId, allowance: Credits, month: Period) {
    if let Subscription::Live(live) = &mut account.subscription {
        let live = Arc::make_mut(live);
        live.credit = month;
        live.month_allowance = allowance;
        live.month_issued = allowance;
        live.month_recognized = false;
        live.month_lot = lot;
    }
    let billing = &mut *account.billing;
    let automatic = billing.auto_topup.iter_mut();
    for auto in automatic.chain(billing.auto_topup_before.as_deref_mut()) {
        auto.spent = 0;
        auto.exhausted = false;
    }
}

fn apply_subscription(account: &mut Account, at: Timestamp, event: &Event) {
    match event {
        Event::SubscriptionStarted { plan, interval, terms, anchor, billing, .. } => {
            account.first_subscribed_at.get_or_insert(at);
            account.subscription = Subscription::Live(Arc::new(LiveSubscription {
                plan: plan.clone(),
                interval: *interval,
                terms: *terms,
                anchor: anchor.clone(),
                billing: *billing,
                // The month begins with its allowance, which is the next event.
                credit: anchor.period(0, 1),
                month_allowance: Credits::ZERO,
                started_at: at,
                cancellation: None,
                scheduled: None,
                renewal: None,
                spent: Credits::ZERO,
                month_issued: Credits::ZERO,
                month_recognized: false,
                month_lot: account.next_lot,
            }));
            account.notices.clear();
        }
        Event::SubscriptionEnded { plan, purge_at } => {
            account.notices.clear();
            account.billing.refundable.clear();
            let (plan, purge_at) = (plan.clone(), *purge_at);
            account.subscription =
                Subscription::Retention(Retention { plan, ended_at: at, purge_at });
        }
        Event::AccountPurged => {
            account.notices.clear();
            account.subscription = Subscription::Purged { at };
        }
        other => {
            // What was to be announced is another thing now.
            if !matches!(
                other,
                Event::ChangeScheduled { .. } | Event::ScheduledChangeDropped { .. }
            ) {
                account.notices.clear();
            }
            if let Subscription::Live(live) = &mut account.subscription {
                apply_live(Arc::make_mut(live), at, other);
            }
        }
    }
}

fn apply_live(live: &mut LiveSubscription, at: Timestamp, event: &Event) {
    match event {
        Event::PlanChanged { plan, interval, terms, anchor, billing, .. } => {
            live.plan = plan.clone();
            live.interval = *interval;
            live.terms = *terms;
            live.month_allowance = live.month_allowance.max(terms.allowance);
            live.anchor = anchor.clone();
            live.billing = *billing;
            live.scheduled = None;
            live.renewal = None;
        }
        Event::SubscriptionRenewed { billing, terms, .. } => {
            live.billing = *billing;
            live.terms = *terms;
            live.renewal = None;
        }
        Event::ChangeScheduled { plan, interval, .. } => {
            live.scheduled = Some(ScheduledChange { plan: plan.clone(), interval: *interval });
        }
        Event::ScheduledChangeDropped { .. } => live.scheduled = None,
        Event::CancellationRequested { .. } => {
            live.cancellation = Some(Cancellation { requested_at: at });
        }
        Event::CancellationWithdrawn => live.cancellation = None,
        _ => {}
    }
}

fn apply_hold(account: &mut Account, at: Timestamp, event: &Event) {
    match event {
        Event::HoldPlaced { hold, portions, expires_at, purpose, reference } => {
            place(account, at, *hold, portions, *expires_at, purpose, reference.as_ref());
        }
        Event::HoldExtended { hold, expires_at } => {
            change_hold(account, *hold, |hold| hold.expires_at = *expires_at);
        }
        Event::HoldCaptured {
            hold, units, captured, overage, returned, expired, ended, ..
        } => {
            captured.iter().for_each(|portion| give_up(account, portion, true));
            spend(account, overage);
            note_spent(account, captured);
            note_spent(account, overage);
            give_back(account, returned, expired);
            if *ended {
                account.holds.retain(|open| open.id != *hold);
            } else {
                change_hold(account, *hold, |hold| note_capture(hold, *units, captured, overage));
            }
        }
        Event::HoldReleased { hold, returned, expired, .. } => {
            give_back(account, returned, expired);
            account.holds.retain(|open| open.id != *hold);
        }
        _ => {}
    }
}

fn place(
    account: &mut Account,
    at: Timestamp,
    id: HoldId,
    portions: &[Portion],
    expires_at: Timestamp,
    purpose: &Purpose,
    reference: Option<&Reference>,
) {
    for portion in portions {
        change_lot(account, portion.lot, |lot| lot.held = lot.held.plus(portion.credits));
    }
    account.holds.push(Hold {
        id,
        placed_at: at,
        expires_at,
        portions: portions.to_vec(),
        captured_units: None,
        purpose: purpose.clone(),
        reference: reference.cloned(),
    });
}

fn note_capture(
    hold: &mut Hold,
    units: Option<Quantity>,
    captured: &[Portion],
    overage: &[Portion],
) {
    for taken in captured {
        if let Some(open) = hold.portions.iter_mut().find(|open| open.lot == taken.lot) {
            open.credits = open.credits.minus(taken.credits);
        }
    }
    hold.portions.retain(|portion| portion.credits.is_positive());
    if let Some(units) = units {
        let cost = Credits::total(captured.iter().chain(overage).map(|portion| portion.credits));
        hold.captured_units = Some(match hold.captured_units {
            None => (units, cost),
            Some((before, paid)) => (before.plus(units), paid.plus(cost)),
        });
    }
}

/// Puts a new lot in its place in burn order: earliest expiry first, never last, then class, then
/// oldest, which is the smallest number.
fn issue(
    account: &mut Account,
    id: LotId,
    class: Class,
    credits: Credits,
    expires_at: Option<Timestamp>,
) {
    account.next_lot = account.next_lot.max(LotId(id.0.saturating_add(1)));
    if credits.is_zero() {
        return;
    }
    let lot =
        Lot { id, class, remaining: credits, held: Credits::ZERO, expires_at, expired: false };
    let place = account.lots.partition_point(|other| burn_key(other) < burn_key(&lot));
    account.lots.insert(place, lot);
}

/// What lots burn in order of.
fn burn_key(lot: &Lot) -> (bool, Option<Timestamp>, Class, LotId) {
    (lot.expires_at.is_none(), lot.expires_at, lot.class, lot.id)
}

fn spend(account: &mut Account, portions: &[Portion]) {
    portions.iter().for_each(|portion| give_up(account, portion, false));
}

/// Counts plan credits that the customer has had.
fn note_spent(account: &mut Account, portions: &[Portion]) {
    if let Subscription::Live(live) = &mut account.subscription {
        let live = Arc::make_mut(live);
        live.spent = live.spent.plus(of_plan(portions));
    }
}

fn of_plan(portions: &[Portion]) -> Credits {
    let of_plan = portions.iter().filter(|portion| portion.class == Class::Plan);
    Credits::total(of_plan.map(|portion| portion.credits))
}

/// Takes credits out of a lot, out of what is held of it if `held`.
fn give_up(account: &mut Account, portion: &Portion, held: bool) {
    change_lot(account, portion.lot, |lot| {
        lot.remaining = lot.remaining.minus(portion.credits);
        if held {
            lot.held = lot.held.minus(portion.credits);
        }
    });
}

/// Gives held credits back; what an expired lot gets back is gone at once.
fn give_back(account: &mut Account, returned: &[Portion], expired: &[Portion]) {
    for portion in returned {
        change_lot(account, portion.lot, |lot| lot.held = lot.held.minus(portion.credits));
    }
    expired.iter().for_each(|portion| give_up(account, portion, true));
}

/// Returns spent credits to their lot, which comes back as it was if it had been used up.
fn bring_back(account: &mut Account, portion: &Portion) {
    match account.lots.iter_mut().find(|lot| lot.id == portion.lot) {
        Some(lot) => lot.remaining = lot.remaining.plus(portion.credits),
        None => {
            let Portion { lot, class, expires_at, credits } = *portion;
            issue(account, lot, class, credits, expires_at);
        }
    }
}

/// Changes a lot, and drops it once nothing is left of it.
fn change_lot(account: &mut Account, id: LotId, change: impl FnOnce(&mut Lot)) {
    if let Some(place) = account.lots.iter().position(|lot| lot.id == id)
        && let Some(lot) = account.lots.get_mut(place)
    {
        change(lot);
        if lot.remaining.is_zero() {
            account.lots.remove(place);
        }
    }
}

fn change_hold(account: &mut Account, id: HoldId, change: impl FnOnce(&mut Hold)) {
    if let Some(hold) = account.holds.iter_mut().find(|hold| hold.id == id) {
        change(hold);
    }
}
