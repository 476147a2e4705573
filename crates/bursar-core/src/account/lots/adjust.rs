//! Support gives or takes credits, with a reason.

use alloc::vec::Vec;

use super::{choose, fits};
use crate::account::Account;
use crate::account::command::AdjustCredits;
use crate::account::event::{Event, LotSource};
use crate::catalog::Class;
use crate::credits::Credits;
use crate::rejection::CreditsRejection;
use crate::time::Timestamp;

impl AdjustCredits {
    /// A positive amount issues a lot, a negative one is taken from lots of the class in burn order.
    ///
    /// # Errors
    /// [`CreditsRejection`].
    pub fn decide(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<Vec<Event>, CreditsRejection> {
        if self.credits.is_zero() {
            return Err(CreditsRejection::Zero);
        }
        if self.credits.is_negative() { self.take(account) } else { self.give(account, now) }
    }

    fn give(&self, account: &Account, now: Timestamp) -> Result<Vec<Event>, CreditsRejection> {
        if self.expires_at.is_some_and(|at| at <= now) {
            return Err(CreditsRejection::ExpiryInThePast { now });
        }
        if !fits(account, self.credits) {
            return Err(CreditsRejection::BalanceTooLarge);
        }
        let expires_at = match (self.class, self.expires_at) {
            (Class::Topup, Some(_)) => return Err(CreditsRejection::TopupsNeverExpire),
            (Class::Plan, None) => {
                // While a renewal is unpaid, the last month is over and no other has begun.
                let month = account.live().map(|live| live.credit).filter(|month| month.end > now);
                Some(month.ok_or(CreditsRejection::PlanCreditsWithoutPeriod)?.end)
            }
            (_, expires_at) => expires_at,
        };
        Ok(alloc::vec![Event::LotIssued {
            lot: account.next_lot,
            class: self.class,
            credits: self.credits,
            expires_at,
            source: LotSource::Adjustment { reason: self.reason.clone() },
        }])
    }

    fn take(&self, account: &Account) -> Result<Vec<Event>, CreditsRejection> {
        if self.expires_at.is_some() {
            return Err(CreditsRejection::ExpiryOfTaking);
        }
        let need = self.credits.negated();
        let mut of_class = account.clone();
        of_class.lots.retain(|lot| lot.class == self.class);
        let portions = choose(&of_class, &[], need).ok_or_else(|| {
            let available = Credits::total(of_class.lots.iter().map(|lot| lot.available()));
            CreditsRejection::NotEnoughToTake { class: self.class.as_str(), need, available }
        })?;
        Ok(alloc::vec![Event::CreditsTaken { portions, reason: self.reason.clone() }])
    }
}
