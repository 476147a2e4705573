//! What an account is at one moment: a small value, the fold of its events.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::{About, Portion, Purpose};
use super::notices::ScheduledNotice;
use super::payments::{Billing, OpenPayment, Order, Purchase};
pub use super::storage::Storage;
use crate::catalog::{Catalog, Class, Interval, Plan};
use crate::credits::Credits;
use crate::id::{AccountId, DocumentId, HoldId, Key, LotId, Reference};
use crate::money::{Currency, Money};
use crate::pricing::Quantity;
use crate::rare::Rare;
use crate::time::{Anchor, Period, Timestamp, ZoneName};

/// One customer of the app: subscription, live lots, open holds, storage gauge.
///
/// Closed things leave it for their projections, so it stays small however long its history is.
/// Only [`apply`](super::apply::apply) changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// How many events made it: the `version` of every reply.
    pub version: u64,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The calendar it is billed by.
    pub zone: ZoneName,
    /// The currency it pays in.
    pub currency: Currency,
    /// The time of its last event; no later event is earlier.
    pub last_event_at: Timestamp,
    /// How far its test clock is ahead of real time. Zero in live mode.
    pub clock_ahead: Duration,
    /// The start of its first ever subscription, from which the refund window counts.
    pub first_subscribed_at: Option<Timestamp>,
    /// Its subscription.
    pub subscription: Subscription,
    /// Live lots, in burn order.
    pub lots: Vec<Lot>,
    /// The number of the next lot.
    pub next_lot: LotId,
    /// Open holds, oldest first.
    pub holds: Vec<Hold>,
    /// What is stored, being uploaded, and being erased.
    pub storage: Rare<Storage>,
    /// When its last event was booked: unlike `last_event_at` not ahead while a moved test clock books
    /// what fell due on the way.
    pub booked_at: Timestamp,
    /// Its payments and what they are for.
    pub billing: Rare<Billing>,
    /// What the customer is to be told of, earliest first.
    pub notices: Vec<ScheduledNotice>,
}

/// Where an account stands with its subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subscription {
    /// Never subscribed.
    None,
    /// Paid for and running, possibly about to end.
    Live(Arc<LiveSubscription>),
    /// Ended; data is kept, nothing new is made.
    Retention(Retention),
    /// Ended; data is deleted.
    Purged {
        /// When.
        at: Timestamp,
    },
}

/// A running subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveSubscription {
    /// The plan.
    pub plan: Key,
    /// How often it is paid.
    pub interval: Interval,
    /// What was agreed at the start of this billing period.
    pub terms: Terms,
    /// Where its months are counted from.
    pub anchor: Anchor,
    /// The period that is paid for.
    pub billing: Period,
    /// The month whose allowance is running; the same as `billing` when paid monthly.
    pub credit: Period,
    /// The highest allowance of this month so far: an upgrade adds only what is above it, so that
    /// going down and up again gains nothing.
    pub month_allowance: Credits,
    /// When it started.
    pub started_at: Timestamp,
    /// Set when it ends with the billing period.
    pub cancellation: Option<Cancellation>,
    /// The change that waits for the next billing date.
    pub scheduled: Option<ScheduledChange>,
    /// The next billing period, while it isn't paid: apart, since most subscriptions have none.
    pub renewal: Option<Box<Renewal>>,
    /// Plan credits that were spent since the subscription began.
    pub spent: Credits,
    /// Plan credits issued in this month, of which what is left at its end is breakage.
    pub month_issued: Credits,
    /// Has this month's revenue been recognized?
    pub month_recognized: bool,
    /// The lot of this month's allowance: plan lots before it are of months that are over, or that a
    /// change has closed.
    pub month_lot: LotId,
}

impl LiveSubscription {
    /// When it moves on by itself next.
    pub(super) fn due_at(&self, billing: &Billing) -> Option<Timestamp> {
        let Some(renewal) = &self.renewal else {
            return Some(self.credit.end.min(self.billing.end));
        };
        if billing.paying(renewal.document).is_some() {
            return None;
        }
        match renewal.unpaid_since {
            None => Some(self.billing.end),
            Some(_) => renewal.retry_at.into_iter().chain(renewal.ends_at).min(),
        }
    }
}

/// A billing period that has begun and isn't paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renewal {
    /// Its invoice.
    pub document: DocumentId,
    /// What the invoice is for.
    pub order: Order,
    /// When a payment of it failed first, or couldn't be made: since then the account is past due.
    pub unpaid_since: Option<Timestamp>,
    /// When it is tried again by itself.
    pub retry_at: Option<Timestamp>,
    /// When the subscription ends unless it is paid.
    pub ends_at: Option<Timestamp>,
}

/// The terms of a plan that are pinned for a billing period, so that a new catalog changes nothing
/// that was paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Price of one interval.
    pub price: Money,
    /// Credits each month.
    pub allowance: Credits,
    /// Storage quota in bytes.
    pub storage_bytes: u64,
}

impl Terms {
    /// What `plan` offers on `interval`.
    pub const fn of(plan: &Plan, interval: Interval) -> Self {
        Self {
            price: plan.price(interval),
            allowance: plan.allowance,
            storage_bytes: plan.storage_bytes,
        }
    }
}

/// A customer's wish to end the subscription with the billing period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// When it was asked for.
    pub requested_at: Timestamp,
}

/// A change of plan that waits for the next billing date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledChange {
    /// The plan to change to.
    pub plan: Key,
    /// The interval to change to.
    pub interval: Interval,
}

/// An ended subscription whose data is kept for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// The plan it was.
    pub plan: Key,
    /// When it ended.
    pub ended_at: Timestamp,
    /// When its data is deleted.
    pub purge_at: Timestamp,
}

/// One grant of credits.
///
/// Invariant: `0 ≤ held ≤ remaining`. An expired lot is kept only for what it has held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// Its number.
    pub id: LotId,
    /// Its class.
    pub class: Class,
    /// Credits not spent yet, held ones included.
    pub remaining: Credits,
    /// Credits reserved by open holds.
    pub held: Credits,
    /// When it expires; never, if absent.
    pub expires_at: Option<Timestamp>,
    /// Has it expired? What holds give back to it is gone at once.
    pub expired: bool,
}

impl Lot {
    /// What can be spent from it.
    pub const fn available(&self) -> Credits {
        self.remaining.minus(self.held)
    }
}

/// Credits reserved while a job runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it releases itself: the first instant at which it is gone.
    pub expires_at: Timestamp,
    /// What it still reserves, in burn order.
    pub portions: Vec<Portion>,
    /// What was captured from it so far by units, with the units: parts are priced together, so
    /// that rounding is paid once.
    pub captured_units: Option<(Quantity, Credits)>,
    /// What it is for.
    pub purpose: Purpose,
    /// The caller's reference.
    pub reference: Option<Reference>,
}

impl Hold {
    /// What the spend is about.
    pub fn about(&self) -> About {
        About::of(&self.purpose, self.reference.as_ref())
    }

    /// What it still reserves.
    pub fn reserved(&self) -> Credits {
        Credits::total(self.portions.iter().map(|portion| portion.credits))
    }
}

impl Account {
    /// The lots of the subscription's allowance that haven't expired.
    pub fn plan_lots(&self) -> impl Iterator<Item = &Lot> {
        self.lots.iter().filter(|lot| lot.class == Class::Plan && !lot.expired)
    }

    /// What can be spent now: `remaining − held` over live lots.
    pub fn available(&self) -> Credits {
        Credits::total(self.lots.iter().map(Lot::available))
    }

    /// What open holds reserve.
    pub fn held(&self) -> Credits {
        Credits::total(self.lots.iter().map(|lot| lot.held))
    }

    /// The running subscription.
    pub fn live(&self) -> Option<&LiveSubscription> {
        match &self.subscription {
            Subscription::Live(live) => Some(live),
            Subscription::None | Subscription::Retention(_) | Subscription::Purged { .. } => None,
        }
    }

    /// Is its renewal unpaid after a failed payment?
    pub fn is_past_due(&self) -> bool {
        let renewal = self.live().and_then(|live| live.renewal.as_ref());
        renewal.is_some_and(|renewal| renewal.unpaid_since.is_some())
    }

    /// A plan that this account may have: of the catalog, or its own.
    pub fn plan_of<'a>(&'a self, catalog: &'a Catalog, key: &Key) -> Option<&'a Plan> {
        let own = self.billing.custom_plan.as_deref().filter(|plan| plan.key == *key);
        own.or_else(|| catalog.plan(key))
    }

    /// The key of the plan in force.
    pub fn plan(&self) -> Option<&Key> {
        self.live().map(|live| &live.plan)
    }

    /// Bytes it may store; none without a running subscription.
    pub fn storage_quota(&self) -> u64 {
        self.live().map_or(0, |live| live.terms.storage_bytes)
    }

    /// The name of the subscription's state in the API.
    pub fn status(&self) -> &'static str {
        let starting = |payment: &OpenPayment| {
            matches!(payment.order.purchase, Purchase::Start { .. }) && !payment.abandoned
        };
        match &self.subscription {
            Subscription::None | Subscription::Purged { .. }
                if self.billing.payments.iter().any(starting) =>
            {
                "incomplete"
            }
            Subscription::None => "none",
            Subscription::Live(_) if self.is_past_due() => "past_due",
            Subscription::Live(live) if live.cancellation.is_some() => "canceling",
            Subscription::Live(_) => "active",
            Subscription::Retention(_) => "retention",
            Subscription::Purged { .. } => "purged",
        }
    }

    /// The open hold of that id.
    pub fn hold(&self, id: HoldId) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.id == id)
    }

    /// The lot of that number, unless it is spent or gone.
    pub fn lot(&self, id: LotId) -> Option<&Lot> {
        self.lots.iter().find(|lot| lot.id == id)
    }

    /// The account's present when the real clock shows `wall`: ahead by its test clock, and never
    /// before its last event, whatever the real clock does.
    pub fn now(&self, wall: Timestamp) -> Timestamp {
        wall.after(self.clock_ahead).max(self.last_event_at)
    }

    /// When something falls due on its own next, by the account's clock. Never before its last event
    /// was booked.
    pub fn next_due_at(&self) -> Option<Timestamp> {
        let holds = self.holds.iter().map(|hold| hold.expires_at);
        let lots = self.lots.iter().filter(|lot| !lot.expired).filter_map(|lot| lot.expires_at);
        let payments = self.billing.payments.iter().filter_map(OpenPayment::due_at);
        let subscription = match &self.subscription {
            Subscription::Live(live) => live.due_at(&self.billing),
            Subscription::Retention(retention) => Some(retention.purge_at),
            Subscription::None | Subscription::Purged { .. } => None,
        };
        let topup = super::topups::auto::due_at(self);
        let notices = self.notices.iter().map(|notice| notice.at);
        let uploads = self.storage.uploads.iter().map(|upload| upload.expires_at);
        let all = holds.chain(lots).chain(payments).chain(notices).chain(uploads);
        let all = all.chain(subscription).chain(topup);
        all.min().map(|due| due.max(self.booked_at))
    }

    /// [`Account::next_due_at`] by the real clock, for whoever wakes it.
    pub fn next_due_wall(&self) -> Option<Timestamp> {
        self.next_due_at().map(|due| due.before(self.clock_ahead))
    }

    /// The first broken invariant, in words; for tests and `bursar verify`.
    ///
    /// # Errors
    /// What is broken.
    pub fn check(&self) -> Result<(), String> {
        for lot in &self.lots {
            if lot.held.is_negative() || lot.held > lot.remaining {
                return Err(alloc::format!("{}: held {} of {}", lot.id, lot.held, lot.remaining));
            }
            if lot.expired && lot.held != lot.remaining {
                return Err(alloc::format!("{}: expired with credits that nothing holds", lot.id));
            }
            let reserved = self.holds.iter().flat_map(|hold| &hold.portions);
            let of_lot = reserved.filter(|portion| portion.lot == lot.id).map(|p| p.credits);
            if Credits::total(of_lot) != lot.held {
                return Err(alloc::format!("{}: open holds don't sum to {}", lot.id, lot.held));
            }
        }
        self.storage.check()
    }
}
