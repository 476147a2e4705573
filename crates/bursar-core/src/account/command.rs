//! What can be asked of an account. Imperatives; one file per command decides it.

use core::time::Duration;

use alloc::string::String;
use serde::{Deserialize, Serialize};

use super::Account;
use crate::catalog::{Class, Interval};
use crate::credits::Credits;
use crate::id::{HoldId, Reason, Reference, SpendId};
use crate::money::Currency;
use crate::pricing::{Quantity, UsageRequest};
use crate::quote::Quote;
use crate::time::{Timestamp, ZoneName};

/// What can be asked of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Open it.
    Open(Open),
    /// Let what has fallen due happen, and nothing else.
    Advance,
    /// Move its test clock on.
    AdvanceClock(AdvanceClock),
    /// Reserve credits.
    PlaceHold(PlaceHold),
    /// Spend reserved credits.
    CaptureHold(CaptureHold),
    /// Give reserved credits back.
    ReleaseHold(ReleaseHold),
    /// Let a hold live longer.
    ExtendHold(ExtendHold),
    /// Spend credits in one step.
    Charge(Charge),
    /// Bring spent credits back.
    RefundCharge(RefundCharge),
    /// Give or take credits as an administrator.
    AdjustCredits(AdjustCredits),
    /// Subscribe, or change the plan.
    ChangePlan(ChangePlan),
    /// End the subscription with its billing period.
    Cancel(Cancel),
    /// Don't end it after all.
    Resume,
    /// Forget the scheduled change.
    DropScheduledChange,
}

/// Open an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// The calendar it is billed by.
    pub zone: ZoneName,
    /// The currency it pays in; the catalog's, if absent.
    pub currency: Option<Currency>,
}

/// Move a test clock on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvanceClock {
    /// To when.
    pub to: ClockTarget,
}

/// Where a test clock goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClockTarget {
    /// To an instant.
    At(Timestamp),
    /// By a span of calendar and clock units in the account's zone, as ISO 8601 text.
    By(String),
}

/// What credits are wanted for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SpendRequest {
    /// What a quote offered, at its price.
    Quote(Quote),
    /// An operation, at today's price.
    Operation(UsageRequest),
    /// An amount; more than zero.
    Credits {
        /// How much.
        credits: Credits,
        /// Why.
        reason: Reason,
    },
}

/// Reserve credits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceHold {
    /// What for.
    pub spend: SpendRequest,
    /// How long it lives; the catalog's default, if absent.
    pub ttl: Option<Duration>,
    /// The caller's reference.
    pub reference: Option<Reference>,
}

/// How much of a hold to capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CaptureAmount {
    /// All it still reserves.
    Rest,
    /// This many credits.
    Credits(Credits),
    /// What this many units cost at the hold's rate.
    Units(Quantity),
}

/// Spend reserved credits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureHold {
    /// The hold.
    pub hold: HoldId,
    /// How much.
    pub amount: CaptureAmount,
    /// Does the hold end with it, giving the rest back?
    pub ends: bool,
    /// May it cost more than the hold reserves, if the balance has it?
    pub allow_overage: bool,
}

/// Give reserved credits back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseHold {
    /// The hold.
    pub hold: HoldId,
    /// Why.
    pub reason: Option<Reason>,
}

/// Let a hold live longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendHold {
    /// The hold.
    pub hold: HoldId,
    /// How long from now.
    pub ttl: Duration,
}

/// Spend credits in one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// What for.
    pub spend: SpendRequest,
    /// The caller's reference.
    pub reference: Option<Reference>,
}

/// Bring spent credits back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundCharge {
    /// What had spent them.
    pub spend: SpendId,
    /// How much; all that is left to refund, if absent.
    pub credits: Option<Credits>,
    /// Why.
    pub reason: Option<Reason>,
}

/// Give or take credits as an administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjustCredits {
    /// How much; negative takes.
    pub credits: Credits,
    /// Of which class.
    pub class: Class,
    /// Why.
    pub reason: Reason,
    /// When what is given expires.
    pub expires_at: Option<Timestamp>,
}

/// Subscribe, or change the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePlan {
    /// The plan, by key.
    pub plan: String,
    /// The interval.
    pub interval: Interval,
}

/// End the subscription with its billing period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancel {
    /// Why, if the customer said.
    pub reason: Option<Reason>,
}

impl Command {
    /// Its name in metrics and logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open(_) => "open",
            Self::Advance => "advance",
            Self::AdvanceClock(_) => "advance_clock",
            Self::PlaceHold(_) => "place_hold",
            Self::CaptureHold(_) => "capture_hold",
            Self::ReleaseHold(_) => "release_hold",
            Self::ExtendHold(_) => "extend_hold",
            Self::Charge(_) => "charge",
            Self::RefundCharge(_) => "refund_charge",
            Self::AdjustCredits(_) => "adjust_credits",
            Self::ChangePlan(_) => "change_plan",
            Self::Cancel(_) => "cancel",
            Self::Resume => "resume",
            Self::DropScheduledChange => "drop_scheduled_change",
        }
    }

    /// The spend whose history deciding it takes, because the state no longer has it.
    pub fn needs_history(&self, account: &Account) -> Option<SpendId> {
        match self {
            Self::CaptureHold(CaptureHold { hold, .. })
            | Self::ReleaseHold(ReleaseHold { hold, .. })
            | Self::ExtendHold(ExtendHold { hold, .. }) => {
                account.hold(*hold).is_none().then_some(SpendId::Hold(*hold))
            }
            Self::RefundCharge(refund) => Some(refund.spend),
            Self::Open(_)
            | Self::Advance
            | Self::AdvanceClock(_)
            | Self::PlaceHold(_)
            | Self::Charge(_)
            | Self::AdjustCredits(_)
            | Self::ChangePlan(_)
            | Self::Cancel(_)
            | Self::Resume
            | Self::DropScheduledChange => None,
        }
    }
}
