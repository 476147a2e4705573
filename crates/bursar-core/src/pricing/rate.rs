//! Unit prices and quantities, in fixed point, and how their product is rounded.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::credits::{Credits, parse_fixed, write_fixed};

/// A number of units in millionths, more than zero: 3 variations, 7.5 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Quantity(u64);

/// Why a text is not a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("units must be a number above 0 with at most 6 decimals, at most 1000000000")]
pub struct QuantityError;

impl Quantity {
    /// One unit.
    pub const ONE: Self = Self(1_000_000);

    /// From millionths of a unit.
    pub const fn from_micro(micro: u64) -> Self {
        Self(micro)
    }

    /// In millionths of a unit.
    pub const fn micro(self) -> u64 {
        self.0
    }

    /// The sum, stopping at the bound.
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let micro = parse_fixed(text).map_err(|_| QuantityError)?;
        match u64::try_from(micro) {
            Ok(micro) if (1..=1_000_000_000_000_000).contains(&micro) => Ok(Self(micro)),
            _ => Err(QuantityError),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed(f, i64::try_from(self.0).unwrap_or(i64::MAX))
    }
}

/// A factor on a unit price in millionths: 1.25 is 1,250,000. At most 1,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Multiplier(u32);

/// Why a text is not a multiplier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a multiplier is a number from 0 to 1000 with at most 6 decimals, such as 1.25")]
pub struct MultiplierError;

impl Multiplier {
    /// Changes nothing.
    pub const ONE: Self = Self(1_000_000);
}

impl FromStr for Multiplier {
    type Err = MultiplierError;

    fn from_str(text: &str) -> Result<Self, MultiplierError> {
        let micro = parse_fixed(text).map_err(|_| MultiplierError)?;
        match u32::try_from(micro) {
            Ok(micro) if micro <= 1_000_000_000 => Ok(Self(micro)),
            _ => Err(MultiplierError),
        }
    }
}

impl fmt::Display for Multiplier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed(f, i64::from(self.0))
    }
}

/// Credits per unit in pico-credits (10^-12 credit), so that a unit price times its multipliers
/// stays exact. At most 10^6 credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitPrice(u64);

/// Why a text is not a unit price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a unit price is a number of credits from 0 to 1000000 with at most 6 decimals")]
pub struct UnitPriceError;

const PICO_PER_MICRO: u64 = 1_000_000;

impl UnitPrice {
    /// The price times a factor, rounded half up to the pico-credit.
    pub fn times(self, factor: Multiplier) -> Self {
        let product = u128::from(self.0) * u128::from(factor.0) + 500_000;
        Self(u64::try_from(product / 1_000_000).unwrap_or(u64::MAX))
    }
}

impl FromStr for UnitPrice {
    type Err = UnitPriceError;

    fn from_str(text: &str) -> Result<Self, UnitPriceError> {
        let micro = parse_fixed(text).map_err(|_| UnitPriceError)?;
        let micro = u64::try_from(micro).map_err(|_| UnitPriceError)?;
        if micro > 1_000_000_000_000 {
            return Err(UnitPriceError);
        }
        Ok(Self(micro * PICO_PER_MICRO))
    }
}

impl fmt::Display for UnitPrice {
    /// In credits, rounded down to the micro-credit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed(f, i64::try_from(self.0 / PICO_PER_MICRO).unwrap_or(i64::MAX))
    }
}

/// Which way a price is rounded to its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rounding {
    /// To the next step above.
    Up,
    /// To the nearest step, the upper one of two.
    HalfUp,
    /// To the next step below.
    Down,
}

impl Rounding {
    /// `up`, `half_up` or `down`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::HalfUp => "half_up",
            Self::Down => "down",
        }
    }
}

/// A price per unit with its rounding: all that is needed to price any number of units, pinned in
/// holds so that a later catalog cannot change what a running job costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Credits per unit.
    pub unit_price: UnitPrice,
    /// Prices are multiples of this; more than zero.
    pub step: Credits,
    /// Which way to the step.
    pub rounding: Rounding,
    /// The least that any use costs.
    pub minimum: Credits,
}

impl Rate {
    /// The credits for `units`: unit price × units, rounded once, at least the minimum. `None`
    /// beyond [`Credits::MAX_AMOUNT`].
    pub fn price(&self, units: Quantity) -> Option<Credits> {
        // pico-credits per unit × micro-units = 10^-18 credits; a micro-credit is 10^12 of them.
        let exact = u128::from(self.unit_price.0).checked_mul(u128::from(units.0))?;
        let step =
            u128::from(self.step.micro().unsigned_abs().max(1)).checked_mul(1_000_000_000_000)?;
        let steps = match self.rounding {
            Rounding::Up => exact.div_ceil(step),
            Rounding::HalfUp => exact.checked_add(step / 2)? / step,
            Rounding::Down => exact / step,
        };
        let micro = steps.checked_mul(step)? / 1_000_000_000_000;
        let credits = Credits::from_micro(i64::try_from(micro).ok()?).max(self.minimum);
        (credits <= Credits::MAX_AMOUNT).then_some(credits)
    }

    /// The rate with its unit price times a factor.
    pub(super) fn times(self, factor: Multiplier) -> Self {
        Self { unit_price: self.unit_price.times(factor), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(unit_price: &str, rounding: Rounding) -> Rate {
        let unit_price = unit_price.parse().unwrap();
        Rate { unit_price, step: Credits::ONE, rounding, minimum: Credits::ONE }
    }

    fn credits(text: &str) -> Option<Credits> {
        Credits::parse(text).ok()
    }

    #[test]
    fn a_price_is_rounded_once() {
        let third = rate("0.3", Rounding::Up);
        assert_eq!(third.price("3".parse().unwrap()), credits("1"));
        assert_eq!(third.price("4".parse().unwrap()), credits("2"));
        assert_eq!(rate("0.3", Rounding::HalfUp).price("5".parse().unwrap()), credits("2"));
        assert_eq!(rate("0.3", Rounding::Down).price("6".parse().unwrap()), credits("1"));
        assert_eq!(rate("10", Rounding::Up).price("7.5".parse().unwrap()), credits("75"));
    }

    #[test]
    fn the_minimum_is_the_least_price() {
        assert_eq!(rate("0", Rounding::Up).price(Quantity::ONE), credits("1"));
    }

    #[test]
    fn a_price_beyond_all_amounts_is_none() {
        assert_eq!(rate("1000000", Rounding::Up).price("1000000000".parse().unwrap()), None);
    }
}
