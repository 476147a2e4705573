//! Lots: grants of credits, and the order they burn in.

pub mod adjust;

use alloc::vec::Vec;

use super::Account;
use super::event::{Event, Portion};
use super::state::Lot;
use crate::catalog::Class;
use crate::credits::Credits;

/// Chooses `credits` from live lots in burn order: classes of `burn_first` in that order, then
/// earliest expiry, plan before promo before top-up, oldest. So monthly credits always go before
/// top-ups ("are used after monthly credits") and nothing expires that could have been used.
///
/// `None` if the lots don't have that much.
pub fn choose(account: &Account, burn_first: &[Class], credits: Credits) -> Option<Vec<Portion>> {
    let mut portions = Vec::new();
    let mut missing = credits;
    // The account keeps its lots in burn order, so that a policy only has to pull classes forward.
    let rest = account.lots.iter().filter(|lot| !burn_first.contains(&lot.class));
    let first = burn_first
        .iter()
        .flat_map(|class| account.lots.iter().filter(move |lot| lot.class == *class));
    for lot in first.chain(rest) {
        if missing.is_zero() {
            break;
        }
        let taken = lot.available().min(missing);
        if taken.is_positive() {
            portions.push(portion(lot, taken));
            missing = missing.minus(taken);
        }
    }
    missing.is_zero().then_some(portions)
}

/// That much of a lot, with its terms.
pub(super) const fn portion(lot: &Lot, credits: Credits) -> Portion {
    Portion { lot: lot.id, class: lot.class, expires_at: lot.expires_at, credits }
}

/// A lot's time is over: what nothing holds of it is gone.
pub(super) const fn expire(lot: &Lot) -> Event {
    Event::LotExpired { lot: lot.id, class: lot.class, credits: lot.available() }
}

/// The first `credits` of `portions`, and the rest.
pub(super) fn split(portions: &[Portion], credits: Credits) -> (Vec<Portion>, Vec<Portion>) {
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    let mut missing = credits;
    for portion in portions {
        let taken = portion.credits.min(missing);
        missing = missing.minus(taken);
        let left = portion.credits.minus(taken);
        if taken.is_positive() {
            first.push(Portion { credits: taken, ..*portion });
        }
        if left.is_positive() {
            rest.push(Portion { credits: left, ..*portion });
        }
    }
    (first, rest)
}

/// The sum of portions.
pub fn sum(portions: &[Portion]) -> Credits {
    Credits::total(portions.iter().map(|portion| portion.credits))
}

/// The most credits that an account may have: 10^12. What is issued by itself, a month's allowance of
/// at most [`Credits::MAX_AMOUNT`], then still fits into the numbers.
const MOST: Credits = Credits::from_micro(1_000_000_000_000_000_000);

/// May the account have `more` credits?
pub(super) fn fits(account: &Account, more: Credits) -> bool {
    let remaining = account.lots.iter().map(|lot| lot.remaining);
    let sum = remaining.chain([more]).try_fold(Credits::ZERO, Credits::checked_add);
    sum.is_some_and(|sum| sum <= MOST)
}
