//! Numbers, exactly: no amount passes through a float, whatever the reader makes of it.

use bursar_core::credits::Credits;
use bursar_core::pricing::{Multiplier, Quantity, UnitPrice};
use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema, openapi::RefOr};

/// Credits as a plain JSON number with at most six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount(pub(crate) Credits);

/// A number of units, with at most six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Units(pub(crate) Quantity);

/// Credits per unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PerUnit(pub(crate) UnitPrice);

/// A factor on a unit price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Factor(pub(crate) Multiplier);

/// A rate in parts per million, written in percent with at most four decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Percent(pub(crate) u32);

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (whole, rest) = (self.0 / 10_000, self.0 % 10_000);
        if rest == 0 {
            return serializer.serialize_u32(whole);
        }
        plain(&format!("{whole}.{rest:04}").trim_end_matches('0'), serializer)
    }
}

/// Writes what a fixed-point number displays, digit by digit.
fn plain<S: Serializer>(number: &impl ToString, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(number.to_string()).map_err(S::Error::custom)?.serialize(serializer)
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let micro = self.0.micro();
        let one = Credits::ONE.micro();
        if micro % one == 0 {
            serializer.serialize_i64(micro / one)
        } else {
            plain(&self.0, serializer)
        }
    }
}

/// A type that is written as it is displayed, and its schema.
macro_rules! number {
    ($name:ident, $title:literal, $description:literal, $example:literal) => {
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let object = ObjectBuilder::new()
                    .schema_type(Type::Number)
                    .description(Some($description))
                    .examples([serde_json::json!($example)]);
                RefOr::T(Schema::Object(object.build()))
            }
        }

        impl ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                $title.into()
            }
        }
    };
}

macro_rules! displayed {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                plain(&self.0, serializer)
            }
        }
    };
}

number!(Amount, "Credits", "Credits: a plain number with at most 6 decimals.", 80);
number!(Units, "Units", "Units: a number above 0 with at most 6 decimals.", 5);
number!(PerUnit, "UnitPrice", "Credits per unit, with at most 6 decimals.", 0.5);
number!(Percent, "Percent", "A rate in percent, with at most 4 decimals.", 19);
number!(Factor, "Multiplier", "A factor on a unit price, with at most 6 decimals.", 1.1);
displayed!(Units);
displayed!(PerUnit);
displayed!(Factor);

#[cfg(test)]
mod tests {
    use super::*;

    fn check(micro: i64, expected: &str) {
        let amount = Amount(Credits::from_micro(micro));
        assert_eq!(serde_json::to_string(&amount).unwrap(), expected);
    }

    #[test]
    fn rates_are_written_in_percent() {
        let check = |ppm, expected: &str| {
            assert_eq!(serde_json::to_string(&Percent(ppm)).unwrap(), expected);
        };
        check(0, "0");
        check(190_000, "19");
        check(77_000, "7.7");
        check(1, "0.0001");
    }

    #[test]
    fn amounts_are_written_exactly() {
        check(0, "0");
        check(80_000_000, "80");
        check(250_000, "0.25");
        check(-3_000_001, "-3.000001");
        check(i64::MAX, "9223372036854.775807");
        check(i64::MIN, "-9223372036854.775808");
    }
}
