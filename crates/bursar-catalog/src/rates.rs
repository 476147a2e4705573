//! An operation's `rates`: what each model and quality costs.

use std::collections::BTreeMap;

use bursar_core::catalog::OperationRate;
use bursar_core::credits::Credits;
use bursar_core::id::Key;
use bursar_core::pricing::{Rate, Rounding};

use crate::reader::{Table, Value};
use crate::references::{Known, one_of};

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

const DEFAULT_STEPS: Steps = Steps { step: Credits::ONE, rounding: Rounding::Up, minimum: None };

const ROUNDINGS: [(&str, Rounding); 3] =
    [("up", Rounding::Up), ("half_up", Rounding::HalfUp), ("down", Rounding::Down)];

/// The rates of the operation in `table`.
pub(crate) fn read(table: &Table<'_>, features: &Known) -> Option<RateCard> {
    let steps = steps(table, DEFAULT_STEPS);
    let mut names = Names { rows: Vec::new(), complete: true };
    let example = "[{ model = \"ochre-1\", quality = \"standard\", unit_price = \"0.3\" }]";
    let rates = table.required("rates", example, |value| {
        let entries = value.list()?;
        if entries.is_empty() {
            value.wrong("there are no rates", format!("rates = {example}"));
        }
        // A mistake in the operation's steps is reported once, not again for each rate.
        let steps = steps.unwrap_or(DEFAULT_STEPS);
        let rates: Vec<Option<OperationRate>> =
            entries.iter().map(|entry| rate(entry, steps, features, &mut names)).collect();
        rates.into_iter().collect::<Option<Vec<OperationRate>>>()
    });
    names.check_distinct();
    let default_model = names.default(table, "default_model", |row| &row.model);
    let default_quality = names.default(table, "default_quality", |row| &row.quality);
    let (default_model, default_quality) = (default_model?, default_quality?);
    names.check_default(table, &default_model, &default_quality);
    steps?;
    Some(RateCard { default_model, default_quality, rates: rates? })
}

fn steps(table: &Table<'_>, default: Steps) -> Option<Steps> {
    let step = table.or("step", default.step, Value::some_credits);
    let rounding = table.or("rounding", default.rounding, |value| value.choice(&ROUNDINGS));
    let minimum = table.or("minimum", default.minimum, |value| value.credits().map(Some));
    let (step, minimum) = (step?, minimum?);
    let odd = |minimum: &Credits| minimum.micro().checked_rem(step.micro()) != Some(0);
    if let Some(minimum) = minimum.filter(odd) {
        let value = table.field("minimum").or_else(|| table.field("step"));
        if let Some(value) = value {
            let message = format!("the minimum {minimum} is not a multiple of the step {step}");
            value.wrong(message, "a minimum of whole steps");
        }
        return None;
    }
    Some(Steps { step, rounding: rounding?, minimum })
}

fn rate<'a>(
    entry: &Value<'a>,
    steps_of_operation: Steps,
    features: &Known,
    names: &mut Names<'a>,
) -> Option<OperationRate> {
    let Some(table) = entry.table() else {
        names.complete = false;
        return None;
    };
    let model = table.required("model", "\"ochre-1\"", Value::key);
    let quality = table.required("quality", "\"standard\"", Value::key);
    names.push(entry, model.as_ref(), quality.as_ref());
    let unit_price = table.required("unit_price", "\"0.3\"", Value::unit_price);
    let feature = table.optional("feature", |value| features.reference(value));
    let steps = steps(&table, steps_of_operation);
    table.close();
    let Steps { step, rounding, minimum } = steps?;
    Some(OperationRate {
        model: model?,
        quality: quality?,
        rate: Rate { unit_price: unit_price?, step, rounding, minimum: minimum.unwrap_or(step) },
        feature: feature?,
    })
}

/// The model and quality of each rate, also of those that have mistakes elsewhere.
struct Names<'a> {
    rows: Vec<Row<'a>>,
    /// Could all be read? If not, nothing can be said to be missing.
    complete: bool,
}

struct Row<'a> {
    model: Key,
    quality: Key,
    entry: Value<'a>,
}

impl<'a> Names<'a> {
    fn push(&mut self, entry: &Value<'a>, model: Option<&Key>, quality: Option<&Key>) {
        match (model.cloned(), quality.cloned()) {
            (Some(model), Some(quality)) => {
                self.rows.push(Row { model, quality, entry: entry.clone() });
            }
            _ => self.complete = false,
        }
    }

    fn check_distinct(&self) {
        let mut seen = BTreeMap::new();
        for Row { model, quality, entry } in &self.rows {
            let first = seen.entry((model, quality)).or_insert(entry);
            if first.place().path != entry.place().path {
                let first = &first.place().path;
                let message = format!("{model:?} at {quality:?} has its rate in {first}");
                entry.wrong(message, "one rate for each model and quality");
            }
        }
    }

    /// The model or quality when a request names none: that of the first rate if the file doesn't
    /// say.
    fn default(
        &self,
        table: &Table<'_>,
        name: &'static str,
        of: impl for<'r> Fn(&'r Row<'a>) -> &'r Key,
    ) -> Option<Key> {
        let Some(value) = table.field(name) else {
            return self.rows.first().map(|row| of(row).clone());
        };
        let key = value.key()?;
        let unknown = self.complete && !self.rows.is_empty();
        if unknown && self.rows.iter().all(|row| *of(row) != key) {
            let message = format!("no rate has {}", value.quoted());
            value.dangling(message, Some(one_of(self.rows.iter().map(of))));
            return None;
        }
        Some(key)
    }

    /// Both defaults exist; a rate must have them together.
    fn check_default(&self, table: &Table<'_>, model: &Key, quality: &Key) {
        let has = |row: &Row<'_>| row.model == *model && row.quality == *quality;
        if !self.complete || self.rows.is_empty() || self.rows.iter().any(has) {
            return;
        }
        let of_model = self.rows.iter().filter(|row| row.model == *model);
        let qualities = one_of(of_model.map(|row| &row.quality));
        let field = |name| table.field(name);
        if let Some(value) = field("default_quality").or_else(|| field("default_model")) {
            let message = format!("the default model {model:?} has no rate at {quality:?}");
            value.dangling(message, Some(qualities));
        }
    }
}
