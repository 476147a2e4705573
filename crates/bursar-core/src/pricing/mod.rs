//! What an operation costs. One function prices quotes and captures alike.

mod rate;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::catalog::{AssetKind, Attribute, Catalog, Operation, OperationRate};
use crate::credits::Credits;
use crate::id::Key;
pub use rate::{
    Multiplier, MultiplierError, Quantity, QuantityError, Rate, Rounding, UnitPrice, UnitPriceError,
};

/// What a caller asks the price of. Absent fields take the operation's defaults.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRequest {
    /// The operation, by key.
    pub operation: String,
    /// The model, by key.
    pub model: Option<String>,
    /// The quality, by key.
    pub quality: Option<String>,
    /// How much of it.
    pub units: Option<Quantity>,
    /// Attribute and value, by key, in any order.
    pub attributes: Vec<(String, String)>,
}

/// A use of an operation with nothing left open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// The operation.
    pub operation: Key,
    /// The model.
    pub model: Key,
    /// The quality.
    pub quality: Key,
    /// How much of it.
    pub units: Quantity,
    /// Every attribute of the operation with its value.
    pub attributes: Vec<(Key, Key)>,
}

/// The price of a use, with what it was computed from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// What is used.
    pub usage: Usage,
    /// The rate, attributes included.
    pub rate: Rate,
    /// What it costs.
    pub credits: Credits,
    /// The features a plan must have for it.
    pub features: Vec<Key>,
    /// The asset it makes, if any: refused when storage is full.
    pub asset: Option<AssetKind>,
}

/// Why a use has no price. Never a zero price for something unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PricingRejection {
    /// The rate card has no such operation.
    #[error("unknown operation {given:?}; the rate card has {}", list(.known))]
    UnknownOperation {
        /// What was asked for.
        given: String,
        /// What there is.
        known: Vec<Key>,
    },
    /// The operation has no such model.
    #[error("unknown model {given:?} for {operation}; it runs on {}", list(.known))]
    UnknownModel {
        /// The operation.
        operation: Key,
        /// What was asked for.
        given: String,
        /// What there is.
        known: Vec<Key>,
    },
    /// The operation's model has no such quality.
    #[error("unknown quality {given:?} for {operation} on {model}; it has {}", list(.known))]
    UnknownQuality {
        /// The operation.
        operation: Key,
        /// The model.
        model: Key,
        /// What was asked for.
        given: String,
        /// What there is.
        known: Vec<Key>,
    },
    /// The operation has no such attribute.
    #[error("unknown attribute {given:?} for {operation}; it takes {}", list(.known))]
    UnknownAttribute {
        /// The operation.
        operation: Key,
        /// What was asked for.
        given: String,
        /// What there is.
        known: Vec<Key>,
    },
    /// The attribute has no such value.
    #[error("unknown value {given:?} for {attribute} of {operation}; it takes {}", list(.known))]
    UnknownValue {
        /// The operation.
        operation: Key,
        /// The attribute.
        attribute: Key,
        /// What was asked for.
        given: String,
        /// What there is.
        known: Vec<Key>,
    },
    /// More units than one request may have.
    #[error("{given} units of {operation} are too many; at most {most}")]
    TooManyUnits {
        /// The operation.
        operation: Key,
        /// What was asked for.
        given: Quantity,
        /// The most.
        most: Quantity,
    },
}

fn list(keys: &[Key]) -> String {
    match keys {
        [] => "none".to_string(),
        keys => keys.iter().map(Key::as_str).collect::<Vec<_>>().join(", "),
    }
}

impl PricingRejection {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownOperation { .. } => "unknown_operation",
            Self::UnknownModel { .. } => "unknown_model",
            Self::UnknownQuality { .. } => "unknown_quality",
            Self::UnknownAttribute { .. } => "unknown_attribute",
            Self::UnknownValue { .. } => "unknown_attribute_value",
            Self::TooManyUnits { .. } => "too_many_units",
        }
    }
}

/// The price of `request` by the catalog's rate card.
///
/// # Errors
/// [`PricingRejection`], which lists what the rate card does know.
pub fn price(catalog: &Catalog, request: &UsageRequest) -> Result<Price, PricingRejection> {
    let operation = find_operation(catalog, request)?;
    let entry = find_rate(operation, request)?;
    let attributes = resolve_attributes(operation, request)?;
    let units = request.units.unwrap_or(operation.default_units);
    let too_many = || PricingRejection::TooManyUnits {
        operation: operation.key.clone(),
        given: units,
        most: operation.max_units,
    };
    if units > operation.max_units {
        return Err(too_many());
    }
    let rate = attributes.iter().fold(entry.rate, |rate, (_, _, factor)| rate.times(*factor));
    let usage = Usage {
        operation: operation.key.clone(),
        model: entry.model.clone(),
        quality: entry.quality.clone(),
        units,
        attributes: attributes.into_iter().map(|(key, value, _)| (key, value)).collect(),
    };
    Ok(Price {
        usage,
        rate,
        credits: rate.price(units).ok_or_else(too_many)?,
        features: [&operation.feature, &entry.feature].into_iter().flatten().cloned().collect(),
        asset: operation.asset,
    })
}

fn find_operation<'a>(
    catalog: &'a Catalog,
    request: &UsageRequest,
) -> Result<&'a Operation, PricingRejection> {
    catalog
        .operations
        .iter()
        .find(|operation| operation.key.as_str() == request.operation)
        .ok_or_else(|| PricingRejection::UnknownOperation {
            given: request.operation.clone(),
            known: catalog.operations.iter().map(|operation| operation.key.clone()).collect(),
        })
}

/// The rate of the request's model and quality. A quality that names no model takes the default
/// model if that has it, or else the first model that does, so that `{"quality": "4k"}` is enough.
fn find_rate<'a>(
    operation: &'a Operation,
    request: &UsageRequest,
) -> Result<&'a OperationRate, PricingRejection> {
    let quality = request.quality.as_deref().unwrap_or(operation.default_quality.as_str());
    let with_quality = || operation.rates.iter().filter(|rate| rate.quality.as_str() == quality);
    if request.model.is_none() {
        let default = with_quality().find(|rate| rate.model == operation.default_model);
        if let Some(rate) = default.or_else(|| with_quality().next()) {
            return Ok(rate);
        }
    }
    let model = request.model.as_deref().unwrap_or(operation.default_model.as_str());
    let of_model: Vec<&OperationRate> =
        operation.rates.iter().filter(|rate| rate.model.as_str() == model).collect();
    let Some(first) = of_model.first() else {
        return Err(PricingRejection::UnknownModel {
            operation: operation.key.clone(),
            given: model.to_string(),
            known: distinct(operation.rates.iter().map(|rate| &rate.model)),
        });
    };
    let exact = of_model.iter().find(|rate| rate.quality.as_str() == quality).copied();
    match (exact, &request.quality) {
        (Some(rate), _) => Ok(rate),
        // A model without the default quality has one of its own.
        (None, None) => Ok(first),
        (None, Some(given)) => Err(PricingRejection::UnknownQuality {
            operation: operation.key.clone(),
            model: first.model.clone(),
            given: given.clone(),
            known: distinct(of_model.iter().map(|rate| &rate.quality)),
        }),
    }
}

fn distinct<'a>(keys: impl Iterator<Item = &'a Key>) -> Vec<Key> {
    keys.fold(Vec::new(), |mut seen, key| {
        if !seen.contains(key) {
            seen.push(key.clone());
        }
        seen
    })
}

fn resolve_attributes(
    operation: &Operation,
    request: &UsageRequest,
) -> Result<Vec<(Key, Key, Multiplier)>, PricingRejection> {
    let known = |key: &str| operation.attributes.iter().any(|a| a.key.as_str() == key);
    if let Some((given, _)) = request.attributes.iter().find(|(key, _)| !known(key)) {
        return Err(PricingRejection::UnknownAttribute {
            operation: operation.key.clone(),
            given: given.clone(),
            known: operation.attributes.iter().map(|a| a.key.clone()).collect(),
        });
    }
    operation.attributes.iter().map(|attribute| resolve(operation, attribute, request)).collect()
}

fn resolve(
    operation: &Operation,
    attribute: &Attribute,
    request: &UsageRequest,
) -> Result<(Key, Key, Multiplier), PricingRejection> {
    let given = request.attributes.iter().find(|(key, _)| key == attribute.key.as_str());
    let wanted = given.map_or(attribute.default.as_str(), |(_, value)| value);
    attribute
        .values
        .iter()
        .find(|value| value.key.as_str() == wanted)
        .map(|value| (attribute.key.clone(), value.key.clone(), value.multiplier))
        .ok_or_else(|| PricingRejection::UnknownValue {
            operation: operation.key.clone(),
            attribute: attribute.key.clone(),
            given: wanted.to_string(),
            known: attribute.values.iter().map(|value| value.key.clone()).collect(),
        })
}

/// The least and the most that an operation costs at its default units, over every model and
/// attribute, of one quality or of all: what the pricing page shows.
pub fn range(operation: &Operation, quality: Option<&Key>) -> Option<(Credits, Credits)> {
    let factors = operation.attributes.iter().fold(alloc::vec![Vec::new()], |combinations, a| {
        combinations
            .iter()
            .flat_map(|chosen: &Vec<Multiplier>| {
                a.values.iter().map(|value| {
                    let mut chosen = chosen.clone();
                    chosen.push(value.multiplier);
                    chosen
                })
            })
            .collect()
    });
    operation
        .rates
        .iter()
        .filter(|entry| quality.is_none_or(|quality| entry.quality == *quality))
        .flat_map(|entry| {
            factors.iter().map(|factors| factors.iter().fold(entry.rate, |r, f| r.times(*f)))
        })
        .filter_map(|rate| rate.price(operation.default_units))
        .fold(None, |range, credits| match range {
            None => Some((credits, credits)),
            Some((least, most)) => Some((credits.min(least), credits.max(most))),
        })
}
