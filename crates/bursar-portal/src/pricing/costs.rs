//! What operations cost in credits, and how much of each a month's credits are good for: computed from
//! the rate card by the function that prices them.

use bursar_catalog::{cost_table, quality_name};
use bursar_core::catalog::{Catalog, Operation, OperationRate, Plan};
use bursar_core::credits::Credits;
use bursar_core::id::Key;
use bursar_core::pricing::{Multiplier, range};

use crate::page::words::Locale;

/// A row of the table of costs.
pub(super) struct Cost {
    /// `Video Generation (5 sec)`
    pub(super) label: String,
    /// `50–80`
    pub(super) credits: String,
    /// How many of it each plan's monthly credits are good for: `5–8`; `None` if it doesn't have it.
    pub(super) months: Vec<Option<String>>,
}

/// What one model costs.
pub(super) struct ModelCost<'a> {
    pub(super) operation: &'a str,
    pub(super) model: &'a str,
    pub(super) quality: String,
    /// For typical usage.
    pub(super) credits: String,
    /// `10 per second`
    pub(super) rate: String,
    /// The plan from which on it can be used; `None` if none for sale has it.
    pub(super) from: Option<&'a str>,
}

/// The table, in the order of the catalog.
pub(super) fn table(catalog: &Catalog, locale: &Locale) -> Vec<Cost> {
    let rows = cost_table(catalog).into_iter().map(|row| {
        let operation = catalog.operation(&row.operation);
        let month = |plan: &Plan| good_for(operation?, row.quality.as_ref(), plan, locale);
        Cost {
            credits: between(locale, row.least, row.most),
            months: catalog.offered().map(month).collect(),
            label: row.label,
        }
    });
    rows.collect()
}

/// `50–80`, or `5`.
fn between(locale: &Locale, least: Credits, most: Credits) -> String {
    let least_text = locale.number(least);
    if least == most { least_text } else { format!("{least_text}\u{2013}{}", locale.number(most)) }
}

/// How many a month's credits of a plan are good for, by the dearest and the cheapest of what it has.
fn good_for(
    operation: &Operation,
    quality: Option<&Key>,
    plan: &Plan,
    locale: &Locale,
) -> Option<String> {
    let has = |feature: &Option<Key>| {
        feature.as_ref().is_none_or(|feature| plan.features.contains(feature))
    };
    if !has(&operation.feature) {
        return None;
    }
    let rates = operation.rates.iter().filter(|rate| has(&rate.feature)).cloned().collect();
    let (least, most) = range(&Operation { rates, ..operation.clone() }, quality)?;
    let times = |price: Credits| plan.allowance.micro().checked_div(price.micro());
    let (fewest, many) = (times(most)?.unsigned_abs(), times(least)?.unsigned_abs());
    let fewest_text = locale.count(fewest);
    Some(if fewest == many {
        fewest_text
    } else {
        format!("{fewest_text}\u{2013}{}", locale.count(many))
    })
}

/// What each model costs, in the order of the catalog.
pub(super) fn models<'a>(catalog: &'a Catalog, locale: &Locale) -> Vec<ModelCost<'a>> {
    let of = |operation: &'a Operation| {
        operation.rates.iter().filter_map(move |rate| model(catalog, operation, rate, locale))
    };
    catalog.operations.iter().flat_map(of).collect()
}

fn model<'a>(
    catalog: &'a Catalog,
    operation: &'a Operation,
    rate: &'a OperationRate,
    locale: &Locale,
) -> Option<ModelCost<'a>> {
    let alone = Operation { rates: vec![rate.clone()], ..operation.clone() };
    let (least, most) = range(&alone, None)?;
    let price = Credits::parse(&rate.rate.unit_price.to_string()).ok()?;
    let needs = [&operation.feature, &rate.feature].into_iter().flatten();
    Some(ModelCost {
        operation: &operation.name,
        model: rate.model.as_str(),
        quality: quality_name(&rate.quality),
        credits: between(locale, least, most),
        rate: format!("{} per {}", locale.number(price), operation.unit),
        from: catalog.unlocking_plan(needs).map(|plan| plan.name.as_str()),
    })
}

/// What else changes a price: `Video Generation, audio on: × 1.1`.
pub(super) fn factors(catalog: &Catalog, locale: &Locale) -> Vec<String> {
    let of = |operation: &Operation| -> Vec<String> {
        let attributes = operation.attributes.iter();
        let values = attributes.flat_map(|it| it.values.iter().map(move |value| (&it.key, value)));
        let changing = values.filter(|(_, value)| value.multiplier != Multiplier::ONE);
        let text = changing.map(|(attribute, value)| {
            let factor = value.multiplier.to_string();
            let factor = Credits::parse(&factor).map_or(factor, |it| locale.number(it));
            let words = |key: &Key| key.as_str().replace(['_', '-'], " ");
            let (attribute, value) = (words(attribute), words(&value.key));
            format!("{}, {attribute} {value}: \u{d7}\u{a0}{factor}", operation.name)
        });
        text.collect()
    };
    catalog.operations.iter().flat_map(of).collect()
}
