//! Cancelling: "Access continues until billing period ends".

use alloc::vec::Vec;

use super::renewal::give_up;
use super::{running, unwanted};
use crate::account::command::Cancel;
use crate::account::event::Event;
use crate::account::{Account, notices};
use crate::catalog::Catalog;
use crate::rejection::SubscriptionRejection;
use crate::time::Timestamp;

impl Cancel {
    /// The subscription ends with its billing period. A scheduled change and a payment that waits
    /// for the customer fall away. While the next period is not paid, nothing that is paid for is
    /// left, so it ends at once and nothing is owed.
    ///
    /// # Errors
    /// [`SubscriptionRejection`]: none runs, or it has been cancelled already.
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<Vec<Event>, SubscriptionRejection> {
        let live = running(account)?;
        let ends_at = if live.renewal.is_some() { now } else { live.billing.end };
        if live.cancellation.is_some() {
            return Err(SubscriptionRejection::Canceling { ends_at });
        }
        let dropped = live.scheduled.clone().map(|change| Event::ScheduledChangeDropped {
            plan: change.plan,
            interval: change.interval,
        });
        let cancelled = Event::CancellationRequested { ends_at, reason: self.reason.clone() };
        let mut events: Vec<Event> = dropped.into_iter().chain([cancelled]).collect();
        events.extend(unwanted(account));
        match &live.renewal {
            Some(renewal) => events.extend(give_up(account, live, renewal, catalog, now)),
            None => events.extend(notices::of_end(catalog, ends_at, now)),
        }
        Ok(events)
    }
}
