//! How figures and dates read: grouped thousands, the currency's own decimals, months in words.

use bursar_core::money::{Currency, Money};
pub(crate) use bursar_core::readable::last_instant;
use bursar_core::readable::{self, grouped};
use bursar_core::time::{Timestamp, ZoneName};

use crate::document::{Quantity, Rate};

/// `1,234.50`, `−8.00`, `2,900` for yen, `1.234` for dinars.
pub(crate) fn amount(minor: i64, currency: Currency) -> String {
    readable::amount(Money::new(minor, currency))
}

/// `USD 1,234.50`: the code, since a dollar sign says too little.
pub(crate) fn money(minor: i64, currency: Currency) -> String {
    format!("{currency}\u{a0}{}", amount(minor, currency))
}

/// `3`, `0.25`, `1,250`: no more decimals than there are.
pub(crate) fn quantity(quantity: Quantity) -> String {
    let text = fixed(quantity.micro().unsigned_abs(), 6);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = fraction.trim_end_matches('0');
    let sign = if quantity.micro() < 0 { "\u{2212}" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", grouped(whole))
}

/// `19%`, `8.875%`.
pub(crate) fn rate(rate: Rate) -> String {
    format!("{}%", plain(i64::from(rate.0), 4, true))
}

/// A fixed-point number as XML and machines read it: `-1234.50`. `trim` drops trailing zeros.
pub(crate) fn plain(value: i64, decimals: usize, trim: bool) -> String {
    let mut text = fixed(value.unsigned_abs(), decimals);
    if trim && text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    if value < 0 {
        text.insert(0, '-');
    }
    text
}

/// `14 March 2026`, on the calendar of `zone`; it doesn't break over lines.
pub(crate) fn date(at: Timestamp, zone: &ZoneName) -> String {
    readable::date(at, zone).replace(' ', "\u{a0}")
}

/// `14 March 2026 – 13 April 2026`: the last day that the half-open period touches.
pub(crate) fn period((start, end): (Timestamp, Timestamp), zone: &ZoneName) -> String {
    format!("{} \u{2013} {}", date(start, zone), date(last_instant(start, end), zone))
}

/// `20260314`, as EN 16931 writes dates.
pub(crate) fn compact_date(at: Timestamp, zone: &ZoneName) -> String {
    let date = at.to_jiff().to_zoned(zone.rules()).date();
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

/// The digits of a fixed-point magnitude, with a point before the last `decimals`.
fn fixed(magnitude: u64, decimals: usize) -> String {
    let mut digits = format!("{magnitude:0width$}", width = decimals + 1);
    if decimals > 0 {
        digits.insert(digits.len() - decimals, '.');
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(minor: i64, code: &str, expected: &str) {
        assert_eq!(amount(minor, code.parse().unwrap()), expected);
    }

    #[test]
    fn amounts_have_their_currency_s_decimals_and_grouped_thousands() {
        check(0, "USD", "0.00");
        check(7, "USD", "0.07");
        check(-123_456_789, "USD", "\u{2212}1,234,567.89");
        check(2900, "JPY", "2,900");
        check(12_345, "KWD", "12.345");
        check(100_000, "EUR", "1,000.00");
        check(i64::MIN, "USD", "\u{2212}92,233,720,368,547,758.08");
        assert_eq!(money(10_591, Currency::USD), "USD\u{a0}105.91");
    }

    #[test]
    fn quantities_and_rates_have_no_idle_zeros() {
        assert_eq!(quantity(Quantity::ONE), "1");
        assert_eq!(quantity(Quantity::whole(12_500)), "12,500");
        assert_eq!(quantity(Quantity::from_micro(-250_000)), "\u{2212}0.25");
        assert_eq!(rate(Rate::percent(20)), "20%");
        assert_eq!(rate(Rate(88_750)), "8.875%");
        assert_eq!(rate(Rate::ZERO), "0%");
        assert_eq!(plain(-123_450, 3, false), "-123.450");
    }

    #[test]
    fn dates_are_those_of_the_billing_zone() {
        let zone: ZoneName = "America/New_York".parse().unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let nbsp = |text: &str| text.replace('\u{a0}', " ");
        assert_eq!(nbsp(&date(at("2026-03-15T03:00:00Z"), &zone)), "14 March 2026");
        assert_eq!(compact_date(at("2026-03-15T03:00:00Z"), &zone), "20260314");
        // Ends at midnight: the day before is the last one in it.
        let days = (at("2026-03-14T04:00:00Z"), at("2026-04-14T04:00:00Z"));
        let shown = nbsp(&period(days, &zone));
        assert_eq!(shown, "14 March 2026 \u{2013} 13 April 2026");
        // Ends at noon: that day is partly in it.
        let noon = (at("2026-03-14T16:00:00Z"), at("2026-04-14T16:00:00Z"));
        let shown = nbsp(&period(noon, &zone));
        assert_eq!(shown, "14 March 2026 \u{2013} 14 April 2026");
    }
}
