//! Credits, the currency of generations: fixed-point, six decimals.

use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Serialize};

/// An amount of credits in micro-credits (10^-6 credit), `i64`.
///
/// Shown as a plain number with at most six decimals: `80`, `0.25`, `-3.000001`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Credits(i64);

/// Why a text is not an amount of credits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreditsError {
    /// Not a plain decimal number.
    #[error("credits must be a plain number such as 80 or 0.25")]
    NotANumber,
    /// More than six decimals.
    #[error("credits have at most 6 decimals")]
    TooPrecise,
    /// Beyond ±[`Credits::MAX_AMOUNT`].
    #[error("a single amount of credits is at most 1000000000")]
    TooLarge,
}

const MICRO: i64 = 1_000_000;

impl Credits {
    /// No credits.
    pub const ZERO: Self = Self(0);
    /// One credit.
    pub const ONE: Self = Self(MICRO);
    /// The largest amount that one command may name: 10^9 credits. Sums of lots may be larger, up
    /// to `i64::MAX` micro-credits; reaching that is a rejection, never a wrap.
    pub const MAX_AMOUNT: Self = Self(1_000_000_000 * MICRO);

    /// From micro-credits.
    pub const fn from_micro(micro: i64) -> Self {
        Self(micro)
    }

    /// From whole credits; `None` on overflow.
    pub const fn from_whole(whole: i64) -> Option<Self> {
        match whole.checked_mul(MICRO) {
            Some(micro) => Some(Self(micro)),
            None => None,
        }
    }

    /// The amount in micro-credits.
    pub const fn micro(self) -> i64 {
        self.0
    }

    /// The sum; `None` on overflow.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(micro) => Some(Self(micro)),
            None => None,
        }
    }

    /// The difference; `None` on overflow.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(micro) => Some(Self(micro)),
            None => None,
        }
    }

    /// The sum, stopping at the bounds of `i64`.
    ///
    /// For folding events, which is total: a decision has already rejected what would overflow.
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, stopping at the bounds of `i64`. See [`Credits::plus`].
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The amount with its sign turned.
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// Less than nothing?
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// More than nothing?
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Nothing?
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum of amounts, stopping at the bounds of `i64`. See [`Credits::plus`].
    pub fn total(amounts: impl IntoIterator<Item = Self>) -> Self {
        amounts.into_iter().fold(Self::ZERO, Self::plus)
    }

    /// Reads a plain decimal number, as [`fmt::Display`] writes it. `1e3` and `80.000` are accepted
    /// (JSON writes numbers so), `NaN`, blanks and a seventh non-zero decimal are not.
    ///
    /// # Errors
    /// See [`CreditsError`].
    pub fn parse(text: &str) -> Result<Self, CreditsError> {
        let micro = parse_fixed(text).map_err(|error| match error {
            FixedError::NotANumber => CreditsError::NotANumber,
            FixedError::TooPrecise => CreditsError::TooPrecise,
            FixedError::TooLarge => CreditsError::TooLarge,
        })?;
        if micro.unsigned_abs() > Self::MAX_AMOUNT.0.unsigned_abs() {
            return Err(CreditsError::TooLarge);
        }
        Ok(Self(micro))
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed(f, self.0)
    }
}

/// Why a text is not a fixed-point number of six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FixedError {
    NotANumber,
    TooPrecise,
    TooLarge,
}

/// Reads a decimal number, with an optional exponent, into millionths.
pub(crate) fn parse_fixed(text: &str) -> Result<i64, FixedError> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, exponent.parse::<i32>().map_err(|_| FixedError::NotANumber)?)
        }
        None => (unsigned, 0),
    };
    let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(decimals) {
        return Err(FixedError::NotANumber);
    }
    let mut digits: String = String::with_capacity(whole.len() + decimals.len());
    digits.push_str(whole);
    digits.push_str(decimals);
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    let scale = i32::try_from(decimals.len()).map_err(|_| FixedError::TooPrecise)?;
    // value = digits × 10^(exponent − scale); in millionths that is another 10^6.
    let shift = exponent.saturating_sub(scale).saturating_add(6);
    let significant = digits.trim_end_matches('0');
    let zeros = i32::try_from(digits.len() - significant.len()).unwrap_or(i32::MAX);
    let shift = shift.saturating_add(zeros);
    if shift < 0 {
        return Err(FixedError::TooPrecise);
    }
    let factor = u32::try_from(shift).ok().and_then(|shift| 10_i64.checked_pow(shift));
    significant
        .parse::<i64>()
        .ok()
        .and_then(|value| value.checked_mul(factor?))
        .map(|value| if negative { -value } else { value })
        .ok_or(FixedError::TooLarge)
}

/// Writes millionths as a plain decimal number without trailing zeros.
pub(crate) fn write_fixed(f: &mut fmt::Formatter<'_>, micro: i64) -> fmt::Result {
    let magnitude = micro.unsigned_abs();
    let unit = MICRO.unsigned_abs();
    let (whole, rest) = (magnitude / unit, magnitude % unit);
    let sign = if micro < 0 { "-" } else { "" };
    if rest == 0 {
        return f.pad(&alloc::format!("{sign}{whole}"));
    }
    let decimals = alloc::format!("{rest:06}");
    f.pad(&alloc::format!("{sign}{whole}.{}", decimals.trim_end_matches('0')))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["0", "80", "0.25", "-3.000001", "1000000000"] {
            assert_eq!(Credits::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Credits::parse("80.0").unwrap(), Credits::parse("8e1").unwrap());
        assert_eq!(Credits::parse("1.5E-6"), Err(CreditsError::TooPrecise));
    }

    #[test]
    fn refuses_what_is_no_amount() {
        for text in ["", "-", "NaN", "1_000", " 1", "+1", "1.", ".5", "0x10", "1e", "e3", "--1"] {
            assert_eq!(Credits::parse(text), Err(CreditsError::NotANumber), "{text}");
        }
        for text in ["1e30", "1000000000.000001", "99999999999999999999", "1e2147483647"] {
            assert_eq!(Credits::parse(text), Err(CreditsError::TooLarge), "{text}");
        }
        assert_eq!(Credits::parse("0.0000001"), Err(CreditsError::TooPrecise));
        assert_eq!(Credits::parse("1e-2147483648"), Err(CreditsError::TooPrecise));
    }

    proptest::proptest! {
        #[test]
        fn every_amount_survives_text(micro in -1_000_000_000_000_000_i64..=1_000_000_000_000_000) {
            let amount = Credits::from_micro(micro);
            proptest::prop_assert_eq!(Credits::parse(&amount.to_string()), Ok(amount));
        }
    }
}
