//! How figures and dates read: the same in documents, mails and pages.

use alloc::format;
use alloc::string::String;

use crate::money::Money;
use crate::time::{Timestamp, ZoneName};

/// `1,234.50`, `−8.00`, `2,900` for yen, `1.234` for dinars: without the currency.
pub fn amount(money: Money) -> String {
    let sign = if money.amount < 0 { "\u{2212}" } else { "" };
    format!("{sign}{}", magnitude(money))
}

/// [`amount`] without its sign.
pub fn magnitude(money: Money) -> String {
    let exponent = usize::try_from(money.currency.exponent()).unwrap_or(2);
    let digits = format!("{:0width$}", money.amount.unsigned_abs(), width = exponent + 1);
    let (whole, fraction) = digits.split_at(digits.len().saturating_sub(exponent));
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}", grouped(whole))
}

/// Digits with their thousands apart: `1,234,567`.
pub fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `14 March 2027`, on the calendar of `zone`.
pub fn date(at: Timestamp, zone: &ZoneName) -> String {
    let date = at.to_jiff().to_zoned(zone.rules()).date();
    let month = match date.month() {
        1 => "January",
        2 => "February",
        3 => "March",
        4 => "April",
        5 => "May",
        6 => "June",
        7 => "July",
        8 => "August",
        9 => "September",
        10 => "October",
        11 => "November",
        _ => "December",
    };
    format!("{} {month} {}", date.day(), date.year())
}

/// `14 March 2027 – 13 April 2027`: the last day that the half-open period touches.
pub fn period((start, end): (Timestamp, Timestamp), zone: &ZoneName) -> String {
    let last = last_instant(start, end);
    format!("{} \u{2013} {}", date(start, zone), date(last, zone))
}

/// The last instant in `[start, end)`.
pub fn last_instant(start: Timestamp, end: Timestamp) -> Timestamp {
    Timestamp::from_micros(end.micros().saturating_sub(1)).max(start)
}

/// Spreadsheets run a text that looks like a formula, so such a text gets an apostrophe in front,
/// which they show as it is and never run. Numbers are ours and need none.
pub fn harmless(text: &str) -> String {
    let starts = |text: &str| {
        text.starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
    };
    // Some drop what can't be seen before they look.
    let unseen = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
    };
    let seen = text.trim_start_matches(unseen);
    if starts(seen) || text.starts_with(['\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        String::from(text)
    }
}

const SIZES: [(u64, &str); 3] = [(1_000, "KB"), (1_000_000, "MB"), (1_000_000_000, "GB")];

/// `1.5 GB`, `300 MB`, `12 B`: at most one decimal, half up; 1 GB = 10^9 bytes.
pub fn size(bytes: u64) -> String {
    sized(bytes, |bytes, tenth| (bytes * 2 + tenth) / (tenth * 2))
}

/// [`size`], rounded up: what is missing is never shown as less than it is.
pub fn size_up(bytes: u64) -> String {
    sized(bytes, u128::div_ceil)
}

/// In the smallest unit that there are less than a thousand of; `round` divides.
fn sized(bytes: u64, round: fn(u128, u128) -> u128) -> String {
    if bytes < 1_000 {
        return format!("{bytes} B");
    }
    let tenths = |unit: u64| round(u128::from(bytes), u128::from(unit / 10));
    let fitting = SIZES.into_iter().find(|(unit, _)| tenths(*unit) < 10_000);
    let (unit, name) = fitting.unwrap_or((1_000_000_000_000, "TB"));
    let (whole, tenth) = (tenths(unit) / 10, tenths(unit) % 10);
    let whole = grouped(&format!("{whole}"));
    if tenth == 0 { format!("{whole} {name}") } else { format!("{whole}.{tenth} {name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_well() {
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1 KB"),
            (1_550, "1.6 KB"),
            (999_949, "999.9 KB"),
            (999_950, "1 MB"),
            (2_000_000_000, "2 GB"),
            (1_234_500_000_000_000, "1,234.5 TB"),
            (u64::MAX, "18,446,744.1 TB"),
        ] {
            assert_eq!(size(bytes), shown, "{bytes}");
        }
        for (bytes, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_001, "1.1 KB"),
            (2_001_000_000, "2.1 GB"),
            (2_000_000_000, "2 GB"),
            (999_999_999, "1 GB"),
        ] {
            assert_eq!(size_up(bytes), shown, "{bytes}");
        }
    }
}
