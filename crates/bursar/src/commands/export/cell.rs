//! What stands in one cell, and how CSV and JSON say it.

use crate::micro::decimal;
use bursar_core::country::Country;
use bursar_core::money::Money;
use bursar_core::readable::harmless;
use bursar_core::time::Timestamp;
use serde_json::Value;

use crate::json;

/// A cell. The type decides how it is written, never what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Nothing.
    Empty,
    /// What a person or another program may have written.
    Text(String),
    /// A word of ours, such as `credit_note`, or a number of a document.
    Word(String),
    /// A count.
    Whole(u64),
    /// An exact decimal.
    Decimal(String),
    /// An instant.
    Time(Timestamp),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    /// A word of ours.
    pub(super) fn word(word: impl ToString) -> Self {
        Self::Word(word.to_string())
    }

    /// A text that others wrote; nothing, if there is none.
    pub(super) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// An amount of money in major units, with all the decimals of its currency.
    pub(super) fn money(money: Money) -> Self {
        Self::Decimal(decimal(money.amount.into(), money.currency.exponent()))
    }

    /// Parts per million as percent: `19`, `8.1`.
    pub(super) fn percent(ppm: u32) -> Self {
        let text = decimal(ppm.into(), 4);
        Self::Decimal(text.trim_end_matches('0').trim_end_matches('.').to_owned())
    }

    /// A country's code.
    pub(super) fn country(country: Country) -> Self {
        Self::word(country.code())
    }

    /// For CSV.
    pub(super) fn csv(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => harmless(text),
            Self::Word(text) | Self::Decimal(text) => text.clone(),
            Self::Whole(count) => count.to_string(),
            Self::Time(at) => at.to_string(),
            Self::Flag(flag) => flag.to_string(),
        }
    }

    /// For JSON. Decimals are texts, which every reader takes as they are.
    pub(super) fn json(&self) -> Value {
        match self {
            Self::Empty => Value::Null,
            Self::Text(text) | Self::Word(text) | Self::Decimal(text) => text.as_str().into(),
            Self::Whole(count) => (*count).into(),
            Self::Time(at) => json::time(*at),
            Self::Flag(flag) => (*flag).into(),
        }
    }
}

impl From<Option<Self>> for Cell {
    fn from(cell: Option<Self>) -> Self {
        cell.unwrap_or(Self::Empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_in_every_currency() {
        let money = |amount, code: &str| Cell::money(Money::new(amount, code.parse().unwrap()));
        for (cell, expected) in [
            (money(2_900, "USD"), "29.00"),
            (money(-7, "EUR"), "-0.07"),
            (money(2_900, "JPY"), "2900"),
            (money(-1_234, "KWD"), "-1.234"),
            (money(0, "KWD"), "0.000"),
            (money(i64::MIN, "USD"), "-92233720368547758.08"),
            (Cell::percent(190_000), "19"),
            (Cell::percent(88_750), "8.875"),
            (Cell::percent(0), "0"),
            (Cell::percent(100_000), "10"),
        ] {
            assert_eq!(cell.csv(), expected);
            assert_eq!(cell.json(), Value::from(expected));
        }
    }

    #[test]
    fn what_looks_like_a_formula_is_not_run() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            " =1",
            "\t=1",
            "\rx",
            "\n=1",
            "\u{feff}=1",
            "\u{a0}@x",
            "\u{ff1d}1",
        ] {
            let protected = Cell::text(text).csv();
            assert_eq!(protected, format!("'{text}"));
            // JSON is for programs, which run nothing.
            assert_eq!(Cell::text(text).json(), Value::from(text));
        }
        for text in ["Ada", "a=b", "12 Main Street", "'quoted'", "Ünal"] {
            assert_eq!(Cell::text(text).csv(), text);
        }
        // A negative number is a number.
        assert_eq!(Cell::Decimal("-0.07".to_owned()).csv(), "-0.07");
    }
}
