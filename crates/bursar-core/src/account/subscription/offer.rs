//! What a change of plan would cost and do: the one function behind preview, confirmation and
//! invoice, so that "the amount on the button is the amount on the invoice".

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{direction, may_change};
use crate::account::Account;
use crate::account::event::Direction;
use crate::account::lots::fits;
use crate::account::payments::{Order, Purchase};
use crate::account::state::{LiveSubscription, Lot, ScheduledChange, Terms};
use crate::bill::{Bill, Item, TaxTreatment, half_up};
use crate::catalog::{Catalog, ChangeTiming, Interval, Plan};
use crate::credits::Credits;
use crate::id::Key;
use crate::money::Money;
use crate::provider::MethodRef;
use crate::rejection::SubscriptionRejection;
use crate::time::{Anchor, Period, Timestamp};

/// A change of plan with everything that it brings. Two offers are equal if and only if a customer
/// who agreed to one agreed to the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Subscribing, up or down.
    pub kind: OfferKind,
    /// The plan.
    pub plan: Key,
    /// The interval.
    pub interval: Interval,
    /// When it was worked out; time is prorated from this moment.
    pub as_of: Timestamp,
    /// When it takes effect: at once, or on the next billing date.
    pub effective_at: Timestamp,
    /// Does it wait for the next billing date? Then nothing is due now.
    pub scheduled: bool,
    /// What is bought, and what is due now.
    pub order: Order,
    /// Credits that it adds at once; negative if it takes some away.
    pub allowance_change: Credits,
    /// Features that come with it.
    pub gained: Vec<Key>,
    /// Features that go with it.
    pub lost: Vec<Key>,
    /// What is charged next.
    pub next_charge: Money,
    /// When.
    pub next_charge_at: Timestamp,
    /// What it is paid with.
    pub method: Option<MethodRef>,
}

/// What a change of plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OfferKind {
    /// A subscription begins.
    Start,
    /// To a higher plan, or from monthly to yearly.
    Upgrade,
    /// To a lower plan, or from yearly to monthly.
    Downgrade,
}

impl OfferKind {
    /// `start`, `upgrade` or `downgrade`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Upgrade => "upgrade",
            Self::Downgrade => "downgrade",
        }
    }
}

/// What changing to `plan` on `interval` would cost and do, as of a moment.
///
/// # Errors
/// [`SubscriptionRejection`]: why it can't be done at all.
pub fn offer(
    account: &Account,
    catalog: &Catalog,
    plan: &str,
    interval: Interval,
    as_of: Timestamp,
) -> Result<Offer, SubscriptionRejection> {
    let plan = offered(account, catalog, plan)?;
    if !fits(account, plan.allowance) {
        return Err(SubscriptionRejection::BalanceTooLarge);
    }
    let change = Change { account, catalog, plan, interval, as_of };
    let Some(live) = account.live() else {
        return Ok(change.start());
    };
    may_change(account, live)?;
    if live.plan == plan.key && live.interval == interval {
        let (plan, interval) = (plan.key.clone(), interval.as_str());
        return Err(SubscriptionRejection::AlreadyOnPlan { plan, interval });
    }
    let direction = direction(account, catalog, live, &plan.key, interval);
    let timing = match direction {
        Direction::Upgrade => catalog.policies.changes.upgrade,
        Direction::Downgrade => catalog.policies.changes.downgrade,
    };
    Ok(match timing {
        ChangeTiming::NextBillingDate => change.schedule(live, direction),
        ChangeTiming::Now if live.interval == interval => change.within_period(live, direction),
        ChangeTiming::Now => change.with_new_period(live, direction),
    })
}

/// The plan of that name, if the account may subscribe to it.
fn offered<'a>(
    account: &'a Account,
    catalog: &'a Catalog,
    name: &str,
) -> Result<&'a Plan, SubscriptionRejection> {
    let own = account.billing.custom_plan.as_deref();
    let all = || catalog.offered().chain(own);
    all().find(|plan| plan.key.as_str() == name).ok_or_else(|| SubscriptionRejection::UnknownPlan {
        given: String::from(name),
        known: all().map(|plan| plan.key.clone()).collect(),
    })
}

/// A change that is asked for.
struct Change<'a> {
    account: &'a Account,
    catalog: &'a Catalog,
    plan: &'a Plan,
    interval: Interval,
    as_of: Timestamp,
}

impl Change<'_> {
    /// The first period of a subscription, in full.
    fn start(&self) -> Offer {
        let terms = self.terms();
        let anchor = Anchor { at: self.as_of, zone: self.account.zone.clone() };
        let billing = anchor.period(0, self.interval.months());
        let (plan, interval, catalog) =
            (self.plan.key.clone(), self.interval, self.catalog.version);
        let order = self.order(
            Purchase::Start { plan, interval, terms, catalog },
            alloc::vec![self.full_price(billing)],
        );
        self.offer(OfferKind::Start, order, self.plan.allowance, billing.end)
    }

    /// Now, the interval stays, and so do the periods: unused time is taken off, what is left of the
    /// period is paid for, both by the second; and the month's allowance grows by the same fraction.
    fn within_period(&self, live: &LiveSubscription, direction: Direction) -> Offer {
        let rest = Some((self.as_of, live.billing.end));
        let value = |price: Money| time_value(price.amount, live.billing, self.as_of);
        let items = alloc::vec![
            unused(self.name(&live.plan), live.interval, value(live.terms.price), rest),
            Item {
                description: format!("Remaining time on {}", self.words()),
                period: rest,
                amount: value(self.terms().price),
            },
        ];
        let order = self.order(self.change(live, direction, false), items);
        let more = prorated_allowance(live, self.plan.allowance, self.as_of);
        self.offer(direction.into(), order, more, live.billing.end)
    }

    /// Now, with a new interval: periods begin anew, time that is unused, and whose credits are, is taken
    /// off, the old month's credits are closed and the new allowance is issued in full.
    fn with_new_period(&self, live: &LiveSubscription, direction: Direction) -> Offer {
        let anchor = Anchor { at: self.as_of, zone: self.account.zone.clone() };
        let billing = anchor.period(0, self.interval.months());
        let rest = Some((self.as_of, live.billing.end));
        let left = unspent_value(self.account, live, self.as_of);
        let items = alloc::vec![
            unused(self.name(&live.plan), live.interval, left, rest),
            self.full_price(billing),
        ];
        let order = self.order(self.change(live, direction, true), items);
        // Credits in hand may be spent meanwhile; what the plan gives is what can be promised.
        self.offer(direction.into(), order, self.plan.allowance, billing.end)
    }

    /// On the next billing date: nothing is due now.
    fn schedule(&self, live: &LiveSubscription, direction: Direction) -> Offer {
        let order = self.order(self.change(live, direction, false), Vec::new());
        Offer {
            effective_at: live.billing.end,
            scheduled: true,
            ..self.offer(direction.into(), order, Credits::ZERO, live.billing.end)
        }
    }

    fn change(&self, live: &LiveSubscription, direction: Direction, new_period: bool) -> Purchase {
        Purchase::Change {
            from: live.plan.clone(),
            plan: self.plan.key.clone(),
            interval: self.interval,
            direction,
            terms: self.terms(),
            during: live.billing,
            as_of: self.as_of,
            new_period,
            catalog: self.catalog.version,
        }
    }

    fn offer(
        &self,
        kind: OfferKind,
        order: Order,
        allowance_change: Credits,
        next_charge_at: Timestamp,
    ) -> Offer {
        let carried = self.account.billing.carried.saturating_add(order.carried);
        let next = full_price(self.plan, self.interval, None);
        let next = price(self.account, self.catalog, alloc::vec![next], carried);
        let before = self.account.plan().and_then(|key| self.account.plan_of(self.catalog, key));
        let before: &[Key] = before.map_or(&[], |plan| &plan.features);
        let without = |from: &[Key], others: &[Key]| {
            from.iter().filter(|key| !others.contains(key)).cloned().collect()
        };
        Offer {
            kind,
            plan: self.plan.key.clone(),
            interval: self.interval,
            as_of: self.as_of,
            effective_at: self.as_of,
            scheduled: false,
            order,
            allowance_change,
            gained: without(&self.plan.features, before),
            lost: without(before, &self.plan.features),
            next_charge: next.bill.due(),
            next_charge_at,
            method: self.account.billing.default_method().map(|method| method.reference.clone()),
        }
    }

    fn order(&self, purchase: Purchase, items: Vec<Item>) -> Order {
        let Priced { bill, carried } =
            price(self.account, self.catalog, items, self.account.billing.carried);
        Order { purchase, bill, carried }
    }

    const fn terms(&self) -> Terms {
        Terms::of(self.plan, self.interval)
    }

    fn full_price(&self, billing: Period) -> Item {
        full_price(self.plan, self.interval, Some(billing))
    }

    fn words(&self) -> String {
        words(&self.plan.name, self.interval)
    }

    /// A plan's name for people; its key, if it is gone.
    fn name<'b>(&'b self, key: &'b Key) -> &'b str {
        self.account.plan_of(self.catalog, key).map_or(key.as_str(), |plan| &plan.name)
    }
}

impl From<Direction> for OfferKind {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Upgrade => Self::Upgrade,
            Direction::Downgrade => Self::Downgrade,
        }
    }
}

/// The next billing period: the scheduled change if there is one ("Downgrades: Take effect at next
/// billing date"), else the same on the terms of the catalog in force. A plan that the catalog no
/// longer has keeps its terms. As it would be ordered now.
pub fn next_order(account: &Account, live: &LiveSubscription, catalog: &Catalog) -> Order {
    let (key, interval) = match &live.scheduled {
        Some(ScheduledChange { plan, interval }) if account.plan_of(catalog, plan).is_some() => {
            (plan, *interval)
        }
        _ => (&live.plan, live.interval),
    };
    let plan = account.plan_of(catalog, key);
    let terms = plan.map_or(live.terms, |plan| Terms::of(plan, interval));
    let offset = live.billing.offset.saturating_add(live.interval.months());
    let billing = live.anchor.period(offset, interval.months());
    let name = plan.map_or(key.as_str(), |plan| &plan.name);
    let item = Item {
        description: words(name, interval),
        period: Some((billing.start, billing.end)),
        amount: terms.price.amount,
    };
    let Priced { bill, carried } =
        price(account, catalog, alloc::vec![item], account.billing.carried);
    let changes = (key, interval) != (&live.plan, live.interval);
    let change = changes.then(|| direction(account, catalog, live, key, interval));
    let purchase = Purchase::Renewal {
        document: account.billing.next_document,
        plan: key.clone(),
        interval,
        change,
        terms,
        billing,
        catalog: catalog.version,
    };
    Order { purchase, bill, carried }
}

/// A bill, and by how much it changes what is carried forward.
pub(in crate::account) struct Priced {
    pub(in crate::account) bill: Bill,
    pub(in crate::account) carried: i64,
}

/// The bill of items of the subscription. What was carried forward is used first; what unused time is
/// worth beyond the price is carried forward, so that nobody is billed less than nothing.
pub(in crate::account) fn price(
    account: &Account,
    catalog: &Catalog,
    mut items: Vec<Item>,
    available: i64,
) -> Priced {
    let sum = items.iter().fold(0_i64, |sum, item| sum.saturating_add(item.amount));
    let carried = if sum < 0 { sum.saturating_neg() } else { available.min(sum).saturating_neg() };
    if carried != 0 {
        let description = if carried > 0 {
            "Carried forward to your next bills"
        } else {
            "Carried forward from earlier unused time"
        };
        let description = String::from(description);
        items.push(Item { description, period: None, amount: carried });
    }
    Priced { bill: bill(account, catalog, items), carried }
}

/// The bill of items, taxed as the account is.
pub(in crate::account) fn bill(account: &Account, catalog: &Catalog, items: Vec<Item>) -> Bill {
    let treatment = TaxTreatment::of(
        &catalog.tax,
        catalog.seller.country,
        account.billing.country,
        account.billing.business,
    );
    Bill::of(items, account.currency, treatment, catalog.tax.inclusive)
}

fn full_price(plan: &Plan, interval: Interval, billing: Option<Period>) -> Item {
    Item {
        description: words(&plan.name, interval),
        period: billing.map(|billing| (billing.start, billing.end)),
        amount: plan.price(interval).amount,
    }
}

fn unused(
    plan: &str,
    interval: Interval,
    value: i64,
    period: Option<(Timestamp, Timestamp)>,
) -> Item {
    let description = format!("Unused time on {}", words(plan, interval));
    Item { description, period, amount: value.saturating_neg() }
}

/// `Starter plan, monthly`.
fn words(plan: &str, interval: Interval) -> String {
    let interval = match interval {
        Interval::Month => "monthly",
        Interval::Year => "yearly",
    };
    format!("{plan} plan, {interval}")
}

/// What is left of a period at `now` is worth, at a price of the whole: by the second, half up.
fn time_value(price: i64, billing: Period, now: Timestamp) -> i64 {
    let (left, whole) = billing.remaining(now);
    worth(price, left.into(), whole)
}

/// `price × seconds ÷ whole`, half up.
fn worth(price: i64, seconds: i128, whole: i64) -> i64 {
    half_up(i128::from(price).saturating_mul(seconds), i128::from(whole))
}

/// What is left of a period whose credits are closed for new ones. Of the running month, time counts
/// only as far as its credits are unspent: whoever has had all of a month's credits has used the month,
/// and would otherwise get the money and the credits of it again with each change.
fn unspent_value(account: &Account, live: &LiveSubscription, now: Timestamp) -> i64 {
    let (left, whole) = live.billing.remaining(now);
    let (month_left, month) = live.credit.remaining(now);
    let unspent = Credits::total(account.plan_lots().map(Lot::available)).min(live.month_issued);
    let of_month = match live.month_issued.is_positive() {
        true => {
            i128::from(month).saturating_mul(unspent.micro().into())
                / i128::from(live.month_issued.micro())
        }
        // A plan without credits is paid for its time alone.
        false => i128::from(month_left),
    };
    let spent_ahead = i128::from(month_left).saturating_sub(of_month).max(0);
    let counted = i128::from(left).saturating_sub(spent_ahead).max(0);
    worth(live.terms.price.amount, counted, whole)
}

/// (new − the highest of this month so far) × what is left of the month, rounded up to a whole
/// credit; nothing for a lower allowance.
pub(in crate::account) fn prorated_allowance(
    live: &LiveSubscription,
    new: Credits,
    now: Timestamp,
) -> Credits {
    let (left, whole) = live.credit.remaining(now);
    let more = new.minus(live.month_allowance).max(Credits::ZERO);
    let one = i128::from(Credits::ONE.micro());
    // Up to 2^63 micro-credits × 2^34 seconds fit into 127 bits.
    let exact = i128::from(more.micro()).saturating_mul(i128::from(left));
    let unit = i128::from(whole).saturating_mul(one);
    let credits = exact.saturating_add(unit - 1).div_euclid(unit);
    i64::try_from(credits).ok().and_then(Credits::from_whole).unwrap_or(more)
}
