//! Taking a cancellation back, until the period ends.

use alloc::vec::Vec;

use super::running;
use crate::account::Account;
use crate::account::event::Event;
use crate::rejection::SubscriptionRejection;

/// The subscription goes on.
///
/// # Errors
/// [`SubscriptionRejection`]: none runs, or it isn't cancelled.
pub fn decide(account: &Account) -> Result<Vec<Event>, SubscriptionRejection> {
    match running(account)?.cancellation {
        Some(_) => Ok(alloc::vec![Event::CancellationWithdrawn]),
        None => Err(SubscriptionRejection::NotCanceling),
    }
}
