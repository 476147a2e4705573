//! How figures and dates read. Dates are those of documents and mails; figures follow the reader's
//! locale.

use axum::http::HeaderMap;
use bursar_core::credits::Credits;
use bursar_core::money::Money;
pub(crate) use bursar_core::readable::date;
use bursar_core::readable::{grouped, magnitude};
use bursar_core::time::{Timestamp, ZoneName};

/// How figures read to somebody.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Locale;

impl Locale {
    /// What a browser asks for.
    pub(crate) fn of(_headers: &HeaderMap) -> Self {
        Self
    }

    /// `$1,234.50`
    pub(crate) fn money(&self, money: Money) -> String {
        let minus = if money.amount < 0 { "\u{2212}" } else { "" };
        let amount = magnitude(money);
        match money.currency.code() {
            "USD" => format!("{minus}${amount}"),
            "EUR" => format!("{minus}€{amount}"),
            "GBP" => format!("{minus}£{amount}"),
            "JPY" => format!("{minus}¥{amount}"),
            code => format!("{minus}{code}\u{a0}{amount}"),
        }
    }

    /// `1,250`, `0.25`: without the word.
    pub(crate) fn number(&self, credits: Credits) -> String {
        let text = credits.to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let (minus, whole) = whole.strip_prefix('-').map_or(("", whole), |rest| ("\u{2212}", rest));
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{minus}{}{point}{fraction}", grouped(whole))
    }

    /// `1 credit`, `1,250 credits`.
    pub(crate) fn credits(&self, credits: Credits) -> String {
        let noun = if credits == Credits::ONE { "credit" } else { "credits" };
        format!("{}\u{a0}{noun}", self.number(credits))
    }
}

/// `14 March 2027, 09:30 UTC`, on the calendar and the clock of `zone`.
pub(crate) fn moment(at: Timestamp, zone: &ZoneName) -> String {
    let zoned = at.to_jiff().to_zoned(zone.rules());
    let time = zoned.time();
    let short = zoned.strftime("%Z");
    format!("{}, {:02}:{:02} {short}", date(at, zone), time.hour(), time.minute())
}

/// What somebody else wrote, so that its direction doesn't spill over into our sentence.
pub(crate) fn isolated(text: &str) -> String {
    format!("\u{2068}{text}\u{2069}")
}
