//! Undoing a scheduled change, until it happens.

use alloc::vec::Vec;

use super::running;
use crate::account::Account;
use crate::account::event::Event;
use crate::account::state::ScheduledChange;
use crate::rejection::SubscriptionRejection;

/// The present plan goes on.
///
/// # Errors
/// [`SubscriptionRejection`]: no subscription runs, or nothing is scheduled.
pub fn decide(account: &Account) -> Result<Vec<Event>, SubscriptionRejection> {
    let ScheduledChange { plan, interval } =
        running(account)?.scheduled.clone().ok_or(SubscriptionRejection::NothingScheduled)?;
    Ok(alloc::vec![Event::ScheduledChangeDropped { plan, interval }])
}
