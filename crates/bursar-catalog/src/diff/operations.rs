//! Rate cards compared.

use bursar_core::catalog::{Attribute, Operation, OperationRate};
use bursar_core::pricing::Rate;

use super::change::{At, Changes, Effect};
use super::keyed;
use crate::costs::quality_name;

pub(super) fn compare(changes: &mut Changes, before: &[Operation], after: &[Operation]) {
    let pairs = keyed::pairs(before, after, |operation| &operation.key);
    changes.at("operations", "Operations").order(&pairs, Effect::Pages);
    for pair in pairs.list {
        match pair.both() {
            Ok((before, after)) => operation(changes, before, after),
            Err(presence) => {
                let Operation { key, name, .. } = pair.either();
                let mut at = changes.at(format!("operations.{key}"), format!("Operation {name}"));
                at.presence(presence, presence.of_price());
            }
        }
    }
}

fn operation(changes: &mut Changes, before: &Operation, after: &Operation) {
    // Taken apart in full, so that a new field of an operation can't be forgotten here.
    let Operation {
        key,
        name,
        feature,
        asset,
        unit,
        default_units,
        max_units,
        default_model,
        default_quality,
        rates,
        attributes,
    } = before;
    let requests = Effect::NewRequests;
    let mut at = changes.at(format!("operations.{key}"), name.as_str());
    at.compare("name", "name", (name, &after.name), Effect::Pages);
    at.compare_option("feature", "feature it needs", (feature, &after.feature), requests);
    let assets = (&asset.map(|kind| kind.as_str()), &after.asset.map(|kind| kind.as_str()));
    at.compare_option("asset", "asset it makes", assets, requests);
    at.compare("unit", "unit", (unit, &after.unit), Effect::Pages);
    let units = (default_units, &after.default_units);
    at.compare("default_units", "units when none are named", units, requests);
    at.compare("max_units", "most units", (max_units, &after.max_units), requests);
    let models = (default_model, &after.default_model);
    at.compare("default_model", "model when none is named", models, requests);
    let qualities = (default_quality, &after.default_quality);
    at.compare("default_quality", "quality when none is named", qualities, requests);
    self::rates(changes, before, rates, &after.rates);
    self::attributes(changes, before, attributes, &after.attributes);
}

fn rates(
    changes: &mut Changes,
    operation: &Operation,
    before: &[OperationRate],
    after: &[OperationRate],
) {
    let pairs = keyed::pairs_by(
        before,
        after,
        |rate| (rate.model.clone(), rate.quality.clone()),
        |(model, quality)| format!("{model} {quality}"),
    );
    let path = format!("operations.{}.rates", operation.key);
    changes.at(path, format!("{}: rates", operation.name)).order(&pairs, Effect::NewRequests);
    for pair in pairs.list {
        let OperationRate { model, quality, .. } = pair.either();
        let path = format!("operations.{}.rates.{model}.{quality}", operation.key);
        let subject = format!("{}: {model}, {}", operation.name, quality_name(quality));
        let mut at = changes.at(path, subject);
        match pair.both() {
            Ok((before, after)) => rate(&mut at, before, after),
            Err(presence) => at.presence(presence, presence.of_price()),
        }
    }
}

fn rate(at: &mut At<'_>, before: &OperationRate, after: &OperationRate) {
    let OperationRate { model: _, quality: _, rate, feature } = before;
    let Rate { unit_price, step, rounding, minimum } = rate;
    let effect = Effect::NewQuotes;
    let prices = (unit_price, &after.rate.unit_price);
    at.compare("unit_price", "credits per unit", prices, effect);
    at.compare("step", "step", (step, &after.rate.step), effect);
    let roundings = (&rounding.as_str(), &after.rate.rounding.as_str());
    at.compare("rounding", "rounding", roundings, effect);
    at.compare("minimum", "least price", (minimum, &after.rate.minimum), effect);
    let features = (feature, &after.feature);
    at.compare_option("feature", "feature it needs besides", features, Effect::NewRequests);
}

fn attributes(
    changes: &mut Changes,
    operation: &Operation,
    before: &[Attribute],
    after: &[Attribute],
) {
    let pairs = keyed::pairs(before, after, |attribute| &attribute.key);
    let root = format!("operations.{}.attributes", operation.key);
    let name = &operation.name;
    changes.at(root.as_str(), format!("{name}: attributes")).order(&pairs, Effect::Pages);
    for pair in pairs.list {
        let key = &pair.either().key;
        let (path, subject) = (format!("{root}.{key}"), format!("{name}: attribute {key}"));
        match pair.both() {
            Ok((before, after)) => attribute(changes, (&path, &subject), before, after),
            Err(presence) => changes.at(path, subject).presence(presence, presence.of_price()),
        }
    }
}

fn attribute(
    changes: &mut Changes,
    (path, subject): (&str, &str),
    before: &Attribute,
    after: &Attribute,
) {
    let Attribute { key: _, default, values } = before;
    let mut at = changes.at(path, subject);
    let defaults = (default, &after.default);
    at.compare("default", "value when none is named", defaults, Effect::NewRequests);
    let pairs = keyed::pairs(values, &after.values, |value| &value.key);
    at.order(&pairs, Effect::Pages);
    for pair in pairs.list {
        let key = &pair.either().key;
        let mut at = changes.at(format!("{path}.values.{key}"), format!("{subject} = {key}"));
        match pair.both() {
            Ok((before, after)) => {
                let multipliers = (&before.multiplier, &after.multiplier);
                at.compare("", "multiplier", multipliers, Effect::NewQuotes);
            }
            Err(presence) => at.presence(presence, presence.of_price()),
        }
    }
}
