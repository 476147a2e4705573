//! Steps that spend credits.

use std::time::Duration;

use bursar_core::account::command::{
    AdjustCredits, CaptureAmount, CaptureHold, Charge, Command, ExtendHold, PlaceHold,
    RefundCharge, ReleaseHold, SpendRequest,
};
use bursar_core::account::event::Event;
use bursar_core::catalog::Class;
use bursar_core::credits::Credits;
use bursar_core::id::{HoldId, SpendId};
use bursar_core::pricing::{Quantity, UsageRequest};
use proptest::prelude::*;

use crate::support::customer::Customer;

/// Something to do with credits, with which of the earlier spends it is about.
#[derive(Clone, Debug)]
pub(crate) enum Spending {
    Hold { amount: i64, ttl: u32 },
    HoldVideo { units: u64, audio: bool },
    Capture { which: usize, amount: Option<i64>, ends: bool, overage: bool },
    CaptureUnits { which: usize, units: u64, ends: bool },
    Release(usize),
    Extend { which: usize, ttl: u32 },
    Charge(i64),
    Refund { which: usize, amount: Option<i64> },
    Adjust { amount: i64, class: Class, lives: Option<u32> },
}

pub(crate) fn spending() -> impl Strategy<Value = Spending> {
    use Spending::*;
    let amount = 1_i64..400_000_000;
    let some_amount = prop::option::of(1_i64..300_000_000);
    let class = prop::sample::select(&Class::ALL[..]);
    prop_oneof![
        6 => (amount.clone(), 1_u32..90_000).prop_map(|(amount, ttl)| Hold { amount, ttl }),
        3 => (1_u64..9_000_000, any::<bool>())
            .prop_map(|(units, audio)| HoldVideo { units, audio }),
        6 => (any::<usize>(), some_amount.clone(), any::<bool>(), any::<bool>()).prop_map(
            |(which, amount, ends, overage)| Capture { which, amount, ends, overage }
        ),
        3 => (any::<usize>(), 1_u64..5_000_000, any::<bool>())
            .prop_map(|(which, units, ends)| CaptureUnits { which, units, ends }),
        2 => any::<usize>().prop_map(Release),
        1 => (any::<usize>(), 1_u32..90_000).prop_map(|(which, ttl)| Extend { which, ttl }),
        4 => amount.prop_map(Charge),
        4 => (any::<usize>(), some_amount).prop_map(|(which, amount)| Refund { which, amount }),
        3 => (-200_000_000_i64..500_000_000, class, prop::option::of(1_u32..9_000_000))
            .prop_map(|(amount, class, lives)| Adjust { amount, class, lives }),
    ]
}

impl Spending {
    /// The command, if there is a spend that it can be about.
    pub(crate) fn command(&self, customer: &Customer) -> Option<Command> {
        let place = |spend, ttl| Command::PlaceHold(PlaceHold { spend, ttl, reference: None });
        let hold = |which| hold(customer, which);
        Some(match *self {
            Self::Hold { amount, ttl } => place(custom(amount), Some(seconds(ttl))),
            Self::HoldVideo { units, audio } => {
                place(SpendRequest::Operation(video(units, audio)), None)
            }
            Self::Capture { which, amount, ends, overage } => Command::CaptureHold(CaptureHold {
                hold: hold(which)?,
                amount: amount.map_or(CaptureAmount::Rest, |amount| {
                    CaptureAmount::Credits(Credits::from_micro(amount))
                }),
                ends,
                allow_overage: overage,
            }),
            Self::CaptureUnits { which, units, ends } => Command::CaptureHold(CaptureHold {
                hold: hold(which)?,
                amount: CaptureAmount::Units(Quantity::from_micro(units)),
                ends,
                allow_overage: false,
            }),
            Self::Release(which) => {
                Command::ReleaseHold(ReleaseHold { hold: hold(which)?, reason: None })
            }
            Self::Extend { which, ttl } => {
                Command::ExtendHold(ExtendHold { hold: hold(which)?, ttl: seconds(ttl) })
            }
            Self::Charge(amount) => {
                Command::Charge(Charge { spend: custom(amount), reference: None })
            }
            Self::Refund { which, amount } => Command::RefundCharge(RefundCharge {
                spend: pick(customer, which)?,
                credits: amount.map(Credits::from_micro),
                reason: None,
            }),
            Self::Adjust { amount, class, lives } => Command::AdjustCredits(AdjustCredits {
                credits: Credits::from_micro(amount),
                class,
                reason: "support".parse().unwrap(),
                expires_at: lives.map(|lives| customer.now.after(seconds(lives))),
            }),
        })
    }
}

/// One of the last six spends.
fn pick(customer: &Customer, which: usize) -> Option<SpendId> {
    let spends = customer.history.iter().rev().filter_map(|recorded| match &recorded.event {
        Event::HoldPlaced { hold, .. } => Some(SpendId::Hold(*hold)),
        Event::Charged { charge, .. } => Some(SpendId::Charge(*charge)),
        _ => None,
    });
    let last: Vec<SpendId> = spends.take(6).collect();
    (!last.is_empty()).then(|| last[which % last.len()])
}

fn hold(customer: &Customer, which: usize) -> Option<HoldId> {
    match pick(customer, which) {
        Some(SpendId::Hold(hold)) => Some(hold),
        _ => None,
    }
}

fn custom(amount: i64) -> SpendRequest {
    let credits = Credits::from_micro(amount);
    SpendRequest::Credits { credits, reason: "job".parse().unwrap() }
}

pub(crate) fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}

fn video(units: u64, audio: bool) -> UsageRequest {
    UsageRequest {
        operation: "video".to_owned(),
        model: None,
        quality: None,
        units: Some(Quantity::from_micro(units)),
        attributes: vec![("audio".to_owned(), if audio { "on" } else { "off" }.to_owned())],
    }
}
