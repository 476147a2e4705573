//! What customers are told ahead of time: the renewal of a yearly plan, the end of a cancelled one,
//! the deletion of data.
//!
//! Each notice is scheduled by an event, so that the state knows when it is due without a catalog.

use alloc::vec::Vec;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::Account;
use super::event::Event;
use super::state::Subscription;
use super::subscription::offer::next_order;
use crate::catalog::{Catalog, Interval};
use crate::time::{Period, Timestamp};

/// What a customer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeKind {
    /// A yearly subscription is about to be paid again.
    AnnualRenewal,
    /// A cancelled subscription is about to end.
    Ending,
    /// The data of an ended subscription is about to be deleted.
    Deletion,
}

impl NoticeKind {
    /// `annual_renewal`, `ending` or `deletion`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AnnualRenewal => "annual_renewal",
            Self::Ending => "ending",
            Self::Deletion => "deletion",
        }
    }
}

/// A notice that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledNotice {
    /// What is told.
    pub kind: NoticeKind,
    /// When.
    pub at: Timestamp,
}

/// The announcement of a yearly renewal, if the period is a year; at once if its time has passed.
pub(super) fn of_renewal(
    catalog: &Catalog,
    interval: Interval,
    billing: Period,
    now: Timestamp,
) -> Option<Event> {
    let at = billing.end.before(catalog.policies.notices.annual_renewal).max(now);
    (interval == Interval::Year && at < billing.end)
        .then_some(Event::NoticeScheduled { notice: NoticeKind::AnnualRenewal, at })
}

/// The announcement of the end of a cancelled subscription, unless it is so close that cancelling
/// says it.
pub(super) fn of_end(catalog: &Catalog, ends_at: Timestamp, now: Timestamp) -> Option<Event> {
    let ahead = catalog.policies.notices.ending;
    let at = ends_at.before(ahead);
    (ahead > Duration::ZERO && at > now)
        .then_some(Event::NoticeScheduled { notice: NoticeKind::Ending, at })
}

/// The announcements of the deletion of data, after an end at `now`.
pub(super) fn of_deletion(
    catalog: &Catalog,
    purge_at: Timestamp,
    now: Timestamp,
) -> impl Iterator<Item = Event> {
    let days = catalog.policies.notices.deletion.iter();
    days.map(move |after| now.after(*after))
        .filter(move |at| *at < purge_at)
        .map(|at| Event::NoticeScheduled { notice: NoticeKind::Deletion, at })
}

/// Tells what is due.
pub(super) fn give(account: &Account, catalog: &Catalog, kind: NoticeKind) -> Vec<Event> {
    let (comes_at, amount) = match &account.subscription {
        Subscription::Live(live) => {
            let amount = (kind == NoticeKind::AnnualRenewal)
                .then(|| next_order(account, live, catalog).bill.due());
            (live.billing.end, amount)
        }
        Subscription::Retention(retention) => (retention.purge_at, None),
        Subscription::None | Subscription::Purged { .. } => (account.booked_at, None),
    };
    alloc::vec![Event::NoticeGiven { notice: kind, comes_at, amount }]
}
