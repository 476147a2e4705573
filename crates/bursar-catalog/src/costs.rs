//! What each operation costs, as the pricing page lists it: computed from the rate card.

use std::fmt::Write;

use bursar_core::catalog::{Catalog, Operation};
use bursar_core::credits::Credits;
use bursar_core::id::Key;
use bursar_core::pricing::{self, Quantity};
use serde::Serialize;

use crate::words::{capitalized, grouped, plural};

/// One row of the table of credit costs: an operation, or one quality of it where it has several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostRow {
    /// The operation.
    pub operation: Key,
    /// The quality, for an operation that has several.
    pub quality: Option<Key>,
    /// Its name for people, with the usage it is the price of: `Standard Image (3 variations)`.
    pub label: String,
    /// The least that typical usage costs, over every model and attribute.
    pub least: Credits,
    /// The most that typical usage costs.
    pub most: Credits,
}

impl CostRow {
    /// The range as the pricing page reads: `1-2`, or `5` where every model costs the same.
    pub fn credits(&self) -> String {
        let least = grouped(self.least);
        if self.least == self.most { least } else { format!("{least}-{}", grouped(self.most)) }
    }
}

/// The table of credit costs, in the order of the file.
pub fn cost_table(catalog: &Catalog) -> Vec<CostRow> {
    catalog.operations.iter().flat_map(rows).collect()
}

fn rows(operation: &Operation) -> Vec<CostRow> {
    let qualities = qualities(operation);
    let several = qualities.len() > 1;
    (qualities.into_iter())
        .filter_map(|quality| {
            let (least, most) = pricing::range(operation, Some(quality))?;
            let named = several.then_some(quality);
            Some(CostRow {
                operation: operation.key.clone(),
                quality: named.cloned(),
                label: label(operation, named),
                least,
                most,
            })
        })
        .collect()
}

/// An operation's qualities in the order of its rates.
fn qualities(operation: &Operation) -> Vec<&Key> {
    operation.rates.iter().fold(Vec::new(), |mut seen, rate| {
        if !seen.contains(&&rate.quality) {
            seen.push(&rate.quality);
        }
        seen
    })
}

/// `Standard Image (3 variations)`, `Video Generation (5 sec)`, `Video Export (4K)`.
///
/// A quality that is a word goes in front of the name, one that starts with a digit behind it; a
/// single unit goes without saying.
fn label(operation: &Operation, quality: Option<&Key>) -> String {
    let mut label = String::new();
    let mut behind = Vec::new();
    match quality.map(quality_name) {
        Some(name) if name.starts_with(|first: char| first.is_ascii_digit()) => behind.push(name),
        Some(name) => label = format!("{name} "),
        None => {}
    }
    label.push_str(&operation.name);
    if operation.default_units != Quantity::ONE {
        behind.push(usage(operation.default_units, &operation.unit));
    }
    if !behind.is_empty() {
        // Writing to a string can't fail.
        let _ = write!(label, " ({})", behind.join(", "));
    }
    label
}

/// A quality for people, from its key: `standard` is Standard, `hd` is HD, `4k` is 4K.
pub fn quality_name(quality: &Key) -> String {
    let key = quality.as_str();
    let resolution = key.strip_suffix('k').is_some_and(|digits| digits.parse::<u32>().is_ok());
    let abbreviation = key.len() <= 3 && key.bytes().all(|b| b.is_ascii_alphabetic());
    if resolution || abbreviation {
        return key.to_ascii_uppercase();
    }
    capitalized(&key.replace(['_', '-'], " "))
}

/// `3 variations`, `5 sec`: seconds and minutes are abbreviated, as usage is read at a glance.
fn usage(units: Quantity, unit: &str) -> String {
    match unit {
        "second" => format!("{units} sec"),
        "minute" => format!("{units} min"),
        _ => format!("{units} {}", plural(unit, units == Quantity::ONE)),
    }
}

impl Serialize for CostRow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;

        use crate::view::Decimal;

        let mut row = serializer.serialize_struct("CostRow", 5)?;
        row.serialize_field("operation", &self.operation)?;
        row.serialize_field("quality", &self.quality)?;
        row.serialize_field("label", &self.label)?;
        row.serialize_field("least", &Decimal::of(self.least))?;
        row.serialize_field("most", &Decimal::of(self.most))?;
        row.end()
    }
}
