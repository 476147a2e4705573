//! `[[operations]]`: the rate card.

use bursar_core::catalog::{AssetKind, Attribute, Operation};
use bursar_core::credits::Credits;
use bursar_core::id::Key;
use bursar_core::pricing::{self, Quantity};

use crate::attributes;
use crate::rates::{self, RateCard};
use crate::reader::{Table, Value};
use crate::references::{Known, distinct};

/// What operations refer to.
pub(crate) struct Context<'c> {
    pub(crate) features: &'c Known,
    /// The most credits of one hold.
    pub(crate) max_credits: Option<Credits>,
}

/// What operations make; nobody generates a file of the asset vault.
const ASSETS: [(&str, AssetKind); 3] =
    [("image", AssetKind::Image), ("video", AssetKind::Video), ("export", AssetKind::Export)];

/// The operations; none is fine for a product that holds plain amounts of credits.
pub(crate) fn read(root: &Table<'_>, context: &Context<'_>) -> Option<Vec<Operation>> {
    let mut keys = Vec::new();
    let operations: Vec<Option<Operation>> = (root.tables("operations").iter())
        .map(|entry| operation(entry, context, &mut keys))
        .collect();
    distinct(keys, "key");
    operations.into_iter().collect()
}

fn operation<'a>(
    entry: &Value<'a>,
    context: &Context<'_>,
    keys: &mut Vec<(Key, Value<'a>)>,
) -> Option<Operation> {
    let table = entry.table()?;
    let key = table.required("key", "\"image\"", Value::key);
    keys.extend(key.clone().zip(table.field("key")));
    let name = table.required("name", "\"Image\"", Value::text);
    let feature = table.optional("feature", |value| context.features.reference(value));
    let asset = table.optional("asset", |value| value.choice(&ASSETS));
    let unit = table.required("unit", "\"second\"", Value::text);
    let default_units = table.or("default_units", Quantity::ONE, Value::quantity);
    let max_units = table.required("max_units", "60", Value::quantity);
    check_units(&table, default_units, max_units);
    let attributes = attributes::read(&table);
    let card = rates::read(&table, context.features);
    table.close();
    let RateCard { default_model, default_quality, rates } = card?;
    let operation = Operation {
        key: key?,
        name: name?,
        feature: feature?,
        asset: asset?,
        unit: unit?,
        default_units: default_units?,
        max_units: max_units?,
        default_model,
        default_quality,
        rates,
        attributes: attributes?,
    };
    check_price(entry, &operation, context);
    Some(operation)
}

fn check_units(table: &Table<'_>, default: Option<Quantity>, most: Option<Quantity>) {
    let (Some(default), Some(most)) = (default, most) else {
        return;
    };
    if default > most {
        let place = table.field("default_units").or_else(|| table.field("max_units"));
        if let Some(value) = place {
            value.wrong(
                format!("{default} units are more than max_units"),
                format!("at most {most}"),
            );
        }
    }
}

/// Typical usage must be affordable by one hold at every rate.
fn check_price(entry: &Value<'_>, operation: &Operation, context: &Context<'_>) {
    let dearest = pricing::range(operation, None).map(|(_, most)| most);
    let most = context.max_credits.unwrap_or(Credits::MAX_AMOUNT);
    let unpriced = |attribute: &Attribute| attribute.values.is_empty();
    if operation.attributes.iter().any(unpriced) {
        return;
    }
    match dearest {
        Some(dearest) if dearest > most => {
            let message = format!("typical usage costs up to {dearest} credits");
            entry.wrong(message, format!("at most {most}, the policies' holds.max_credits"));
        }
        Some(_) => {}
        None => entry.wrong("no price fits into one hold", format!("at most {most} credits")),
    }
}
