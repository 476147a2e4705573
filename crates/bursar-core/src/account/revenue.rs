//! When money that was taken in advance is earned: a month of the subscription at its end, a top-up
//! as its credits are used.
//!
//! What a month earned is breakage as far as its credits expired unused. All splits are by
//! subtraction, so that what is recognized sums to what was invoiced.

use alloc::vec::Vec;

use super::Account;
use super::event::Event;
use super::payments::UnearnedTopup;
use super::state::{LiveSubscription, Lot};
use super::subscription::offer::bill;
use crate::bill::{Item, half_up};
use crate::catalog::Catalog;
use crate::credits::Credits;
use crate::id::LotId;
use crate::time::Timestamp;

/// What a month of the subscription that ends at `due` has earned; `None` if that is nothing, or
/// booked.
pub(super) fn of_month(
    account: &Account,
    live: &LiveSubscription,
    catalog: &Catalog,
    due: Timestamp,
) -> Option<Event> {
    if live.credit.end > due || live.month_recognized || live.renewal.is_some() {
        return None;
    }
    let open = account.billing.unearned.saturating_sub(carried(account, catalog));
    let months = live.billing.offset.saturating_add(live.interval.months());
    let left = i64::from(months.saturating_sub(live.credit.offset).max(1));
    let earned = open.max(0).div_euclid(left);
    let unused = Credits::total(account.plan_lots().map(Lot::available));
    let breakage = share(earned, unused, live.month_issued);
    recognized(account, earned.saturating_sub(breakage), breakage)
}

/// What is left to recognize of the subscription when it ends, of `unearned`.
pub(super) fn rest(account: &Account, catalog: &Catalog, unearned: i64) -> Option<Event> {
    recognized(account, unearned.saturating_sub(carried(account, catalog)), 0)
}

/// All of one top-up, whatever is left of it.
pub(super) fn of_topup(account: &Account, topup: &UnearnedTopup) -> Option<Event> {
    (topup.unearned != 0).then(|| Event::RevenueRecognized {
        currency: account.currency,
        subscription: 0,
        breakage: 0,
        topups: alloc::vec![(topup.lot, topup.unearned)],
    })
}

/// That much of the subscription, and what top-ups have earned.
pub(super) fn recognized(account: &Account, subscription: i64, breakage: i64) -> Option<Event> {
    let topups: Vec<(LotId, i64)> =
        account.billing.topups.iter().filter_map(|topup| used_of(account, topup)).collect();
    let nothing = subscription == 0 && breakage == 0 && topups.is_empty();
    (!nothing).then_some(Event::RevenueRecognized {
        currency: account.currency,
        subscription,
        breakage,
        topups,
    })
}

/// What the used credits of a top-up have earned and isn't recognized.
fn used_of(account: &Account, topup: &UnearnedTopup) -> Option<(LotId, i64)> {
    let remaining = account.lot(topup.lot).map_or(Credits::ZERO, |lot| lot.remaining);
    let open = share(topup.net, remaining, topup.credits);
    let earned = topup.unearned.saturating_sub(open);
    (earned > 0).then_some((topup.lot, earned))
}

/// What is carried forward, without tax.
pub(super) fn carried(account: &Account, catalog: &Catalog) -> i64 {
    let amount = account.billing.carried;
    let description = alloc::string::String::new();
    bill(account, catalog, alloc::vec![Item { description, period: None, amount }]).net
}

/// `whole × part ÷ all`, at most `whole`.
fn share(whole: i64, part: Credits, all: Credits) -> i64 {
    if !all.is_positive() {
        return 0;
    }
    let part = part.min(all);
    half_up(i128::from(whole).saturating_mul(i128::from(part.micro())), i128::from(all.micro()))
}
