//! `[operations.attributes.<key>]`: what else changes a price.

use bursar_core::catalog::{Attribute, AttributeValue};
use bursar_core::id::Key;

use crate::reader::{Table, Value};
use crate::references::one_of;

/// Every combination of values is priced for the ranges on the pricing page.
const MOST_COMBINATIONS: usize = 1_000;

/// An operation's attributes, in the order of the file; none is fine.
pub(crate) fn read(operation: &Table<'_>) -> Option<Vec<Attribute>> {
    operation.or("attributes", Vec::new(), |value| {
        let table = value.table()?;
        let attributes: Vec<Option<Attribute>> = (table.entries().iter())
            .map(|(entry, text)| {
                let key = table.own_key(entry, text);
                attribute(entry)
                    .and_then(|(default, values)| Some(Attribute { key: key?, default, values }))
            })
            .collect();
        let attributes: Vec<Attribute> = attributes.into_iter().collect::<Option<_>>()?;
        let combinations = (attributes.iter())
            .fold(1_usize, |product, attribute| product.saturating_mul(attribute.values.len()));
        if combinations > MOST_COMBINATIONS {
            value.wrong(
                format!("the values combine in {combinations} ways"),
                format!("at most {MOST_COMBINATIONS}"),
            );
            return None;
        }
        Some(attributes)
    })
}

fn attribute(entry: &Value<'_>) -> Option<(Key, Vec<AttributeValue>)> {
    let table = entry.table()?;
    let values = table.required("values", "{ off = 1, on = \"1.1\" }", values);
    let default = table.required("default", "\"off\"", |value| {
        let key = value.key()?;
        let keys: Vec<&Key> = values.iter().flatten().map(|value| &value.key).collect();
        if keys.is_empty() || keys.contains(&&key) {
            return Some(key);
        }
        let message = format!("{} is not one of the values", value.quoted());
        value.dangling(message, Some(one_of(keys)));
        None
    });
    table.close();
    Some((default?, values?))
}

fn values(value: &Value<'_>) -> Option<Vec<AttributeValue>> {
    let table = value.table()?;
    let entries = table.entries();
    if entries.is_empty() {
        value.wrong("there are no values", "each value with its multiplier: { off = 1 }");
        return None;
    }
    let values: Vec<Option<AttributeValue>> = (entries.iter())
        .map(|(entry, text)| {
            let (key, multiplier) = (table.own_key(entry, text), entry.multiplier());
            Some(AttributeValue { key: key?, multiplier: multiplier? })
        })
        .collect();
    values.into_iter().collect()
}
