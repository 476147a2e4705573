//! Spending what a hold reserves.

use alloc::vec::Vec;

use super::{give_back, open_hold};
use crate::account::Account;
use crate::account::command::{CaptureAmount, CaptureHold};
use crate::account::event::{Event, Portion, Purpose};
use crate::account::lots::{choose, split};
use crate::account::spend::Spend;
use crate::account::state::Hold;
use crate::catalog::Catalog;
use crate::credits::Credits;
use crate::pricing::Quantity;
use crate::rejection::SpendRejection;

impl CaptureHold {
    /// Spends the actual cost, at most what is held unless overage is allowed and the balance has
    /// it, and gives the rest back in the same event if the hold ends.
    ///
    /// # Errors
    /// [`SpendRejection`]: the hold has ended or never was, costs more than it has.
    pub fn decide(
        &self,
        account: &Account,
        catalog: &Catalog,
        past: Option<&Spend>,
    ) -> Result<Vec<Event>, SpendRejection> {
        let hold = open_hold(account, self.hold, past)?;
        let reserved = hold.reserved();
        let (cost, units) = match self.amount {
            CaptureAmount::Rest => (reserved, None),
            CaptureAmount::Credits(credits) if credits.is_negative() => {
                return Err(SpendRejection::NothingToSpend);
            }
            CaptureAmount::Credits(credits) => (credits, None),
            CaptureAmount::Units(units) => (cost_of_units(hold, units)?, Some(units)),
        };
        let (captured, rest) = split(&hold.portions, cost);
        let overage = self.overage(account, catalog, cost, reserved)?;
        let (returned, expired) =
            if self.ends { give_back(account, &rest) } else { (Vec::new(), Vec::new()) };
        Ok(alloc::vec![Event::HoldCaptured {
            hold: self.hold,
            about: hold.about(),
            units,
            captured,
            overage,
            returned,
            expired,
            ended: self.ends,
        }])
    }

    /// What is taken beyond the hold.
    fn overage(
        &self,
        account: &Account,
        catalog: &Catalog,
        cost: Credits,
        reserved: Credits,
    ) -> Result<Vec<Portion>, SpendRejection> {
        if cost <= reserved {
            return Ok(Vec::new());
        }
        let most = catalog.policies.holds.max_credits;
        if cost > most {
            return Err(SpendRejection::TooManyCredits { given: cost, most });
        }
        if !self.allow_overage {
            return Err(SpendRejection::ExceedsHold { need: cost, reserved });
        }
        super::place::check_standing(account)?;
        let beyond = cost.minus(reserved);
        choose(account, &catalog.policies.burn_first, beyond)
            .ok_or_else(|| super::place::insufficient(account, beyond))
    }
}

/// What `units` more cost on top of those captured before: parts are priced together, so that the
/// rounding of a job that is captured in pieces is paid once.
fn cost_of_units(hold: &Hold, units: Quantity) -> Result<Credits, SpendRejection> {
    let Purpose::Operation { rate, .. } = &hold.purpose else {
        return Err(SpendRejection::UnitsWithoutRate { given: units });
    };
    let (before, paid) = match hold.captured_units {
        None => (None, Credits::ZERO),
        Some((before, paid)) => (Some(before), paid),
    };
    let all = before.map_or(units, |before| before.plus(units));
    let most = Credits::MAX_AMOUNT;
    let cost = rate.price(all).ok_or(SpendRejection::TooManyCredits { given: most, most })?;
    Ok(cost.minus(paid).max(Credits::ZERO))
}
