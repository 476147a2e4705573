//! Spending credits: holds, captures, releases, charges and their refund.

pub mod capture;
pub mod charge;
pub mod extend;
pub mod place;
pub mod refund;
pub mod release;

use alloc::vec::Vec;

use super::Account;
use super::event::Portion;
use super::spend::{Spend, SpendState};
use super::state::Hold;
use crate::id::{HoldId, SpendId};
use crate::rejection::{HoldEnd, SpendRejection};

/// The open hold of that id.
///
/// # Errors
/// [`SpendRejection::HoldEnded`], which says how and when, or [`SpendRejection::NotFound`].
fn open_hold<'a>(
    account: &'a Account,
    id: HoldId,
    past: Option<&Spend>,
) -> Result<&'a Hold, SpendRejection> {
    if let Some(hold) = account.hold(id) {
        return Ok(hold);
    }
    let ended = |how, at| Err(SpendRejection::HoldEnded { hold: id, how, at });
    match past.map(|spend| &spend.state) {
        Some(SpendState::Captured { at }) => ended(HoldEnd::Captured, *at),
        Some(SpendState::Released { at, .. }) => ended(HoldEnd::Released, *at),
        Some(SpendState::TimedOut { at }) => ended(HoldEnd::TimedOut, *at),
        Some(SpendState::Open | SpendState::Charged) | None => {
            Err(SpendRejection::NotFound { spend: SpendId::Hold(id) })
        }
    }
}

/// Parts what a hold gives back into what live lots get and what expires at once because its lot
/// has expired meanwhile.
pub(super) fn give_back(account: &Account, portions: &[Portion]) -> (Vec<Portion>, Vec<Portion>) {
    let live = |portion: &&Portion| account.lot(portion.lot).is_some_and(|lot| !lot.expired);
    portions.iter().partition(live)
}
