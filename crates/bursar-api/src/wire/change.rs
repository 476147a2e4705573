//! What changes of the subscription, adjustments and test clocks did.

use bursar_core::account::event::{Event, LotSource, Recorded};
use bursar_core::catalog::Interval;
use bursar_core::credits::Credits;
use bursar_core::id::{Key, Reason};
use bursar_core::time::{Anchor, Period, Timestamp};
use bursar_core::{describe, statement};
use bursar_store::Entry;
use serde::Serialize;
use utoipa::ToSchema;

use super::balance::BalanceNow;
use super::subscription::IntervalName;
use super::{Amount, LotShare, Shown, Span, Time};

/// A subscription that began, changed or will change.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionChanged {
    /// `start`, `upgrade` or `downgrade`.
    #[schema(example = "start")]
    kind: &'static str,
    /// When it takes effect.
    effective_at: Time,
    /// Does it wait for the next billing date?
    scheduled: bool,
    /// The plan it changes to.
    #[schema(value_type = String, example = "starter")]
    plan: Shown<Key>,
    /// The interval it changes to.
    interval: IntervalName,
    /// The subscription's state after it.
    #[schema(example = "active")]
    state: &'static str,
    /// The period that is paid for after it; null for one that waits, which leaves it as it is.
    current_period: Option<Span>,
    /// Credits that it issued, less those that it closed.
    allowance_change: Amount,
    /// When the monthly credits are issued anew; null for a change that waits.
    next_refresh_at: Option<Time>,
    /// The balance after it.
    balance: BalanceNow,
    /// The account's version after it.
    version: u64,
}

/// A subscription that will end.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionCanceled {
    /// Always `canceling`.
    #[schema(example = "canceling")]
    state: &'static str,
    /// When it ends: until then everything works.
    cancel_at: Time,
    /// The scheduled change that fell away with it.
    dropped_change: Option<DroppedChange>,
    /// The balance, which stays.
    balance: BalanceNow,
    /// The account's version after it.
    version: u64,
}

/// A change of plan that will not happen.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DroppedChange {
    /// The plan it would have changed to.
    #[schema(value_type = String, example = "starter")]
    plan: Shown<Key>,
    /// The interval it would have changed to.
    interval: IntervalName,
}

/// A subscription that goes on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SubscriptionKept {
    /// Always `active`.
    #[schema(example = "active")]
    state: &'static str,
    /// The change that will not happen, if one was undone.
    dropped_change: Option<DroppedChange>,
    /// The balance, which stays.
    balance: BalanceNow,
    /// The account's version after it.
    version: u64,
}

/// Credits that were given or taken.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CreditsAdjusted {
    /// How much; negative if taken.
    credits: Amount,
    /// Why.
    #[schema(value_type = String, example = "apology for the outage")]
    reason: Shown<Reason>,
    /// The new lot, or the lots that were taken from.
    lots: Vec<LotShare>,
    /// When.
    at: Time,
    /// The balance after it.
    balance: BalanceNow,
    /// The account's version after it.
    version: u64,
}

/// Something that happened to an account.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AccountEvent)]
pub(crate) struct EventView {
    /// When.
    at: Time,
    /// What, as a stable name such as `allowance_issued` or `hold_released`.
    #[schema(example = "allowance_issued")]
    kind: &'static str,
    /// What, in a sentence.
    summary: String,
    /// By how much the available balance changed; null if it moves no credits.
    credits: Option<Amount>,
    /// What could be spent afterwards.
    balance_after: Amount,
    /// What holds reserved afterwards.
    held_after: Amount,
    /// The account's version after it.
    version: u64,
}

impl EventView {
    /// The view of an event after which the account was at `version`.
    pub(crate) fn of(version: u64, recorded: &Recorded) -> Self {
        Self {
            at: Time(recorded.at),
            kind: describe::kind(&recorded.event),
            summary: describe::summary(&recorded.event),
            credits: statement::line(recorded).map(|line| Amount(line.credits)),
            balance_after: Amount(recorded.available),
            held_after: Amount(recorded.held),
            version,
        }
    }
}

/// Where a test clock stands and what happened on the way.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ClockAdvanced {
    /// The account's present.
    now: Time,
    /// How far that is ahead of real time.
    ahead_seconds: u64,
    /// What happened on the way, in order.
    events: Vec<EventView>,
    /// The state that something on the way put the subscription into; null if nothing did.
    #[schema(example = "active")]
    subscription_state: Option<&'static str>,
    /// The balance now.
    balance: BalanceNow,
    /// The account's version after it.
    version: u64,
}

/// The reply of a start or change of a subscription.
pub(crate) fn subscribed(entry: &Entry) -> Option<SubscriptionChanged> {
    let first = entry.events.first()?;
    let moved = entry.events.iter().filter_map(statement::line).map(|line| line.credits);
    let change = Change { entry, at: first.at, allowance: Credits::total(moved) };
    match &first.event {
        Event::SubscriptionStarted { plan, interval, anchor, billing, .. } => {
            Some(change.effective("start", plan, *interval, anchor, *billing))
        }
        Event::PlanChanged { plan, interval, direction, anchor, billing, .. } => {
            Some(change.effective(direction.as_str(), plan, *interval, anchor, *billing))
        }
        Event::ChangeScheduled { plan, interval, direction, billing, credit, .. } => {
            Some(SubscriptionChanged {
                current_period: Some((*billing).into()),
                next_refresh_at: Some(Time(credit.end)),
                ..change.reply(direction.as_str(), plan, *interval, billing.end, true)
            })
        }
        _ => None,
    }
}

/// What all kinds of change have in common.
struct Change<'a> {
    entry: &'a Entry,
    at: Timestamp,
    allowance: Credits,
}

impl Change<'_> {
    /// A change that took effect at once.
    fn effective(
        &self,
        kind: &'static str,
        plan: &Key,
        interval: Interval,
        anchor: &Anchor,
        billing: Period,
    ) -> SubscriptionChanged {
        SubscriptionChanged {
            current_period: Some(billing.into()),
            next_refresh_at: Some(Time(month_end(anchor, billing, self.at))),
            ..self.reply(kind, plan, interval, self.at, false)
        }
    }

    fn reply(
        &self,
        kind: &'static str,
        plan: &Key,
        interval: Interval,
        effective_at: Timestamp,
        scheduled: bool,
    ) -> SubscriptionChanged {
        SubscriptionChanged {
            kind,
            effective_at: Time(effective_at),
            scheduled,
            plan: Shown(plan.clone()),
            interval: interval.into(),
            state: "active",
            current_period: None,
            allowance_change: Amount(self.allowance),
            next_refresh_at: None,
            balance: BalanceNow::at_end(self.entry),
            version: self.entry.version(),
        }
    }
}

/// The end of the month of a billing period that `at` is in.
fn month_end(anchor: &Anchor, billing: Period, at: Timestamp) -> Timestamp {
    let mut offset = billing.offset.saturating_add(1);
    while anchor.month(offset) <= at && anchor.month(offset) < billing.end {
        offset = offset.saturating_add(1);
    }
    anchor.month(offset)
}

/// The reply of a cancellation.
pub(crate) fn canceled(entry: &Entry) -> Option<SubscriptionCanceled> {
    let ends_at = entry.events.iter().find_map(|recorded| match recorded.event {
        Event::CancellationRequested { ends_at, .. } => Some(ends_at),
        _ => None,
    })?;
    Some(SubscriptionCanceled {
        state: "canceling",
        cancel_at: Time(ends_at),
        dropped_change: dropped(entry),
        balance: BalanceNow::at_end(entry),
        version: entry.version(),
    })
}

/// The reply of what takes a cancellation or a scheduled change back.
pub(crate) fn kept(entry: &Entry) -> Option<SubscriptionKept> {
    Some(SubscriptionKept {
        state: "active",
        dropped_change: dropped(entry),
        balance: BalanceNow::at_end(entry),
        version: entry.version(),
    })
}

fn dropped(entry: &Entry) -> Option<DroppedChange> {
    entry.events.iter().find_map(|recorded| match &recorded.event {
        Event::ScheduledChangeDropped { plan, interval } => {
            Some(DroppedChange { plan: Shown(plan.clone()), interval: (*interval).into() })
        }
        _ => None,
    })
}

/// The reply of an adjustment.
pub(crate) fn adjusted(entry: &Entry) -> Option<CreditsAdjusted> {
    let recorded = entry.events.last()?;
    let credits = statement::line(recorded)?.credits;
    let (lots, reason) = match &recorded.event {
        Event::LotIssued {
            lot,
            class,
            credits,
            expires_at,
            source: LotSource::Adjustment { reason },
        } => {
            let share = LotShare {
                id: Shown(*lot),
                class: (*class).into(),
                credits: Amount(*credits),
                expires_at: expires_at.map(Time),
            };
            (vec![share], reason)
        }
        Event::CreditsTaken { portions, reason } => (LotShare::list(portions), reason),
        _ => return None,
    };
    Some(CreditsAdjusted {
        credits: Amount(credits),
        reason: Shown(reason.clone()),
        lots,
        at: Time(recorded.at),
        balance: BalanceNow::after(recorded),
        version: entry.version(),
    })
}

/// The reply of a test clock that was moved to `to`.
pub(crate) fn advanced(entry: &Entry, to: Timestamp) -> Option<ClockAdvanced> {
    let ahead = entry.events.iter().find_map(|recorded| match recorded.event {
        Event::ClockAdvanced { ahead } => Some(ahead),
        _ => None,
    })?;
    let on_the_way = entry.versions().skip(1);
    Some(ClockAdvanced {
        now: Time(to),
        ahead_seconds: ahead.as_secs(),
        events: on_the_way.map(|(version, recorded)| EventView::of(version, recorded)).collect(),
        subscription_state: entry.events.iter().rev().find_map(|it| state_after(&it.event)),
        balance: BalanceNow::at_end(entry),
        version: entry.version(),
    })
}

/// The state that an event which falls due puts the subscription into.
const fn state_after(event: &Event) -> Option<&'static str> {
    match event {
        Event::SubscriptionEnded { .. } => Some("retention"),
        Event::AccountPurged => Some("purged"),
        Event::SubscriptionRenewed { .. } | Event::PlanChanged { .. } => Some("active"),
        _ => None,
    }
}
