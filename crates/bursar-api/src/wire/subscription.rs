//! Where an account stands with its subscription.

use bursar_core::account::Account;
use bursar_core::account::state::{LiveSubscription, Renewal, Subscription};
use bursar_core::account::subscription::next::{next_charge, next_refresh_at};
use bursar_core::catalog::{Catalog, Interval};
use bursar_core::id::{DocumentId, Key};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Amount, Price, Shown, Span, Time};

/// How often a subscription is paid.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Interval)]
pub(crate) enum IntervalName {
    /// Every month.
    Month,
    /// Every year.
    Year,
}

impl From<Interval> for IntervalName {
    fn from(interval: Interval) -> Self {
        match interval {
            Interval::Month => Self::Month,
            Interval::Year => Self::Year,
        }
    }
}

/// A subscription, running or ended.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Subscription)]
pub(crate) struct SubscriptionView {
    /// `none`, `incomplete` (its first payment is under way), `active`, `past_due` (its renewal isn't
    /// paid), `canceling` (ends at the period's end), `retention` (ended, data kept) or `purged`.
    #[schema(example = "active")]
    state: &'static str,
    /// The plan's key; the last one's while data is kept.
    #[schema(value_type = Option<String>, example = "starter")]
    plan: Option<Shown<Key>>,
    /// The plan's name for people.
    plan_name: Option<String>,
    /// How often it is paid.
    interval: Option<IntervalName>,
    /// The price of one interval, as agreed for this period.
    price: Option<Price>,
    /// Credits each month, as agreed for this period.
    allowance: Option<Amount>,
    /// When it started.
    started_at: Option<Time>,
    /// The period that is paid for.
    current_period: Option<Span>,
    /// The month whose credits are running.
    credit_period: Option<Span>,
    /// When the monthly credits are issued anew; null if they won't be.
    next_refresh_at: Option<Time>,
    /// When it ends, if it has been cancelled.
    cancel_at: Option<Time>,
    /// The change that waits for the next billing date.
    scheduled_change: Option<ScheduledChange>,
    /// What is not paid, if a payment of the renewal has failed.
    past_due: Option<PastDue>,
    /// What is charged next, tax included; null if nothing will be.
    next_charge: Option<Price>,
    /// When.
    next_charge_at: Option<Time>,
    /// How long data is kept, once it has ended.
    retention: Option<RetentionView>,
}

/// A renewal that is not paid.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct PastDue {
    /// Its invoice.
    #[schema(value_type = String, example = "inv_2")]
    invoice: Shown<DocumentId>,
    /// What is due.
    due: Price,
    /// When a payment of it failed first.
    since: Time,
    /// When it is tried again by itself; null if it waits for the customer.
    retry_at: Option<Time>,
    /// When the subscription ends unless it is paid.
    ends_at: Option<Time>,
}

/// A change of plan that waits.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ScheduledChange {
    /// The plan to change to.
    #[schema(value_type = String, example = "starter")]
    pub(crate) plan: Shown<Key>,
    /// The interval to change to.
    pub(crate) interval: IntervalName,
    /// When.
    pub(crate) effective_at: Time,
}

/// How long the data of an ended subscription is kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Retention)]
struct RetentionView {
    /// When the subscription ended.
    ended_at: Time,
    /// When the data is deleted.
    purge_at: Time,
}

impl SubscriptionView {
    /// The subscription of an account.
    pub(crate) fn of(account: &Account, catalog: &Catalog) -> Self {
        let bare = Self::bare(account.status());
        match &account.subscription {
            Subscription::None | Subscription::Purged { .. } => bare,
            Subscription::Live(live) => Self::live(bare, account, live, catalog),
            Subscription::Retention(retention) => Self {
                plan_name: plan_name(account, catalog, &retention.plan),
                plan: Some(Shown(retention.plan.clone())),
                retention: Some(RetentionView {
                    ended_at: Time(retention.ended_at),
                    purge_at: Time(retention.purge_at),
                }),
                ..bare
            },
        }
    }

    const fn bare(state: &'static str) -> Self {
        Self {
            state,
            plan: None,
            plan_name: None,
            interval: None,
            price: None,
            allowance: None,
            started_at: None,
            current_period: None,
            credit_period: None,
            next_refresh_at: None,
            cancel_at: None,
            scheduled_change: None,
            past_due: None,
            next_charge: None,
            next_charge_at: None,
            retention: None,
        }
    }

    fn live(bare: Self, account: &Account, live: &LiveSubscription, catalog: &Catalog) -> Self {
        let (next_charge, next_charge_at) = next_charge(account, catalog).unzip();
        Self {
            plan_name: plan_name(account, catalog, &live.plan),
            plan: Some(Shown(live.plan.clone())),
            past_due: live.renewal.as_deref().and_then(PastDue::of),
            next_charge: next_charge.map(Price::from),
            next_charge_at: next_charge_at.map(Time),
            interval: Some(live.interval.into()),
            price: Some(live.terms.price.into()),
            allowance: Some(Amount(live.terms.allowance)),
            started_at: Some(Time(live.started_at)),
            current_period: Some(live.billing.into()),
            credit_period: Some(live.credit.into()),
            next_refresh_at: next_refresh_at(account).map(Time),
            cancel_at: live.cancellation.as_ref().map(|_| Time(live.billing.end)),
            scheduled_change: live.scheduled.as_ref().map(|change| ScheduledChange {
                plan: Shown(change.plan.clone()),
                interval: change.interval.into(),
                effective_at: Time(live.billing.end),
            }),
            ..bare
        }
    }
}

impl PastDue {
    fn of(renewal: &Renewal) -> Option<Self> {
        Some(Self {
            since: Time(renewal.unpaid_since?),
            invoice: Shown(renewal.document),
            due: renewal.order.bill.due().into(),
            retry_at: renewal.retry_at.map(Time),
            ends_at: renewal.ends_at.map(Time),
        })
    }
}

fn plan_name(account: &Account, catalog: &Catalog, plan: &Key) -> Option<String> {
    account.plan_of(catalog, plan).map(|plan| plan.name.clone())
}
