//! Test clocks: move an account ahead and see everything that falls due on the way.

use core::time::Duration;

use super::Account;
use super::command::{AdvanceClock, ClockTarget};
use super::event::Event;
use crate::rejection::AccountRejection;
use crate::time::Timestamp;

/// 100 years of 366 days.
const MOST: Duration = Duration::from_secs(100 * 366 * 86_400);

impl AdvanceClock {
    /// The instant to go to from `now`.
    ///
    /// # Errors
    /// [`AccountRejection`] for the past, for more than 100 years and for what is no span.
    pub fn target(&self, account: &Account, now: Timestamp) -> Result<Timestamp, AccountRejection> {
        let to = match &self.to {
            ClockTarget::At(at) => *at,
            ClockTarget::By(given) => {
                let span: jiff::Span = given
                    .parse()
                    .map_err(|_| AccountRejection::BadSpan { given: given.clone() })?;
                let local = now.to_jiff().to_zoned(account.zone.rules());
                let later =
                    local.checked_add(span).map_err(|_| AccountRejection::ClockTooFar { now })?;
                Timestamp::from_jiff(later.timestamp())
            }
        };
        if to < now {
            return Err(AccountRejection::ClockBackwards { now });
        }
        if to > now.after(MOST).min(Timestamp::CLOCK_MAX) {
            return Err(AccountRejection::ClockTooFar { now });
        }
        Ok(to)
    }

    /// The event that moves the clock from `now` to `to`.
    pub(super) fn decide(&self, account: &Account, now: Timestamp, to: Timestamp) -> Event {
        Event::ClockAdvanced { ahead: account.clock_ahead.saturating_add(to.since(now)) }
    }
}
