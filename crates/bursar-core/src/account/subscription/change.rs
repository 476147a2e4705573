//! Subscribing and changing the plan.

use alloc::vec::Vec;

use super::{direction, issue_allowance};
use crate::account::Account;
use crate::account::command::ChangePlan;
use crate::account::event::{Direction, Event, LotSource};
use crate::account::lots::fits;
use crate::account::state::{LiveSubscription, Terms};
use crate::catalog::{Catalog, ChangeTiming, Class, Plan};
use crate::credits::Credits;
use crate::rejection::SubscriptionRejection;
use crate::time::{Anchor, Period, Timestamp};

impl ChangePlan {
    /// Without a running subscription this begins one, also within or after the retention of an
    /// earlier one ("You can resubscribe anytime"). Otherwise "Upgrades" happen now and
    /// "Downgrades: Take effect at next billing date", as the catalog's policy has it.
    ///
    /// # Errors
    /// [`SubscriptionRejection`].
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<Vec<Event>, SubscriptionRejection> {
        let plan =
            catalog.offered().find(|plan| plan.key.as_str() == self.plan).ok_or_else(|| {
                SubscriptionRejection::UnknownPlan {
                    given: self.plan.clone(),
                    known: catalog.offered().map(|plan| plan.key.clone()).collect(),
                }
            })?;
        if !fits(account, plan.allowance) {
            return Err(SubscriptionRejection::BalanceTooLarge);
        }
        let Some(live) = account.live() else {
            return Ok(self.start(account, catalog, plan, now));
        };
        if live.cancellation.is_some() {
            return Err(SubscriptionRejection::Canceling { ends_at: live.billing.end });
        }
        if live.plan == plan.key && live.interval == self.interval {
            let (plan, interval) = (plan.key.clone(), self.interval.as_str());
            return Err(SubscriptionRejection::AlreadyOnPlan { plan, interval });
        }
        let direction = direction(catalog, live, &plan.key, self.interval);
        let timing = match direction {
            Direction::Upgrade => catalog.policies.changes.upgrade,
            Direction::Downgrade => catalog.policies.changes.downgrade,
        };
        Ok(match timing {
            ChangeTiming::NextBillingDate => self.schedule(live, plan, direction),
            ChangeTiming::Now if live.interval == self.interval => {
                self.within_period(account, live, catalog, plan, direction, now)
            }
            ChangeTiming::Now => self.with_new_period(account, live, catalog, plan, direction, now),
        })
    }

    fn start(
        &self,
        account: &Account,
        catalog: &Catalog,
        plan: &Plan,
        now: Timestamp,
    ) -> Vec<Event> {
        let anchor = Anchor { at: now, zone: account.zone.clone() };
        let started = Event::SubscriptionStarted {
            plan: plan.key.clone(),
            interval: self.interval,
            terms: Terms::of(plan, self.interval),
            billing: anchor.period(0, self.interval.months()),
            catalog: catalog.version,
            anchor: anchor.clone(),
        };
        let allowance = issue_allowance(account, &plan.key, plan.allowance, anchor.period(0, 1));
        alloc::vec![started, allowance]
    }

    /// At the next billing date. Replaces what was scheduled before.
    fn schedule(&self, live: &LiveSubscription, plan: &Plan, direction: Direction) -> Vec<Event> {
        alloc::vec![Event::ChangeScheduled {
            from: live.plan.clone(),
            plan: plan.key.clone(),
            interval: self.interval,
            direction,
            billing: live.billing,
            credit: live.credit,
        }]
    }

    /// Now, the interval stays: the periods stay, and an upgrade gets the same fraction of the
    /// difference in allowance as is left of the month. Credits in hand stay.
    fn within_period(
        &self,
        account: &Account,
        live: &LiveSubscription,
        catalog: &Catalog,
        plan: &Plan,
        direction: Direction,
        now: Timestamp,
    ) -> Vec<Event> {
        let changed =
            self.changed(live, catalog, plan, direction, live.anchor.clone(), live.billing);
        let credits = prorated_allowance(live, plan.allowance, now);
        let mut events = alloc::vec![changed];
        if credits.is_positive() {
            events.push(Event::LotIssued {
                lot: account.next_lot,
                class: Class::Plan,
                credits,
                expires_at: Some(live.credit.end),
                source: LotSource::Upgrade { plan: plan.key.clone() },
            });
        }
        events
    }

    /// Now, with a new interval: the anchor becomes now, the old plan's lots are closed and the new
    /// allowance is issued in full.
    fn with_new_period(
        &self,
        account: &Account,
        live: &LiveSubscription,
        catalog: &Catalog,
        plan: &Plan,
        direction: Direction,
        now: Timestamp,
    ) -> Vec<Event> {
        let anchor = Anchor { at: now, zone: account.zone.clone() };
        let billing = anchor.period(0, self.interval.months());
        let month = anchor.period(0, 1);
        let mut events = alloc::vec![self.changed(live, catalog, plan, direction, anchor, billing)];
        let of_plan = account.lots.iter().filter(|lot| lot.class == Class::Plan && !lot.expired);
        events.extend(of_plan.map(|lot| Event::LotExpired {
            lot: lot.id,
            class: lot.class,
            credits: lot.available(),
        }));
        events.push(issue_allowance(account, &plan.key, plan.allowance, month));
        events
    }

    fn changed(
        &self,
        live: &LiveSubscription,
        catalog: &Catalog,
        plan: &Plan,
        direction: Direction,
        anchor: Anchor,
        billing: Period,
    ) -> Event {
        Event::PlanChanged {
            from: live.plan.clone(),
            plan: plan.key.clone(),
            interval: self.interval,
            direction,
            terms: Terms::of(plan, self.interval),
            anchor,
            billing,
            catalog: catalog.version,
        }
    }
}

/// (new − the highest of this month so far) × what is left of the month, rounded up to a whole
/// credit; nothing for a lower allowance.
fn prorated_allowance(live: &LiveSubscription, new: Credits, now: Timestamp) -> Credits {
    let (left, whole) = live.credit.remaining(now);
    let more = new.minus(live.month_allowance).max(Credits::ZERO);
    let one = i128::from(Credits::ONE.micro());
    // Up to 2^63 micro-credits × 2^63 microseconds fit into 127 bits.
    let exact = i128::from(more.micro()).saturating_mul(i128::from(left));
    let unit = i128::from(whole).saturating_mul(one);
    let credits = exact.saturating_add(unit - 1).div_euclid(unit);
    i64::try_from(credits).ok().and_then(Credits::from_whole).unwrap_or(more)
}
