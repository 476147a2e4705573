//! Money: integer minor units with an ISO 4217 currency.

use core::fmt;
use core::str::FromStr;

use alloc::string::String;
use serde::{Deserialize, Serialize};

/// An ISO 4217 currency that is in use, by its alphabetic code. Carries its own exponent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "[u8; 3]", into = "[u8; 3]")]
pub struct Currency([u8; 3]);

/// Why a text is not a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a currency is an ISO 4217 code in capitals, such as USD, EUR or JPY")]
pub struct CurrencyError;

/// Currencies without minor units.
const EXPONENT_0: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
/// Currencies of a thousand minor units.
const EXPONENT_3: &str = "BHD IQD JOD KWD LYD OMR TND";
/// Currencies of a hundred minor units.
const EXPONENT_2: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD \
    BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL \
    GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD \
    LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK \
    PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS \
    TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW";

impl Currency {
    /// The US dollar.
    pub const USD: Self = Self(*b"USD");

    /// The alphabetic code.
    pub fn code(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimals its minor unit has: USD 2, JPY 0, KWD 3.
    pub fn exponent(&self) -> u32 {
        if EXPONENT_0.contains(self.code()) {
            0
        } else if EXPONENT_3.contains(self.code()) {
            3
        } else {
            2
        }
    }

    /// Minor units in one major unit: 100 for USD.
    pub fn minor_per_major(&self) -> i64 {
        10_i64.pow(self.exponent())
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let known = [EXPONENT_2, EXPONENT_0, EXPONENT_3]
            .iter()
            .any(|list| list.split_ascii_whitespace().any(|code| code == text));
        let bytes: [u8; 3] = text.as_bytes().try_into().map_err(|_| CurrencyError)?;
        if known { Ok(Self(bytes)) } else { Err(CurrencyError) }
    }
}

impl TryFrom<[u8; 3]> for Currency {
    type Error = CurrencyError;

    fn try_from(bytes: [u8; 3]) -> Result<Self, CurrencyError> {
        core::str::from_utf8(&bytes).map_err(|_| CurrencyError)?.parse()
    }
}

impl From<Currency> for [u8; 3] {
    fn from(currency: Currency) -> Self {
        currency.0
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount of money in minor units of its currency: `2900` USD is $29.00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units.
    pub amount: i64,
    /// The currency.
    pub currency: Currency,
}

/// Why a text is not an amount of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a plain decimal number.
    #[error("an amount of money is a plain decimal number such as 29 or 29.50")]
    NotANumber,
    /// More decimals than the currency has.
    #[error("{currency} has {decimals} decimals")]
    TooPrecise {
        /// The currency.
        currency: Currency,
        /// Its exponent.
        decimals: u32,
    },
    /// Beyond 10^12 major units.
    #[error("an amount of money is at most 1000000000000")]
    TooLarge,
}

impl Money {
    /// From minor units.
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Reads an amount in major units, such as `29` or `29.50`, exactly.
    ///
    /// # Errors
    /// See [`MoneyError`].
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if digits.is_empty() || !plain(digits) || !plain(decimals) || text.ends_with('.') {
            return Err(MoneyError::NotANumber);
        }
        let exponent = currency.exponent();
        let kept = decimals.trim_end_matches('0');
        let missing = usize::try_from(exponent)
            .ok()
            .and_then(|exponent| exponent.checked_sub(kept.len()))
            .ok_or(MoneyError::TooPrecise { currency, decimals: exponent })?;
        let mut minor = String::from(whole);
        minor.push_str(kept);
        minor.extend(core::iter::repeat_n('0', missing));
        let amount: i64 = minor.parse().map_err(|_| MoneyError::TooLarge)?;
        let most = 1_000_000_000_000_i64.saturating_mul(currency.minor_per_major());
        if amount.saturating_abs() > most {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self { amount, currency })
    }

    /// `self × numerator ÷ denominator`, rounded half up to a multiple of `step` minor units;
    /// `None` when it doesn't fit, the denominator or the step isn't positive.
    ///
    /// With a step of one major unit this is the one rule behind annual prices: 12 × $29 × 90/100 is
    /// $313, $29 × 90/100 is $26.
    pub fn scaled(self, numerator: i64, denominator: i64, step: i64) -> Option<Self> {
        if denominator <= 0 || step <= 0 {
            return None;
        }
        let unit = i128::from(denominator).checked_mul(i128::from(step))?;
        let product = i128::from(self.amount).checked_mul(i128::from(numerator))?;
        let steps = (product.checked_mul(2)?.checked_add(unit)?).div_euclid(unit.checked_mul(2)?);
        let amount = steps.checked_mul(i128::from(step))?;
        Some(Self { amount: i64::try_from(amount).ok()?, currency: self.currency })
    }
}

impl fmt::Display for Money {
    /// `29.00 USD`: plain, for logs and tables; pages localise.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_major = self.currency.minor_per_major().unsigned_abs();
        let magnitude = self.amount.unsigned_abs();
        let sign = if self.amount < 0 { "-" } else { "" };
        let whole = magnitude / per_major;
        let text = match self.currency.exponent() {
            0 => alloc::format!("{sign}{whole} {}", self.currency),
            exponent => alloc::format!(
                "{sign}{whole}.{:0width$} {}",
                magnitude % per_major,
                self.currency,
                width = usize::try_from(exponent).unwrap_or(2),
            ),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn money(text: &str, code: &str) -> Result<Money, MoneyError> {
        Money::parse(text, code.parse().unwrap())
    }

    #[test]
    fn each_currency_has_its_own_exponent() {
        assert_eq!(money("29", "USD").unwrap().amount, 2900);
        assert_eq!(money("29.5", "USD").unwrap().to_string(), "29.50 USD");
        assert_eq!(money("2900", "JPY").unwrap().amount, 2900);
        assert_eq!(money("1.234", "KWD").unwrap().amount, 1234);
        assert!(money("1.234", "USD").is_err());
        assert!("ABC".parse::<Currency>().is_err());
        assert!("usd".parse::<Currency>().is_err());
        assert!("D E".parse::<Currency>().is_err());
    }

    /// "Save 10% with annual billing": the six figures of the specification from one rule.
    #[test]
    fn annual_prices_come_from_one_rounding_rule() {
        for (month, year, shown) in [("29", 313, 26), ("89", 961, 80), ("199", 2149, 179)] {
            let price = money(month, "USD").unwrap();
            assert_eq!(price.scaled(12 * 90, 100, 100).unwrap().amount, year * 100);
            assert_eq!(price.scaled(90, 100, 100).unwrap().amount, shown * 100);
        }
    }
}
