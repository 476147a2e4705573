//! What changes of the subscription, adjustments and test clocks did.

use bursar_core::account::event::{Event, LotSource, Recorded};
use bursar_core::id::{Key, Reason};
use bursar_core::time::Timestamp;
use bursar_core::{describe, statement};
use bursar_store::{Entry, SpendEvent};
use serde::Serialize;
use utoipa::ToSchema;

use super::balance::BalanceNow;
use super::subscription::IntervalName;
use super::{Amount, LotShare, Shown, Time};

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

/// The reply of a cancellation.
pub(crate) fn canceled(entry: &Entry) -> Option<SubscriptionCanceled> {
    let ends_at = entry.events.iter().find_map(|recorded| match recorded.event {
        Event::CancellationRequested { ends_at, .. } => Some(ends_at),
        _ => None,
    })?;
    let ended = |recorded: &Recorded| matches!(recorded.event, Event::SubscriptionEnded { .. });
    Some(SubscriptionCanceled {
        // While a renewal is unpaid there is nothing left that was paid for, and it ends at once.
        state: if entry.events.iter().any(ended) { "retention" } else { "canceling" },
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

/// The reply of a test clock that was moved to `to`. `all` is everything that happened, the clock's
/// own steps included; `events` is without them.
pub(crate) fn advanced(
    to: Timestamp,
    all: &[SpendEvent],
    events: &[SpendEvent],
) -> Option<ClockAdvanced> {
    let steps = all.iter().rev().filter_map(|it| match it.recorded.event {
        Event::ClockAdvanced { ahead } => Some(ahead),
        _ => None,
    });
    let ahead = steps.max()?;
    let last = all.last()?;
    let view = |it: &SpendEvent| EventView::of(it.version, &it.recorded);
    Some(ClockAdvanced {
        now: Time(to),
        ahead_seconds: ahead.as_secs(),
        events: events.iter().map(view).collect(),
        subscription_state: events.iter().rev().find_map(|it| state_after(&it.recorded.event)),
        balance: BalanceNow::after(&last.recorded),
        version: last.version,
    })
}

/// The state that an event puts the subscription into.
const fn state_after(event: &Event) -> Option<&'static str> {
    match event {
        Event::SubscriptionStarted { .. }
        | Event::SubscriptionRenewed { .. }
        | Event::PlanChanged { .. } => Some("active"),
        Event::RenewalUnpaid { .. } => Some("past_due"),
        Event::SubscriptionEnded { .. } => Some("retention"),
        Event::AccountPurged => Some("purged"),
        _ => None,
    }
}
