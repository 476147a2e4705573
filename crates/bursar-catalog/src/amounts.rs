//! Reads numbers with their units: credits, money, sizes, durations. Exactly, or not at all: no
//! number passes through a float.

use std::time::Duration;

use bursar_core::credits::{Credits, CreditsError};
use bursar_core::money::{Currency, Money, MoneyError};
use bursar_core::pricing::{Multiplier, Quantity, UnitPrice};

use crate::reader::Value;
use crate::words::{UNITS_OF_BYTES, in_words};

/// What a fixed-point number is for: how mistakes name it, and its range.
#[derive(Clone, Copy)]
struct Form {
    /// `an amount of credits`.
    what: &'static str,
    /// `a number such as 400`.
    example: &'static str,
    /// May it be 0?
    zero: bool,
    /// The most decimals, up to six.
    decimals: u32,
    /// The largest.
    most: Credits,
}

const fn form(what: &'static str, example: &'static str, zero: bool, most: i64) -> Form {
    let most = match Credits::from_whole(most) {
        Some(most) => most,
        None => Credits::MAX_AMOUNT,
    };
    Form { what, example, zero, decimals: 6, most }
}

const CREDITS: Form = form("an amount of credits", "a number such as 400", true, 1_000_000_000);
const UNIT_PRICE: Form =
    form("a price in credits", "a number such as 10 or \"0.3\"", true, 1_000_000);
const UNITS: Form = form("a number of units", "a number such as 3", false, 1_000_000_000);
const MULTIPLIER: Form = form("a multiplier", "a number such as 2 or \"1.25\"", true, 1_000);
const PERCENT: Form = form("a percentage", "a number from 0 to 100", true, 100);

impl Form {
    fn allows_decimals_of(self, number: Credits) -> bool {
        let unit = 10_i64.saturating_pow(6_u32.saturating_sub(self.decimals));
        number.micro() % unit == 0
    }
}

impl Value<'_> {
    /// An amount of credits from 0.
    pub(crate) fn credits(&self) -> Option<Credits> {
        self.fixed(CREDITS).map(|(credits, _)| credits)
    }

    /// An amount of credits above 0.
    pub(crate) fn some_credits(&self) -> Option<Credits> {
        self.fixed(Form { zero: false, ..CREDITS }).map(|(credits, _)| credits)
    }

    /// Credits per unit.
    pub(crate) fn unit_price(&self) -> Option<UnitPrice> {
        self.fixed(UNIT_PRICE)?.1.parse().ok()
    }

    /// A number of units above 0.
    pub(crate) fn quantity(&self) -> Option<Quantity> {
        self.fixed(UNITS)?.1.parse().ok()
    }

    /// A factor.
    pub(crate) fn multiplier(&self) -> Option<Multiplier> {
        self.fixed(MULTIPLIER)?.1.parse().ok()
    }

    /// A percentage in millionths of a percent.
    pub(crate) fn micro_percent(&self) -> Option<i64> {
        self.fixed(PERCENT).map(|(percent, _)| percent.micro())
    }

    /// A percentage in parts per million, so of at most four decimals.
    pub(crate) fn percent_ppm(&self) -> Option<u32> {
        let (percent, _) = self.fixed(Form { decimals: 4, ..PERCENT })?;
        u32::try_from(percent.micro() / 100).ok()
    }

    /// A decimal number of that form, as a number and as its text. Written as a TOML number or in
    /// quotes.
    fn fixed(&self, form: Form) -> Option<(Credits, String)> {
        let text = self.as_digits().or_else(|| self.as_str().map(str::to_owned));
        let given = self.quoted();
        let Some(text) = text else {
            self.wrong(format!("{given} is not {}", form.what), form.example);
            return None;
        };
        match Credits::parse(&text) {
            Ok(number) if number.is_negative() => {
                self.wrong(format!("{given} is negative"), form.example);
            }
            Ok(number) if number.is_zero() && !form.zero => {
                self.wrong(format!("{given} is too small"), "more than 0");
            }
            Ok(number) if number > form.most => {
                self.wrong(format!("{given} is too large"), format!("at most {}", form.most));
            }
            Ok(number) if form.allows_decimals_of(number) => return Some((number, text)),
            Err(CreditsError::TooLarge) => {
                self.wrong(format!("{given} is too large"), format!("at most {}", form.most));
            }
            Ok(_) | Err(CreditsError::TooPrecise) => {
                let decimals = format!("at most {} decimals", form.decimals);
                self.wrong(format!("{given} is too precise"), decimals);
            }
            Err(CreditsError::NotANumber) => {
                self.wrong(format!("{given} is not {}", form.what), form.example);
            }
        }
        None
    }

    /// A whole number from `least` to `most`.
    pub(crate) fn whole(&self, least: u32, most: u32) -> Option<u32> {
        let number = self.as_digits().and_then(|digits| digits.parse().ok());
        if let Some(number) = number.filter(|number| (least..=most).contains(number)) {
            return Some(number);
        }
        let message = format!("{} is not a whole number in range", self.quoted());
        self.wrong(message, format!("a whole number from {least} to {most}"));
        None
    }

    /// Days after the event of that name, each after the one before.
    pub(crate) fn ascending_days(
        &self,
        event: &str,
        read: impl Fn(&Self) -> Option<u32>,
    ) -> Option<Vec<u32>> {
        let elements = self.list()?;
        let days: Vec<Option<u32>> = elements.iter().map(read).collect();
        let pairs = days.iter().zip(days.iter().skip(1)).zip(elements.iter().skip(1));
        for ((before, day), value) in pairs {
            if let (Some(before), Some(day)) = (before, day)
                && day <= before
            {
                let message = format!("day {day} is not after day {before}");
                value.wrong(message, format!("days after {event}, ascending"));
            }
        }
        days.into_iter().collect()
    }

    /// An amount of money from 0. Without a currency (it has a mistake of its own) only what no
    /// currency would take is reported.
    pub(crate) fn money(&self, currency: Option<Currency>) -> Option<Money> {
        let assumed = currency.unwrap_or(Currency::USD);
        let given = self.quoted();
        let example = money_example(assumed);
        if self.is_float() {
            let message = format!("{given} is a floating-point number, and money is exact");
            let digits = self.as_digits().unwrap_or_default();
            let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            self.wrong(message, if plain { format!("{digits:?}") } else { example.to_owned() });
            return None;
        }
        let text = self.as_digits().or_else(|| self.as_str().map(str::to_owned));
        match text.map(|text| Money::parse(&text, assumed)) {
            Some(Ok(money)) if money.amount < 0 => {
                self.wrong(format!("{given} is negative"), format!("a price such as {example}"));
            }
            Some(Ok(money)) => return currency.map(|_| money),
            Some(Err(MoneyError::TooPrecise { .. })) if currency.is_none() => {}
            Some(Err(MoneyError::TooPrecise { currency, decimals })) => {
                let message = format!("{given} has too many decimals for {currency}");
                self.wrong(message, format!("at most {decimals} decimals, such as {example}"));
            }
            Some(Err(MoneyError::TooLarge)) => {
                self.wrong(format!("{given} is too large"), "at most 1000000000000");
            }
            Some(Err(MoneyError::NotANumber)) | None => {
                let message = format!("{given} is not an amount of money");
                self.wrong(message, format!("a number such as {example}"));
            }
        }
        None
    }

    /// An amount of money above 0.
    pub(crate) fn some_money(&self, currency: Option<Currency>) -> Option<Money> {
        let money = self.money(currency)?;
        if money.amount == 0 {
            self.wrong(format!("{} is too small", self.quoted()), "more than 0");
            return None;
        }
        Some(money)
    }

    /// A number of bytes, such as `"2 GB"`; 1 GB = 10^9 bytes.
    pub(crate) fn bytes(&self) -> Option<u64> {
        let example = "a size in B, KB, MB, GB or TB, such as \"2 GB\"";
        let given = self.quoted();
        match self.as_str().map_or(Err(SizeError::NotASize), parse_size) {
            Ok(bytes) => return Some(bytes),
            Err(SizeError::NotASize) => self.wrong(format!("{given} is not a size"), example),
            Err(SizeError::Negative) => self.wrong(format!("{given} is negative"), example),
            Err(SizeError::TooLarge) => {
                self.wrong(format!("{given} is too large"), "at most 1000000 TB");
            }
            Err(SizeError::NotWhole) => {
                self.wrong(format!("{given} is not a whole number of bytes"), example);
            }
        }
        None
    }

    /// A length of time in whole seconds from `least` to `most`, such as `"15m"`; a day is 24 hours.
    pub(crate) fn duration(&self, least: Duration, most: Duration) -> Option<Duration> {
        let example = "a length of time such as \"15m\", \"24h\" or \"30d\"";
        let given = self.quoted();
        let Some(span) = self.as_str().and_then(|text| text.parse::<jiff::Span>().ok()) else {
            self.wrong(format!("{given} is not a length of time"), example);
            return None;
        };
        let Ok(signed) = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()) else {
            self.wrong(format!("{given} differs from month to month"), example);
            return None;
        };
        let Ok(duration) = Duration::try_from(signed) else {
            self.wrong(format!("{given} is negative"), example);
            return None;
        };
        if duration.subsec_nanos() != 0 {
            self.wrong(format!("{given} is not a whole number of seconds"), example);
            return None;
        }
        if duration < least || duration > most {
            let range = format!("from {} to {}", in_words(least), in_words(most));
            self.wrong(format!("{given} is out of range"), range);
            return None;
        }
        Some(duration)
    }
}

/// Why a text is not a size.
enum SizeError {
    NotASize,
    Negative,
    TooLarge,
    NotWhole,
}

const MOST_BYTES: u128 = 1_000_000_000_000_000_000;

/// Reads a number and a unit, exactly.
fn parse_size(text: &str) -> Result<u64, SizeError> {
    let (number, unit) = text.trim().split_once(' ').ok_or(SizeError::NotASize)?;
    let unit = (UNITS_OF_BYTES.iter())
        .find(|(name, _)| *name == unit.trim())
        .map(|(_, bytes)| u128::from(*bytes))
        .ok_or(SizeError::NotASize)?;
    let micro = match (number.parse::<u64>(), Credits::parse(number)) {
        // Whole numbers may be larger than any amount of credits.
        (Ok(whole), _) => u128::from(whole).saturating_mul(1_000_000),
        (_, Ok(number)) if number.is_negative() => return Err(SizeError::Negative),
        (_, Ok(number)) => u128::from(number.micro().unsigned_abs()),
        (_, Err(CreditsError::TooLarge)) => return Err(SizeError::TooLarge),
        (_, Err(CreditsError::TooPrecise)) => return Err(SizeError::NotWhole),
        (_, Err(CreditsError::NotANumber)) => return Err(SizeError::NotASize),
    };
    let micro_bytes = micro.saturating_mul(unit);
    if !micro_bytes.is_multiple_of(1_000_000) {
        return Err(SizeError::NotWhole);
    }
    let bytes = micro_bytes / 1_000_000;
    if bytes > MOST_BYTES {
        return Err(SizeError::TooLarge);
    }
    u64::try_from(bytes).map_err(|_| SizeError::TooLarge)
}

fn money_example(currency: Currency) -> &'static str {
    match currency.exponent() {
        0 => "2900",
        3 => "\"29.000\"",
        _ => "\"29.00\"",
    }
}
