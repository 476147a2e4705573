//! "Why this number?" in a sentence.

use bursar_core::account::event::{Event, Purpose};
use bursar_core::account::lots::sum;
use bursar_core::account::spend::{Spend, SpendState};
use bursar_core::catalog::Catalog;
use bursar_core::credits::Credits;
use bursar_core::id::SpendId;
use bursar_core::pricing::{Quantity, Rate, Rounding, Usage};
use bursar_store::SpendEvent;

/// A spend's price and what became of it.
pub fn spend(spend: &Spend, events: &[SpendEvent], catalog: &Catalog) -> String {
    let captured_units = events.iter().filter_map(|event| match &event.recorded.event {
        Event::HoldCaptured { units, .. } => *units,
        _ => None,
    });
    let captured_units = captured_units.reduce(Quantity::plus);
    let price = match &spend.purpose {
        Purpose::Operation { usage, rate, .. } => price(usage, usage.units, rate, catalog),
        Purpose::Custom { reason } => {
            format!("The caller asked for {} ({reason})", credits(first(spend)))
        }
    };
    let mut text = price;
    if let (Purpose::Operation { usage, rate, .. }, Some(units)) = (&spend.purpose, captured_units)
        && units != usage.units
    {
        text.push_str(&format!("; captured were {}", self::price(usage, units, rate, catalog)));
    }
    if let Some(outcome) = outcome(spend, events) {
        text.push_str("; ");
        text.push_str(&outcome);
    }
    text.push('.');
    text
}

/// `5 seconds × 10 credits on lantern-1, rounded up to whole credits, are 50 credits`.
pub(crate) fn price(usage: &Usage, units: Quantity, rate: &Rate, catalog: &Catalog) -> String {
    let unit = catalog.operation(&usage.operation).map_or("unit", |operation| &operation.unit);
    let plural = if units == Quantity::ONE { "" } else { "s" };
    let rounding = match rate.rounding {
        Rounding::Up => "rounded up",
        Rounding::HalfUp => "rounded half up",
        Rounding::Down => "rounded down",
    };
    let step = if rate.step == Credits::ONE {
        "whole credits".to_owned()
    } else {
        format!("multiples of {}", credits(rate.step))
    };
    let least = if rate.minimum > rate.step {
        format!(" and at least {}", credits(rate.minimum))
    } else {
        String::new()
    };
    let total = rate.price(units).map_or_else(|| "too much".to_owned(), credits);
    format!(
        "{units} {unit}{plural} × {} credits on {}, {rounding} to {step}{least}, are {total}",
        rate.unit_price, usage.model
    )
}

/// What was reserved or charged at first.
fn first(spend: &Spend) -> Credits {
    if matches!(spend.id, SpendId::Hold(_)) { spend.reserved } else { sum(&spend.spent) }
}

/// `held 50: 40 captured, 10 returned`.
fn outcome(spend: &Spend, events: &[SpendEvent]) -> Option<String> {
    let mut parts = Vec::new();
    let mut part = |amount: Credits, what: &str| {
        if amount.is_positive() {
            parts.push(format!("{amount} {what}"));
        }
    };
    let overage = super::receipt::overage(events);
    if matches!(spend.id, SpendId::Hold(_)) {
        part(sum(&spend.spent).minus(overage), "captured");
        part(overage, "captured beyond it");
        part(spend.returned, "returned");
        part(spend.expired, "returned to expired lots");
    }
    part(sum(&spend.refunded), "refunded");
    let state = match spend.state {
        SpendState::Open => Some("still open"),
        SpendState::TimedOut { .. } => Some("its time ran out"),
        SpendState::Captured { .. } | SpendState::Released { .. } | SpendState::Charged => None,
    };
    parts.extend(state.map(str::to_owned));
    let list = parts.join(", ");
    match spend.id {
        SpendId::Hold(_) => Some(format!("held {}: {list}", spend.reserved)),
        SpendId::Charge(_) => (!list.is_empty()).then_some(list),
    }
}

fn credits(amount: Credits) -> String {
    let plural = if amount == Credits::ONE { "" } else { "s" };
    format!("{amount} credit{plural}")
}
