//! What a customer reads: every movement of credits, with the balance after it.

use crate::account::event::{About, Event, LotSource, Portion, Purpose, Recorded, ReleaseCause};
use crate::account::lots::sum;
use crate::account::spend::subject;
use crate::credits::Credits;
use crate::id::{Key, LotId, Reason, Reference, SpendId};
use crate::pricing::Quantity;
use crate::time::Timestamp;

/// One movement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// When.
    pub at: Timestamp,
    /// What kind of movement.
    pub kind: StatementKind,
    /// By how much `available` changed.
    pub credits: Credits,
    /// What could be spent afterwards.
    pub available_after: Credits,
    /// What holds reserved afterwards.
    pub held_after: Credits,
    /// The hold or charge whose receipt explains it.
    pub spend: Option<SpendId>,
    /// The lot that was issued or expired.
    pub lot: Option<LotId>,
    /// The operation.
    pub operation: Option<Key>,
    /// The model.
    pub model: Option<Key>,
    /// The quality.
    pub quality: Option<Key>,
    /// The units.
    pub units: Option<Quantity>,
    /// The caller's or the administrator's reason.
    pub reason: Option<Reason>,
    /// The caller's reference.
    pub reference: Option<Reference>,
}

/// A kind of movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatementKind {
    /// A month's allowance.
    Allowance,
    /// What an upgrade added.
    Upgrade,
    /// Credits were bought.
    Topup,
    /// An administrator gave or took.
    Adjustment,
    /// A lot expired.
    Expiry,
    /// Credits were reserved.
    Hold,
    /// Reserved credits were spent.
    Capture,
    /// Reserved credits were given back.
    Release,
    /// Reserved credits were given back because time ran out.
    Timeout,
    /// Credits were spent in one step.
    Charge,
    /// Spent credits came back.
    Refund,
}

impl StatementKind {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowance => "allowance",
            Self::Upgrade => "upgrade",
            Self::Topup => "topup",
            Self::Adjustment => "adjustment",
            Self::Expiry => "expiry",
            Self::Hold => "hold",
            Self::Capture => "capture",
            Self::Release => "release",
            Self::Timeout => "timeout",
            Self::Charge => "charge",
            Self::Refund => "refund",
        }
    }
}

/// The line of an event; `None` if it moves no credits.
pub fn line(recorded: &Recorded) -> Option<StatementLine> {
    let event = &recorded.event;
    let (kind, credits) = movement(event)?;
    let about = about(event);
    Some(StatementLine {
        at: recorded.at,
        kind,
        credits,
        available_after: recorded.available,
        held_after: recorded.held,
        spend: subject(event),
        lot: lot(event),
        operation: about.operation,
        model: about.model,
        quality: about.quality,
        units: units(event),
        reason: reason(event).cloned().or(about.reason),
        reference: about.reference,
    })
}

/// The kind of movement and by how much `available` changed.
fn movement(event: &Event) -> Option<(StatementKind, Credits)> {
    let less = |portions: &[Portion]| sum(portions).negated();
    Some(match event {
        Event::AllowanceIssued { credits, .. } => (StatementKind::Allowance, *credits),
        Event::LotIssued { credits, source: LotSource::Upgrade { .. }, .. } => {
            (StatementKind::Upgrade, *credits)
        }
        Event::LotIssued { credits, source: LotSource::Topup { .. }, .. } => {
            (StatementKind::Topup, *credits)
        }
        Event::LotIssued { credits, source: LotSource::Adjustment { .. }, .. } => {
            (StatementKind::Adjustment, *credits)
        }
        Event::CreditsTaken { portions, .. } => (StatementKind::Adjustment, less(portions)),
        Event::LotExpired { credits, .. } => (StatementKind::Expiry, credits.negated()),
        Event::HoldPlaced { portions, .. } => (StatementKind::Hold, less(portions)),
        Event::HoldCaptured { returned, overage, .. } => {
            (StatementKind::Capture, sum(returned).minus(sum(overage)))
        }
        Event::HoldReleased { returned, cause: ReleaseCause::Caller { .. }, .. } => {
            (StatementKind::Release, sum(returned))
        }
        Event::HoldReleased { returned, cause: ReleaseCause::TimedOut, .. } => {
            (StatementKind::Timeout, sum(returned))
        }
        Event::Charged { portions, .. } => (StatementKind::Charge, less(portions)),
        Event::ChargeRefunded { returned, reissued, .. } => {
            let reissued = reissued.map_or(Credits::ZERO, |new| new.credits);
            (StatementKind::Refund, sum(returned).plus(reissued))
        }
        _ => return None,
    })
}

/// What the spend that the event belongs to is about; empty for other events.
fn about(event: &Event) -> About {
    match event {
        Event::HoldPlaced { purpose, reference, .. }
        | Event::Charged { purpose, reference, .. } => About::of(purpose, reference.as_ref()),
        Event::HoldCaptured { about, .. }
        | Event::HoldReleased { about, .. }
        | Event::ChargeRefunded { about, .. } => about.clone(),
        _ => About::default(),
    }
}

/// The units that were asked for or captured.
const fn units(event: &Event) -> Option<Quantity> {
    match event {
        Event::HoldPlaced { purpose: Purpose::Operation { usage, .. }, .. }
        | Event::Charged { purpose: Purpose::Operation { usage, .. }, .. } => Some(usage.units),
        Event::HoldCaptured { units, .. } => *units,
        _ => None,
    }
}

const fn lot(event: &Event) -> Option<LotId> {
    match event {
        Event::AllowanceIssued { lot, .. }
        | Event::LotIssued { lot, .. }
        | Event::LotExpired { lot, .. } => Some(*lot),
        _ => None,
    }
}

/// The event's own reason, if somebody gave one.
const fn reason(event: &Event) -> Option<&Reason> {
    match event {
        Event::LotIssued { source: LotSource::Adjustment { reason }, .. }
        | Event::CreditsTaken { reason, .. } => Some(reason),
        Event::HoldReleased { cause: ReleaseCause::Caller { reason }, .. }
        | Event::ChargeRefunded { reason, .. } => reason.as_ref(),
        _ => None,
    }
}
