//! Bringing spent credits back: a failed job discovered late.

use alloc::vec::Vec;

use crate::account::Account;
use crate::account::command::RefundCharge;
use crate::account::event::{About, Event, Portion, Reissue};
use crate::account::lots::{fits, split, sum};
use crate::account::spend::{Spend, SpendState};
use crate::account::state::{LiveSubscription, Subscription};
use crate::catalog::{Catalog, Class, ExpiredRefund};
use crate::credits::Credits;
use crate::rejection::{CreditsRejection, Rejection, SpendRejection};
use crate::time::Timestamp;

/// Where to stop looking for the present month behind the last one that was paid. Payments that long under
/// way there are none.
const MOST_MONTHS_UNPAID: u32 = 1_200;

impl RefundCharge {
    /// Returns credits to the lots that paid, those that were spent last first. What a lot that has
    /// expired meanwhile had paid comes back as the catalog's policy says.
    ///
    /// # Errors
    /// [`Rejection`]: never spent, still held, more than is left to refund.
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        now: Timestamp,
        past: Option<&Spend>,
    ) -> Result<Vec<Event>, Rejection> {
        let past = past.ok_or(SpendRejection::NotFound { spend: self.spend })?;
        let amount = self.amount(past)?;
        if !fits(account, amount) {
            return Err(CreditsRejection::BalanceTooLarge.into());
        }
        let last_spent_first: Vec<Portion> = past.refundable().into_iter().rev().collect();
        let (portions, _) = split(&last_spent_first, amount);
        let good = |portion: &Portion| is_good(account, portion, now);
        let (returned, expired): (Vec<Portion>, Vec<Portion>) =
            portions.into_iter().partition(good);
        let reissue = matches!(catalog.policies.refunds.expired_lots, ExpiredRefund::Promo);
        let reissued = (reissue && !expired.is_empty()).then(|| Reissue {
            lot: account.next_lot,
            credits: sum(&expired),
            expires_at: Some(reissue_until(account, catalog, now)),
        });
        Ok(alloc::vec![Event::ChargeRefunded {
            spend: self.spend,
            about: About::of(&past.purpose, past.reference.as_ref()),
            returned,
            reissued,
            expired,
            reason: self.reason.clone(),
        }])
    }

    /// How much to refund: more than zero, at most what was spent and not refunded yet.
    fn amount(&self, past: &Spend) -> Result<Credits, SpendRejection> {
        let (spent, left) = (sum(&past.spent), sum(&past.refundable()));
        if spent.is_zero() || matches!(past.state, SpendState::Open) {
            return Err(SpendRejection::NothingSpent { spend: self.spend });
        }
        let given = self.credits.unwrap_or(left);
        if !given.is_positive() && self.credits.is_some() {
            return Err(SpendRejection::NothingToSpend);
        }
        if given > left || left.is_zero() {
            return Err(SpendRejection::RefundTooLarge { given: given.max(spent), spent, left });
        }
        Ok(given)
    }
}

/// When what is issued anew expires: with the month that has begun, also if that isn't paid yet. Without
/// one, with the data that is kept, or as long from now as data would be.
fn reissue_until(account: &Account, catalog: &Catalog, now: Timestamp) -> Timestamp {
    match &account.subscription {
        Subscription::Live(live) => {
            let month = |months| live.anchor.period(live.credit.offset.saturating_add(months), 1);
            let mut ends = (0..=MOST_MONTHS_UNPAID).map(|months| month(months).end);
            ends.find(|end| *end > now).unwrap_or_else(|| now.after(catalog.policies.retention))
        }
        Subscription::Retention(retention) => retention.purge_at,
        Subscription::None | Subscription::Purged { .. } => now.after(catalog.policies.retention),
    }
}

/// Can credits go back to the lot they came from? A lot that was used up has left the state; it comes
/// back if its time has not run out. Plan lots are closed before their time by a change of interval,
/// which begins a new month, and by a refund of the subscription. Time doesn't tell what came before
/// that: commands of one batch share their instant, and a clock that was set back stands still.
fn is_good(account: &Account, portion: &Portion, now: Timestamp) -> bool {
    match account.lot(portion.lot) {
        Some(lot) => !lot.expired,
        None => {
            let of_a_month_before = |live: &LiveSubscription| portion.lot < live.month_lot;
            let closed =
                portion.class == Class::Plan && account.live().is_none_or(of_a_month_before);
            !closed && portion.expires_at.is_none_or(|at| at > now)
        }
    }
}
