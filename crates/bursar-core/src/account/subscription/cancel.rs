//! Cancelling: "Access continues until billing period ends".

use alloc::vec::Vec;

use super::running;
use crate::account::Account;
use crate::account::command::Cancel;
use crate::account::event::Event;
use crate::rejection::SubscriptionRejection;

impl Cancel {
    /// The subscription ends with its billing period. A scheduled change falls away.
    ///
    /// # Errors
    /// [`SubscriptionRejection`]: none runs, or it has been cancelled already.
    pub fn decide(&self, account: &Account) -> Result<Vec<Event>, SubscriptionRejection> {
        let live = running(account)?;
        let ends_at = live.billing.end;
        if live.cancellation.is_some() {
            return Err(SubscriptionRejection::Canceling { ends_at });
        }
        let dropped = live.scheduled.clone().map(|change| Event::ScheduledChangeDropped {
            plan: change.plan,
            interval: change.interval,
        });
        let cancelled = Event::CancellationRequested { ends_at, reason: self.reason.clone() };
        Ok(dropped.into_iter().chain([cancelled]).collect())
    }
}
