//! Letting a hold live longer: the job takes its time.

use alloc::vec::Vec;

use super::open_hold;
use crate::account::Account;
use crate::account::command::ExtendHold;
use crate::account::event::Event;
use crate::account::spend::Spend;
use crate::catalog::Catalog;
use crate::rejection::SpendRejection;
use crate::time::Timestamp;

impl ExtendHold {
    /// The hold now ends `ttl` from now, at most the catalog's longest time to live.
    ///
    /// # Errors
    /// [`SpendRejection`]: the hold has ended or never was; the time is out of range.
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        now: Timestamp,
        past: Option<&Spend>,
    ) -> Result<Vec<Event>, SpendRejection> {
        let hold = open_hold(account, self.hold, past)?;
        let most = catalog.policies.holds.max_ttl;
        if self.ttl.is_zero() || self.ttl > most {
            return Err(SpendRejection::TtlOutOfRange { most_seconds: most.as_secs() });
        }
        // To extend is never to shorten: a late or repeated heartbeat must not cut a job off.
        let expires_at = now.after(self.ttl).max(hold.expires_at);
        Ok(alloc::vec![Event::HoldExtended { hold: self.hold, expires_at }])
    }
}
