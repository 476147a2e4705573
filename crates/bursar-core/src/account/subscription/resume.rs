//! Taking a cancellation back, until the period ends.

use alloc::vec::Vec;

use super::running;
use crate::account::event::Event;
use crate::account::{Account, notices};
use crate::catalog::Catalog;
use crate::rejection::SubscriptionRejection;
use crate::time::Timestamp;

/// The subscription goes on.
///
/// # Errors
/// [`SubscriptionRejection`]: none runs, or it isn't cancelled.
pub fn decide(
    account: &Account,
    catalog: &Catalog,
    now: Timestamp,
) -> Result<Vec<Event>, SubscriptionRejection> {
    let live = running(account)?;
    if live.cancellation.is_none() {
        return Err(SubscriptionRejection::NotCanceling);
    }
    let announced = notices::of_renewal(catalog, live.interval, live.billing, now);
    Ok(core::iter::once(Event::CancellationWithdrawn).chain(announced).collect())
}
