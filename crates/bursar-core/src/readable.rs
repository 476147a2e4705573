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
