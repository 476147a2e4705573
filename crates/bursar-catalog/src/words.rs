//! Numbers and lists as people read them.

use std::fmt::Display;
use std::time::Duration;

use bursar_core::country::Country;
use bursar_core::credits::Credits;
use bursar_core::money::Money;

/// Units of size, largest first.
pub(crate) const UNITS_OF_BYTES: [(&str, u64); 5] =
    [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000), ("B", 1)];

/// A number of bytes: `2 GB`, `1.5 TB`. Exact: a size that needs more than three decimals is written
/// in a smaller unit.
pub(crate) fn size(bytes: u64) -> String {
    for (name, unit) in UNITS_OF_BYTES {
        let thousandths = u128::from(bytes).saturating_mul(1_000);
        if bytes >= unit && thousandths.is_multiple_of(u128::from(unit)) {
            let micro = (thousandths / u128::from(unit)).saturating_mul(1_000);
            let number = Credits::from_micro(i64::try_from(micro).unwrap_or(i64::MAX));
            return format!("{} {name}", grouped(number));
        }
    }
    format!("{bytes} B")
}

/// A length of time: `15 minutes`, `24 hours`, `7 days`.
pub fn in_words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0 => (0, "second"),
        s if s.is_multiple_of(86_400) && s > 86_400 => (s / 86_400, "day"),
        s if s.is_multiple_of(3_600) => (s / 3_600, "hour"),
        s if s.is_multiple_of(60) => (s / 60, "minute"),
        s => (s, "second"),
    };
    format!("{count} {}", plural(unit, count == 1))
}

/// A number with its thousands set apart: `1,250`, `-1,000.5`.
pub(crate) fn grouped(number: impl Display) -> String {
    let text = number.to_string();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(text.len());
    let (whole, rest) = text.split_at_checked(end).unwrap_or((&text, ""));
    let digits = whole.trim_start_matches('-').len();
    let mut grouped = String::with_capacity(text.len().saturating_mul(2));
    let mut left = digits;
    for character in whole.chars() {
        let digit = character.is_ascii_digit();
        if digit && left < digits && left.is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(character);
        left = left.saturating_sub(usize::from(digit));
    }
    grouped.push_str(rest);
    grouped
}

/// What one credit of `credits` for `price` costs, in the currency: to 4 decimals, or to 6 where it
/// is less than a hundredth.
pub(crate) fn per_credit(price: Money, credits: Credits) -> Option<String> {
    let unit = i128::from(price.currency.minor_per_major()).checked_mul(credits.micro().into())?;
    // Micro-units of the currency for one credit, half up.
    let scaled = i128::from(price.amount).checked_mul(1_000_000_000_000)?;
    let micro = scaled.checked_mul(2)?.checked_add(unit)?.checked_div(unit.checked_mul(2)?)?;
    let rounded = if micro < 10_000 { micro } else { (micro.checked_add(50)? / 100) * 100 };
    let number = Credits::from_micro(i64::try_from(rounded).ok()?).to_string();
    // At least the currency's own decimals: 0.10, not 0.1.
    let (whole, decimals) = number.split_once('.').unwrap_or((&number, ""));
    let width = usize::try_from(price.currency.exponent()).unwrap_or(0);
    let point = if decimals.is_empty() && width == 0 { "" } else { "." };
    Some(format!("{whole}{point}{decimals:0<width$} {}", price.currency))
}

/// A rate in parts per million: `19%`, `8.1%`.
pub(crate) fn percent(rate_ppm: u32) -> String {
    format!("{}%", percentage(rate_ppm))
}

/// The same without the sign.
pub(crate) fn percentage(rate_ppm: u32) -> Credits {
    Credits::from_micro(i64::from(rate_ppm).saturating_mul(100))
}

/// `Germany (DE)`.
pub(crate) fn country(country: Country) -> String {
    format!("{} ({})", country.name(), country.code())
}

/// `yes` or `no`.
pub(crate) const fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

/// Each text in quotes: `"a", "b"`.
pub(crate) fn quoted(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

/// `second` or `seconds`.
pub(crate) fn plural(noun: &str, one: bool) -> String {
    if one || noun.ends_with('s') { noun.to_owned() } else { format!("{noun}s") }
}

/// With a capital first letter.
pub(crate) fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn listed(words: &[String]) -> String {
    match words {
        [] => "none".to_owned(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
