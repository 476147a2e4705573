//! How figures and dates read. Dates are those of documents and mails; figures follow the reader's
//! locale: its separators and grouping (CLDR's), and where it puts the sign of a currency.

use std::fmt;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use bursar_core::credits::Credits;
use bursar_core::money::{Currency, Money};
use bursar_core::pricing::Quantity;
pub(crate) use bursar_core::readable::date;
use bursar_core::time::{Timestamp, ZoneName};
use fixed_decimal::Decimal;
use icu_decimal::DecimalFormatter;
use icu_decimal::options::DecimalFormatterOptions;
use icu_locale_core::Locale as Tag;

/// Digits behind the point of credits and quantities.
const MICRO: i16 = 6;

/// Where a currency's sign stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Before,
    BeforeWithSpace,
    After,
}

/// How figures read to somebody.
#[derive(Clone)]
pub(crate) struct Locale {
    /// `None`: plain English, where a locale's data can't be had.
    figures: Option<Arc<DecimalFormatter>>,
    sign: Sign,
}

impl fmt::Debug for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Locale({:?})", self.sign)
    }
}

impl Locale {
    /// What a browser asks for first. Pages are English, so digits stay European ones.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let first = asked.and_then(|list| list.split([',', ';']).next()).unwrap_or_default();
        let tag = first.trim().parse::<Tag>().ok().filter(|tag| !tag.id.language.is_unknown());
        let sign = tag.as_ref().map_or(Sign::Before, sign);
        let tag = tag.map_or_else(|| "en".to_owned(), |tag| tag.id.to_string());
        let tag = format!("{tag}-u-nu-latn").parse::<Tag>().unwrap_or(Tag::UNKNOWN);
        let options = DecimalFormatterOptions::default();
        let figures = DecimalFormatter::try_new((&tag).into(), options).ok().map(Arc::new);
        Self { figures, sign }
    }

    /// `$1,234.50`, `1.234,50 €`; the code where a sign would say too little: a dollar of elsewhere, a
    /// krona or a yuan.
    pub(crate) fn money(&self, money: Money) -> String {
        let exponent = i16::try_from(money.currency.exponent()).unwrap_or(2);
        let mut amount = Decimal::from(money.amount.unsigned_abs());
        amount.multiply_pow10(exponent.saturating_neg());
        amount.pad_end(exponent.saturating_neg());
        let minus = if money.amount < 0 { "\u{2212}" } else { "" };
        format!("{minus}{}", self.signed(&amount, money.currency))
    }

    /// `$29`, `$29.50`: without decimals that say nothing, as prices are quoted. 0 or more.
    pub(crate) fn price(&self, money: Money) -> String {
        let exponent = i16::try_from(money.currency.exponent()).unwrap_or(2);
        let mut amount = Decimal::from(money.amount.unsigned_abs());
        amount.multiply_pow10(exponent.saturating_neg());
        amount.trim_end();
        if amount.nonzero_magnitude_end() < 0 {
            amount.pad_end(exponent.saturating_neg());
        }
        self.signed(&amount, money.currency)
    }

    /// What one credit of a pack costs: `$0.10`, `$0.0833`, to 4 decimals, or to 6 where it is less than a
    /// hundredth; `None` if there is none.
    pub(crate) fn per_credit(&self, price: Money, credits: Credits) -> Option<String> {
        let unit = i128::from(price.currency.minor_per_major()) * i128::from(credits.micro());
        // Millionths of the currency for one credit, half up.
        let scaled = i128::from(price.amount).checked_mul(1_000_000_000_000)?;
        let micro = scaled.checked_mul(2)?.checked_add(unit)?.checked_div(unit.checked_mul(2)?)?;
        let rounded = if micro < 10_000 { micro } else { (micro.checked_add(50)? / 100) * 100 };
        let mut amount = Decimal::from(u64::try_from(rounded).ok()?);
        amount.multiply_pow10(MICRO.saturating_neg());
        amount.trim_end();
        amount.pad_end(i16::try_from(price.currency.exponent()).unwrap_or(2).saturating_neg());
        Some(self.signed(&amount, price.currency))
    }

    /// An amount with the currency's sign, or its code where a sign would say too little.
    fn signed(&self, amount: &Decimal, currency: Currency) -> String {
        let amount = self.figure(amount);
        let sign = match currency.code() {
            "USD" => "$",
            "EUR" => "€",
            "GBP" => "£",
            "JPY" => "¥",
            code => code,
        };
        match self.sign {
            Sign::Before if sign.len() < 3 || !sign.is_ascii() => format!("{sign}{amount}"),
            Sign::Before | Sign::BeforeWithSpace => format!("{sign}\u{a0}{amount}"),
            Sign::After => format!("{amount}\u{a0}{sign}"),
        }
    }

    /// `1,250`, `0.25`: without the word.
    pub(crate) fn number(&self, credits: Credits) -> String {
        let minus = if credits.is_negative() { "\u{2212}" } else { "" };
        format!("{minus}{}", self.micro(credits.micro().unsigned_abs()))
    }

    /// `+1,250`, `−80`, `0`: a movement.
    pub(crate) fn movement(&self, credits: Credits) -> String {
        let plus = if credits.is_positive() { "+" } else { "" };
        format!("{plus}{}", self.number(credits))
    }

    /// `1 credit`, `1,250 credits`.
    pub(crate) fn credits(&self, credits: Credits) -> String {
        let noun = if credits == Credits::ONE { "credit" } else { "credits" };
        format!("{}\u{a0}{noun}", self.number(credits))
    }

    /// `3`, `0.25`.
    pub(crate) fn quantity(&self, quantity: Quantity) -> String {
        self.micro(quantity.micro())
    }

    /// A count.
    pub(crate) fn count(&self, count: u64) -> String {
        self.figure(&Decimal::from(count))
    }

    /// `1.2 GB`: decimal units, as plans are sold.
    pub(crate) fn bytes(&self, bytes: u64) -> String {
        let (unit, name) = match bytes {
            0..1_000 => return format!("{}\u{a0}bytes", self.count(bytes)),
            1_000..1_000_000 => (1_000, "KB"),
            1_000_000..1_000_000_000 => (1_000_000, "MB"),
            1_000_000_000..1_000_000_000_000 => (1_000_000_000_u64, "GB"),
            _ => (1_000_000_000_000, "TB"),
        };
        let tenths = u64::try_from(u128::from(bytes) * 10 / u128::from(unit)).unwrap_or(u64::MAX);
        let mut amount = Decimal::from(tenths);
        amount.multiply_pow10(-1);
        amount.trim_end();
        format!("{}\u{a0}{name}", self.figure(&amount))
    }

    /// Millionths, with no more decimals than there are.
    fn micro(&self, micro: u64) -> String {
        let mut amount = Decimal::from(micro);
        amount.multiply_pow10(MICRO.saturating_neg());
        amount.trim_end();
        self.figure(&amount)
    }

    fn figure(&self, amount: &Decimal) -> String {
        match &self.figures {
            Some(figures) => figures.format(amount).to_string(),
            None => amount.to_string(),
        }
    }
}

/// Where a locale puts the sign, as CLDR's standard patterns have it.
fn sign(tag: &Tag) -> Sign {
    let region = tag.id.region.map(|region| region.as_str().to_owned()).unwrap_or_default();
    match (tag.id.language.as_str(), region.as_str()) {
        ("de", "AT" | "CH" | "LI") | ("it" | "rm", "CH") | ("nl", _) => Sign::BeforeWithSpace,
        ("pt", "PT" | "AO" | "MZ" | "CV") => Sign::After,
        ("pt" | "id" | "ne" | "my", _) => Sign::BeforeWithSpace,
        ("es", "MX" | "US" | "PR" | "GT" | "HN" | "NI" | "SV" | "PA" | "DO" | "CL") => Sign::Before,
        ("es", "AR" | "BO" | "CO" | "CU" | "EC" | "PE" | "PY" | "UY" | "VE") => {
            Sign::BeforeWithSpace
        }
        (
            "en" | "ja" | "zh" | "ko" | "th" | "hi" | "bn" | "ta" | "te" | "mr" | "gu" | "kn"
            | "ml" | "pa" | "tr" | "fil" | "ga" | "cy" | "mt" | "zu" | "ms",
            _,
        ) => Sign::Before,
        _ => Sign::After,
    }
}

/// `14 March 2027, 09:30 UTC`, on the calendar and the clock of `zone`.
pub(crate) fn moment(at: Timestamp, zone: &ZoneName) -> String {
    format!("{}, {}", date(at, zone), clock(at, zone))
}

/// `09:30 UTC`, on the clock of `zone`.
pub(crate) fn clock(at: Timestamp, zone: &ZoneName) -> String {
    let zoned = at.to_jiff().to_zoned(zone.rules());
    let time = zoned.time();
    format!("{:02}:{:02} {}", time.hour(), time.minute(), zoned.strftime("%Z"))
}

/// `14 March`: within a year that is known.
pub(crate) fn day(at: Timestamp, zone: &ZoneName) -> String {
    let date = date(at, zone);
    date.rsplit_once(' ').map_or(date.clone(), |(day, _)| day.to_owned())
}

/// `14 Mar`, where there is little room.
pub(crate) fn short_day(at: Timestamp, zone: &ZoneName) -> String {
    let zoned = at.to_jiff().to_zoned(zone.rules());
    zoned.strftime("%-d %b").to_string()
}

/// For a `datetime` attribute.
pub(crate) fn machine(at: Timestamp) -> String {
    at.to_string()
}

/// What somebody else wrote, so that its direction doesn't spill over into our sentence.
pub(crate) fn isolated(text: &str) -> String {
    format!("\u{2068}{text}\u{2069}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locale(tag: &str) -> Locale {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, tag.parse().unwrap());
        Locale::of(&headers)
    }

    #[test]
    fn money_reads_as_the_reader_is_used_to() {
        let check = |tag: &str, minor, code: &str, expected: &str| {
            let money = Money::new(minor, code.parse().unwrap());
            assert_eq!(locale(tag).money(money).replace(['\u{a0}', '\u{202f}'], " "), expected);
        };
        check("en-US,en;q=0.9", 123_450, "USD", "$1,234.50");
        check("de-DE", 123_450, "EUR", "1.234,50 €");
        check("de", 123_450, "USD", "1.234,50 $");
        check("fr", 123_456_789, "EUR", "1 234 567,89 €");
        check("de-CH", 123_450, "CHF", "CHF 1'234.50");
        check("nl", -800, "EUR", "−€ 8,00");
        check("en-IN", 12_345_678_900, "INR", "INR 12,34,56,789.00");
        check("pt-BR", 123_450, "BRL", "BRL 1.234,50");
        check("ja", 2_900, "JPY", "¥2,900");
        check("en", 1_234, "KWD", "KWD 1.234");
        check("en", 7, "USD", "$0.07");
        check("ar-EG", 123_450, "EGP", "1,234.50 EGP");
        check("", 123_450, "USD", "$1,234.50");
        check("*", 123_450, "USD", "$1,234.50");
        check("nonsense of a browser", 5, "USD", "$0.05");
        check("en", i64::MIN, "USD", "−$92,233,720,368,547,758.08");
    }

    #[test]
    fn prices_have_no_empty_decimals() {
        let check = |tag: &str, minor, code: &str, expected: &str| {
            let money = Money::new(minor, code.parse().unwrap());
            assert_eq!(locale(tag).price(money).replace('\u{a0}', " "), expected);
        };
        check("en", 2_900, "USD", "$29");
        check("en", 214_900, "USD", "$2,149");
        check("en", 2_950, "USD", "$29.50");
        check("en", 0, "USD", "$0");
        check("de", 2_900, "EUR", "29 €");
        check("en", 2_900, "JPY", "¥2,900");
        check("en", 9_000, "KWD", "KWD 9");
        check("en", 9_010, "KWD", "KWD 9.010");
    }

    #[test]
    fn a_credit_has_a_price_too() {
        let check = |minor, code: &str, credits: &str, expected: &str| {
            let money = Money::new(minor, code.parse().unwrap());
            let shown = locale("en").per_credit(money, Credits::parse(credits).unwrap());
            assert_eq!(shown.as_deref().unwrap_or_default().replace('\u{a0}', " "), expected);
        };
        check(1_000, "USD", "100", "$0.10");
        check(2_500, "USD", "300", "$0.0833");
        check(7_500, "USD", "1000", "$0.075");
        check(15_000, "USD", "2500", "$0.06");
        check(100, "USD", "30000", "$0.000033");
        check(500, "JPY", "300", "¥1.6667");
        check(1_500, "KWD", "10", "KWD 0.150");
        check(1_500, "USD", "0", "");
    }

    #[test]
    fn credits_and_bytes_read_alike() {
        let (en, de) = (locale("en"), locale("de"));
        let check = |text: &str, expected: &str| {
            assert_eq!(en.credits(Credits::parse(text).unwrap()).replace('\u{a0}', " "), expected);
        };
        check("1", "1 credit");
        check("0", "0 credits");
        check("1250", "1,250 credits");
        check("0.25", "0.25 credits");
        check("-3000.000001", "−3,000.000001 credits");
        assert_eq!(de.number(Credits::parse("1250.5").unwrap()), "1.250,5");
        assert_eq!(en.movement(Credits::ONE), "+1");
        assert_eq!(en.movement(Credits::ZERO), "0");
        let bytes = |bytes| en.bytes(bytes).replace('\u{a0}', " ");
        assert_eq!(bytes(0), "0 bytes");
        assert_eq!(bytes(999_999), "999.9 KB");
        assert_eq!(bytes(2_000_000_000), "2 GB");
        assert_eq!(bytes(u64::MAX), "18,446,744 TB");
    }

    #[test]
    fn dates_are_those_of_the_account_s_zone() {
        let at: Timestamp = "2026-03-15T03:00:00Z".parse().unwrap();
        let zone = "America/New_York".parse().unwrap();
        assert_eq!(moment(at, &zone), "14 March 2026, 23:00 EDT");
        assert_eq!(day(at, &zone), "14 March");
        assert_eq!(short_day(at, &zone), "14 Mar");
        assert_eq!(moment(at, &ZoneName::utc()), "15 March 2026, 03:00 UTC");
    }
}
