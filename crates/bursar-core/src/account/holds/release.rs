//! Giving back what a hold reserves: the job failed or was not needed.

use alloc::vec::Vec;

use super::{give_back, open_hold};
use crate::account::Account;
use crate::account::command::ReleaseHold;
use crate::account::event::{Event, ReleaseCause};
use crate::account::spend::Spend;
use crate::rejection::SpendRejection;

impl ReleaseHold {
    /// Returns all it still reserves; what goes back to an expired lot expires at once.
    ///
    /// # Errors
    /// [`SpendRejection`]: the hold has ended or never was.
    pub fn decide(
        &self,
        account: &Account,
        past: Option<&Spend>,
    ) -> Result<Vec<Event>, SpendRejection> {
        let hold = open_hold(account, self.hold, past)?;
        let (returned, expired) = give_back(account, &hold.portions);
        let cause = ReleaseCause::Caller { reason: self.reason.clone() };
        Ok(alloc::vec![Event::HoldReleased {
            hold: self.hold,
            about: hold.about(),
            returned,
            expired,
            cause
        }])
    }
}
