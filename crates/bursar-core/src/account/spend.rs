//! One spend from beginning to end: what a receipt explains, a refund needs and a late capture is
//! told. The fold of the spend's own events; it has left the account's state once it has ended.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::event::{Event, Portion, Purpose, Recorded, ReleaseCause};
use super::lots::{split, sum};
use crate::credits::Credits;
use crate::id::{Reason, Reference, SpendId};
use crate::time::Timestamp;

/// A hold with its captures, or a charge; and its refunds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spend {
    /// Its id.
    pub id: SpendId,
    /// When it began.
    pub at: Timestamp,
    /// What for.
    pub purpose: Purpose,
    /// The caller's reference.
    pub reference: Option<Reference>,
    /// What was reserved; zero for a charge.
    pub reserved: Credits,
    /// When the hold releases itself, or would have; `None` for a charge.
    pub expires_at: Option<Timestamp>,
    /// What was spent, refunded or not, in order.
    pub spent: Vec<Portion>,
    /// What was given back unspent, and to live lots.
    pub returned: Credits,
    /// What was given back unspent, to lots that had expired.
    pub expired: Credits,
    /// What was refunded, by the portions that had paid.
    pub refunded: Vec<Portion>,
    /// Where it stands.
    pub state: SpendState,
}

/// Where a spend stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpendState {
    /// A hold that is open.
    Open,
    /// A hold that ended by a capture.
    Captured {
        /// When.
        at: Timestamp,
    },
    /// A hold that the caller released.
    Released {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Option<Reason>,
    },
    /// A hold whose time ran out.
    TimedOut {
        /// When.
        at: Timestamp,
    },
    /// A charge.
    Charged,
}

impl SpendState {
    /// `open`, `captured`, `released`, `timed_out` or `charged`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Captured { .. } => "captured",
            Self::Released { .. } => "released",
            Self::TimedOut { .. } => "timed_out",
            Self::Charged => "charged",
        }
    }
}

/// The spend that an event belongs to.
pub const fn subject(event: &Event) -> Option<SpendId> {
    match event {
        Event::HoldPlaced { hold, .. }
        | Event::HoldExtended { hold, .. }
        | Event::HoldCaptured { hold, .. }
        | Event::HoldReleased { hold, .. } => Some(SpendId::Hold(*hold)),
        Event::Charged { charge, .. } => Some(SpendId::Charge(*charge)),
        Event::ChargeRefunded { spend, .. } => Some(*spend),
        _ => None,
    }
}

/// Folds one of the spend's own events, in order; `None` until the one that begins it.
pub fn fold(spend: Option<Spend>, recorded: &Recorded) -> Option<Spend> {
    let Some(mut spend) = spend else {
        return begin(recorded);
    };
    match &recorded.event {
        Event::HoldExtended { expires_at, .. } => spend.expires_at = Some(*expires_at),
        Event::HoldCaptured { captured, overage, returned, expired, ended, .. } => {
            spend.spent.extend(captured.iter().chain(overage));
            spend.returned = spend.returned.plus(sum(returned));
            spend.expired = spend.expired.plus(sum(expired));
            if *ended {
                spend.state = SpendState::Captured { at: recorded.at };
            }
        }
        Event::HoldReleased { returned, expired, cause, .. } => {
            spend.returned = spend.returned.plus(sum(returned));
            spend.expired = spend.expired.plus(sum(expired));
            let at = recorded.at;
            spend.state = match cause {
                ReleaseCause::Caller { reason } => {
                    SpendState::Released { at, reason: reason.clone() }
                }
                ReleaseCause::TimedOut => SpendState::TimedOut { at },
            };
        }
        Event::ChargeRefunded { returned, expired, .. } => {
            spend.refunded.extend(returned.iter().chain(expired));
        }
        _ => {}
    }
    Some(spend)
}

fn begin(recorded: &Recorded) -> Option<Spend> {
    let (id, portions, expires_at, purpose, reference) = match &recorded.event {
        Event::HoldPlaced { hold, portions, expires_at, purpose, reference } => {
            (SpendId::Hold(*hold), portions, Some(*expires_at), purpose, reference)
        }
        Event::Charged { charge, portions, purpose, reference } => {
            (SpendId::Charge(*charge), portions, None, purpose, reference)
        }
        _ => return None,
    };
    let held = expires_at.is_some();
    Some(Spend {
        id,
        at: recorded.at,
        purpose: purpose.clone(),
        reference: reference.clone(),
        reserved: if held { sum(portions) } else { Credits::ZERO },
        expires_at,
        spent: if held { Vec::new() } else { portions.clone() },
        returned: Credits::ZERO,
        expired: Credits::ZERO,
        refunded: Vec::new(),
        state: if held { SpendState::Open } else { SpendState::Charged },
    })
}

impl Spend {
    /// What was spent and has not been refunded, by the portions that paid, in order. Several
    /// portions of one lot are one.
    pub fn refundable(&self) -> Vec<Portion> {
        let mut left: Vec<Portion> = Vec::new();
        for portion in &self.spent {
            match left.iter_mut().find(|seen| seen.lot == portion.lot) {
                Some(seen) => seen.credits = seen.credits.plus(portion.credits),
                None => left.push(*portion),
            }
        }
        for refund in &self.refunded {
            if let Some(paid) = left.iter_mut().find(|paid| paid.lot == refund.lot) {
                paid.credits = paid.credits.minus(refund.credits);
            }
        }
        let everything = sum(&left);
        split(&left, everything).0
    }
}
