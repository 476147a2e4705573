//! One operation, explained from beginning to end.

use bursar_core::account::event::{Event, Portion, Purpose};
use bursar_core::account::lots::sum;
use bursar_core::account::spend::{Spend, fold};
use bursar_core::catalog::Catalog;
use bursar_core::credits::Credits;
use bursar_core::describe;
use bursar_core::id::{Reference, SpendId};
use bursar_core::pricing::Rate;
use bursar_core::statement;
use bursar_store::SpendEvent;
use serde::Serialize;
use utoipa::ToSchema;

use super::number::PerUnit;
use super::spend::PurposeView;
use super::{Amount, LotShare, Shown, Time};

/// A hold or a charge with everything that happened to it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// The hold or charge.
    #[schema(value_type = String, example = "charge_0198f3a2b4c57d6e8f9012345678abcd")]
    id: Shown<SpendId>,
    /// `open`, `captured`, `released`, `timed_out` or `charged`.
    #[schema(example = "charged")]
    state: &'static str,
    /// When it began.
    at: Time,
    /// When the hold releases itself, or would have; null for a charge.
    expires_at: Option<Time>,
    #[serde(flatten)]
    purpose: PurposeView,
    /// How it is priced; null for an amount that the caller named.
    rate: Option<RateView>,
    /// The caller's reference.
    #[schema(value_type = Option<String>)]
    reference: Option<Shown<Reference>>,
    /// What was reserved; 0 for a charge.
    reserved: Amount,
    /// What was spent, overage included.
    captured: Amount,
    /// What of that was beyond the hold.
    overage: Amount,
    /// What went back unspent.
    returned: Amount,
    /// What went back unspent to lots that had expired, and so expired.
    expired: Amount,
    /// What was refunded.
    refunded: Amount,
    /// The lots that paid.
    lots: Vec<LotShare>,
    /// What happened, in order.
    timeline: Vec<Step>,
    /// Why this number, in a sentence.
    #[schema(
        example = "5 seconds × 10 credits on lantern-1, rounded up to whole credits, are 50 credits."
    )]
    explanation: String,
}

/// How an operation is priced.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Rate)]
pub(crate) struct RateView {
    /// Credits per unit, attributes included.
    unit_price: PerUnit,
    /// Which way prices are rounded to the step: `up`, `half_up` or `down`.
    #[schema(example = "up")]
    rounding: &'static str,
    /// Prices are multiples of this.
    step: Amount,
    /// The least that any use costs.
    minimum: Amount,
}

impl From<&Rate> for RateView {
    fn from(rate: &Rate) -> Self {
        Self {
            unit_price: PerUnit(rate.unit_price),
            rounding: rate.rounding.as_str(),
            step: Amount(rate.step),
            minimum: Amount(rate.minimum),
        }
    }
}

/// One thing that happened to a hold or charge.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ReceiptStep)]
struct Step {
    /// When.
    at: Time,
    /// `hold_placed`, `hold_extended`, `hold_captured`, `hold_released`, `charged` or
    /// `charge_refunded`.
    #[schema(example = "charged")]
    kind: &'static str,
    /// By how much the available balance changed.
    credits: Amount,
    /// What could be spent before it.
    balance_before: Amount,
    /// What could be spent after it.
    balance_after: Amount,
    /// The account's version after it.
    version: u64,
}

impl From<&SpendEvent> for Step {
    fn from(SpendEvent { version, recorded }: &SpendEvent) -> Self {
        let credits = statement::line(recorded).map_or(Credits::ZERO, |line| line.credits);
        Self {
            at: Time(recorded.at),
            kind: describe::kind(&recorded.event),
            credits: Amount(credits),
            balance_before: Amount(recorded.available.minus(credits)),
            balance_after: Amount(recorded.available),
            version: *version,
        }
    }
}

impl Receipt {
    /// The receipt of a spend's events; `None` if there are none.
    pub(crate) fn of(events: &[SpendEvent], catalog: &Catalog) -> Option<Self> {
        let spend = events.iter().map(|event| &event.recorded).fold(None, fold)?;
        let explanation = super::explain::spend(&spend, events, catalog);
        let rate = match &spend.purpose {
            Purpose::Operation { rate, .. } => Some(rate.into()),
            Purpose::Custom { .. } => None,
        };
        Some(Self {
            id: Shown(spend.id),
            state: spend.state.as_str(),
            at: Time(spend.at),
            expires_at: spend.expires_at.map(Time),
            purpose: PurposeView::of(&spend.purpose),
            rate,
            reserved: Amount(spend.reserved),
            captured: Amount(sum(&spend.spent)),
            overage: Amount(overage(events)),
            returned: Amount(spend.returned),
            expired: Amount(spend.expired),
            refunded: Amount(sum(&spend.refunded)),
            lots: LotShare::list(&payers(&spend)),
            timeline: events.iter().map(Step::from).collect(),
            explanation,
            reference: spend.reference.map(Shown),
        })
    }
}

/// What captures took beyond the hold.
pub(super) fn overage(events: &[SpendEvent]) -> Credits {
    Credits::total(events.iter().map(|event| match &event.recorded.event {
        Event::HoldCaptured { overage, .. } => sum(overage),
        _ => Credits::ZERO,
    }))
}

/// The lots that paid, each once, in order.
fn payers(spend: &Spend) -> Vec<Portion> {
    let mut paid: Vec<Portion> = Vec::new();
    for portion in &spend.spent {
        match paid.iter_mut().find(|seen| seen.lot == portion.lot) {
            Some(seen) => seen.credits = seen.credits.plus(portion.credits),
            None => paid.push(*portion),
        }
    }
    paid
}
