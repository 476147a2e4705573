//! An operation's `rates`: what each model and quality costs.

use std::collections::BTreeMap;

use bursar_core::catalog::OperationRate;
use bursar_core::credits::Credits;
use bursar_core::id::Key;
use bursar_core::pricing::{Rate, Rounding};

use crate::reader::{Known, Table, Value, one_of};

/// An operation's rates with its defaults.
pub(crate) struct RateCard {
    pub(crate) default_model: Key,
    pub(crate) default_quality: Key,
    pub(crate) rates: Vec<OperationRate>,
}

/// How prices are rounded; a rate takes from its operation what it doesn't say.
#[derive(Clone, Copy)]
struct Steps {
    step: Credits,
    rounding: Rounding,
    /// The least price; one step if nobody says.
    minimum: Option<Credits>,
}

const DEFAULT_STEPS: Steps = Steps {
    step: Credits::ONE,
    rounding: Rounding::Up,
    minimum: None,
};

const ROUNDINGS: [(&str, Rounding); 3] = [
    ("up", Rounding::Up),
    ("half_up", Rounding::HalfUp),
    ("down", Rounding::Down),
];

/// The rates of the operation in `table`.
pub(crate) fn read(table: &Table<'_>, features: &Known) -> Option<RateCard> {
    let steps = steps(table, DEFAULT_STEPS);
    let example = "a list of { model = \"…\", quality = \"…\", unit_price = \"0.3\" }";
    let rates = table.required("rates", example, |value| {
        let entries = value.list()?;
        if entries.is_empty() {
            value.wrong("there are no rates", example);
        }
        // A mistake in the operation's steps is reported once, not again for each rate.
        let steps = steps.unwrap_or(DEFAULT_STEPS);
        let rates: Vec<Option<OperationRate>> = entries
            .iter()
            .map(|entry| rate(entry, steps, features))
            .collect();
        check_distinct(&entries, &rates);
        rates.into_iter().collect::<Option<Vec<OperationRate>>>()
    });
    let known = rates.as_deref().unwrap_or(&[]);
    let default_model = default(table, "default_model", known, |rate| &rate.model);
    let default_quality = default(table, "default_quality", known, |rate| &rate.quality);
    let (default_model, default_quality) = (default_model?, default_quality?);
    check_default_pair(table, known, &default_model, &default_quality);
    steps?;
    Some(RateCard {
        default_model,
        default_quality,
        rates: rates?,
    })
}

fn steps(table: &Table<'_>, default: Steps) -> Option<Steps> {
    let step = table.or("step", default.step, Value::some_credits);
    let rounding = table.or("rounding", default.rounding, |value| {
        value.choice(&ROUNDINGS)
    });
    let minimum = table.or("minimum", default.minimum, |value| {
        value.credits().map(Some)
    });
    let (step, minimum) = (step?, minimum?);
    let odd = |minimum: &Credits| minimum.micro().checked_rem(step.micro()) != Some(0);
    if let Some(minimum) = minimum.filter(odd) {
        let value = table.field("minimum").or_else(|| table.field("step"));
        if let Some(value) = value {
            let message = format!("the minimum {minimum} is not a multiple of the step {step}");
            value.wrong(message, "prices that are multiples of the step");
        }
        return None;
    }
    Some(Steps {
        step,
        rounding: rounding?,
        minimum,
    })
}

fn rate(entry: &Value<'_>, steps_of_operation: Steps, features: &Known) -> Option<OperationRate> {
    let table = entry.table()?;
    let model = table.required("model", "\"ochre-1\"", Value::key);
    let quality = table.required("quality", "\"standard\"", Value::key);
    let unit_price = table.required("unit_price", "\"0.3\"", Value::unit_price);
    let feature = table.optional("feature", |value| features.reference(value));
    let steps = steps(&table, steps_of_operation);
    table.close();
    let Steps {
        step,
        rounding,
        minimum,
    } = steps?;
    Some(OperationRate {
        model: model?,
        quality: quality?,
        rate: Rate {
            unit_price: unit_price?,
            step,
            rounding,
            minimum: minimum.unwrap_or(step),
        },
        feature: feature?,
    })
}

fn check_distinct(entries: &[Value<'_>], rates: &[Option<OperationRate>]) {
    let mut seen = BTreeMap::new();
    for (entry, rate) in entries.iter().zip(rates) {
        let Some(rate) = rate else { continue };
        let first = seen.entry((&rate.model, &rate.quality)).or_insert(entry);
        if first.place().path != entry.place().path {
            let (model, quality) = (&rate.model, &rate.quality);
            let first = &first.place().path;
            entry.wrong(
                format!("{model:?} at {quality:?} has its rate in {first}"),
                "one rate for each model and quality",
            );
        }
    }
}

/// The model or quality when a request names none: that of the first rate if the file doesn't say.
fn default(
    table: &Table<'_>,
    name: &'static str,
    rates: &[OperationRate],
    of: impl Fn(&OperationRate) -> &Key,
) -> Option<Key> {
    let Some(value) = table.field(name) else {
        return rates.first().map(|rate| of(rate).clone());
    };
    let key = value.key()?;
    if rates.is_empty() || rates.iter().any(|rate| *of(rate) == key) {
        return Some(key);
    }
    let mut known: Vec<String> = rates.iter().map(|rate| of(rate).to_string()).collect();
    known.dedup();
    value.dangling(
        format!("no rate has {}", value.quoted()),
        Some(one_of(&known)),
    );
    None
}

fn check_default_pair(table: &Table<'_>, rates: &[OperationRate], model: &Key, quality: &Key) {
    let has = |rate: &OperationRate| rate.model == *model && rate.quality == *quality;
    if rates.is_empty() || rates.iter().any(has) {
        return;
    }
    let qualities: Vec<String> = (rates.iter())
        .filter(|rate| rate.model == *model)
        .map(|rate| rate.quality.to_string())
        .collect();
    let value = table
        .field("default_quality")
        .or_else(|| table.field("default_model"));
    if let Some(value) = value {
        let message = format!("the default model {model:?} has no rate at {quality:?}");
        value.dangling(message, Some(one_of(&qualities)));
    }
}
