//! How figures and dates read: the same as in the documents, with signs for the best-known
//! currencies.

use bursar_core::credits::Credits;
use bursar_core::money::Money;
pub(crate) use bursar_core::readable::{date, period};
use bursar_core::readable::{grouped, magnitude};
use bursar_core::time::{Timestamp, ZoneName};

/// `$1,234.50`, `€29.00`, `¥2,900`; `KWD 1.234` where a sign would say too little.
pub(crate) fn money(money: Money) -> String {
    let minus = if money.amount < 0 { "\u{2212}" } else { "" };
    let amount = magnitude(money);
    match money.currency.code() {
        "USD" => format!("{minus}${amount}"),
        "EUR" => format!("{minus}€{amount}"),
        "GBP" => format!("{minus}£{amount}"),
        "JPY" => format!("{minus}¥{amount}"),
        // A dollar of elsewhere, a krona or a yuan: only the code is clear.
        code => format!("{code} {minus}{amount}"),
    }
}

/// `1 credit`, `1,250 credits`, `0.25 credits`.
pub(crate) fn credits(credits: Credits) -> String {
    let text = credits.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let (minus, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("\u{2212}", whole));
    let point = if fraction.is_empty() { "" } else { "." };
    let noun = if credits == Credits::ONE { "credit" } else { "credits" };
    format!("{minus}{}{point}{fraction} {noun}", grouped(whole))
}

/// `1 day`, `16 days`.
pub(crate) fn days(count: u32) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

/// `14 March 2027, 09:30 (Europe/Berlin)`, on the calendar and the clock of `zone`.
pub(crate) fn moment(at: Timestamp, zone: &ZoneName) -> String {
    let time = at.to_jiff().to_zoned(zone.rules()).time();
    format!("{}, {:02}:{:02} ({zone})", date(at, zone), time.hour(), time.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_clear_about_its_currency() {
        let check = |minor, code: &str, expected: &str| {
            assert_eq!(money(Money::new(minor, code.parse().unwrap())), expected);
        };
        check(0, "USD", "$0.00");
        check(7, "USD", "$0.07");
        check(123_450, "USD", "$1,234.50");
        check(-800, "USD", "\u{2212}$8.00");
        check(2900, "EUR", "€29.00");
        check(2900, "GBP", "£29.00");
        check(2900, "JPY", "¥2,900");
        check(2900, "CNY", "CNY 29.00");
        check(2900, "CAD", "CAD 29.00");
        check(29_000, "KWD", "KWD 29.000");
        check(-100_000, "CLP", "CLP \u{2212}100,000");
        check(i64::MIN, "USD", "\u{2212}$92,233,720,368,547,758.08");
    }

    #[test]
    fn credits_are_counted() {
        let check = |text: &str, expected: &str| {
            assert_eq!(credits(Credits::parse(text).unwrap()), expected);
        };
        check("1", "1 credit");
        check("0", "0 credits");
        check("1250", "1,250 credits");
        check("0.25", "0.25 credits");
        check("-3000.000001", "\u{2212}3,000.000001 credits");
    }

    #[test]
    fn dates_are_those_of_the_account_s_zone() {
        let at: Timestamp = "2026-03-15T03:00:00Z".parse().unwrap();
        let zone = "America/New_York".parse().unwrap();
        assert_eq!(date(at, &zone), "14 March 2026");
        assert_eq!(moment(at, &zone), "14 March 2026, 23:00 (America/New_York)");
        assert_eq!(moment(at, &ZoneName::utc()), "15 March 2026, 03:00 (UTC)");
    }

    #[test]
    fn a_period_ends_with_its_last_day() {
        let check = |start: &str, end: &str, expected: &str| {
            let ends = (start.parse().unwrap(), end.parse().unwrap());
            assert_eq!(period(ends, &ZoneName::utc()), expected);
        };
        let (midnight, noon) = ("2027-04-01T00:00:00Z", "2027-04-01T12:00:00Z");
        check("2027-03-01T00:00:00Z", midnight, "1 March 2027 – 31 March 2027");
        check("2027-03-01T12:00:00Z", noon, "1 March 2027 – 1 April 2027");
        check(noon, midnight, "1 April 2027 – 1 April 2027");
    }

    #[test]
    fn the_far_ends_of_time_have_dates() {
        for at in [i64::MIN, -1, 0, i64::MAX] {
            assert!(!moment(Timestamp::from_micros(at), &ZoneName::utc()).is_empty());
        }
    }
}
