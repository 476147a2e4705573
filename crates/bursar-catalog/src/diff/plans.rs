//! Plans compared.

use bursar_core::catalog::{Catalog, Plan};
use bursar_core::id::Key;

use super::change::{Changes, Effect};
use super::keyed;
use crate::words::{quoted, size, yes_or_no};

pub(super) fn compare(
    changes: &mut Changes,
    (catalog, before): (&Catalog, &[Plan]),
    (new_catalog, after): (&Catalog, &[Plan]),
) {
    let pairs = keyed::pairs(before, after, |plan| &plan.key);
    changes.at("plans", "Plans").order(&pairs, Effect::Rank);
    for pair in pairs.list {
        let Plan { key, name, .. } = pair.either();
        match pair.both() {
            Ok((before, after)) => {
                terms(changes, before, after);
                let names = |key: &Key| feature_name(key, [catalog, new_catalog]);
                features(changes, before, after, names);
                display(changes, before, after);
            }
            Err(presence) => {
                let effect = presence.choose(Effect::ForSale, Effect::ClosedPlan);
                let mut at = changes.at(format!("plans.{key}"), format!("Plan {name}"));
                at.presence(presence, effect);
            }
        }
    }
}

/// What a subscription pins.
fn terms(changes: &mut Changes, before: &Plan, after: &Plan) {
    let mut at = changes.at(format!("plans.{}", before.key), before.name.as_str());
    let effect = Effect::NextRenewal;
    let months = (&before.price_month, &after.price_month);
    at.compare("price.month", "price per month", months, effect);
    at.compare("price.year", "price per year", (&before.price_year, &after.price_year), effect);
    let allowances = (&before.allowance, &after.allowance);
    at.compare("allowance", "credits per month", allowances, effect);
    let sizes = (&size(before.storage_bytes), &size(after.storage_bytes));
    at.compare("storage", "storage", sizes, effect);
}

fn features(changes: &mut Changes, before: &Plan, after: &Plan, name: impl Fn(&Key) -> String) {
    let pairs = keyed::pairs(&before.features, &after.features, |key| key);
    let path = format!("plans.{}.features", before.key);
    let mut at = changes.at(path, before.name.as_str());
    for pair in &pairs.list {
        if let Err(presence) = pair.both() {
            let key = pair.either();
            let feature = format!("feature {}", name(key));
            at.presence_of(key.as_str(), &feature, presence, Effect::Subscribers);
        }
    }
    let subject = format!("{}: features", before.name);
    changes.at(format!("plans.{}.features", before.key), subject).order(&pairs, Effect::Pages);
}

/// What only pages read.
fn display(changes: &mut Changes, before: &Plan, after: &Plan) {
    // Taken apart in full, so that a new field of a plan can't be forgotten here.
    let Plan {
        key,
        name,
        price_month: _,
        price_year: _,
        price_year_per_month,
        allowance: _,
        storage_bytes: _,
        features: _,
        highlights,
        popular,
        retired,
    } = before;
    let mut at = changes.at(format!("plans.{key}"), name.as_str());
    at.compare("name", "name", (name, &after.name), Effect::Pages);
    let shares = (price_year_per_month, &after.price_year_per_month);
    at.compare("price.year_per_month", "price per year, shown per month", shares, Effect::Pages);
    let lines = (&quoted(highlights), &quoted(&after.highlights));
    at.compare("highlights", "highlights", lines, Effect::Pages);
    let marks = (&yes_or_no(*popular), &yes_or_no(after.popular));
    at.compare("popular", "most popular", marks, Effect::Pages);
    let marks = (&yes_or_no(*retired), &yes_or_no(after.retired));
    let effect = if after.retired { Effect::RetiredPlan } else { Effect::ForSale };
    at.compare("retired", "retired", marks, effect);
}

fn feature_name(key: &Key, catalogs: [&Catalog; 2]) -> String {
    (catalogs.into_iter().flat_map(|catalog| &catalog.features))
        .find(|feature| feature.key == *key)
        .map_or_else(|| key.to_string(), |feature| feature.name.clone())
}
