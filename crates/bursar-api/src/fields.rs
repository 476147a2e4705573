//! Request bodies, field by field: exact numbers, no unknown fields, and refusals that name the
//! field and what was expected.
//!
//! Values are kept as their source text until a field is asked for as something, so a number is
//! never rounded on the way in.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use bursar_core::credits::Credits;
use bursar_core::money::Money;
use bursar_core::pricing::Quantity;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::problem::{Code, Problem};
use crate::redact::without_card_numbers;

/// The fields of a JSON object. What has been asked for is known; the rest is refused.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    /// `None` once a field was taken.
    pairs: Vec<Option<(Cow<'a, str>, &'a RawValue)>>,
    known: Vec<&'static str>,
    /// What stands before the names of a nested object's fields: `attributes.`.
    within: String,
}

/// A JSON string, borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The object as it comes, duplicates included.
struct Pairs<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::with_capacity(8);
                while let Some(Text(name)) = map.next_key()? {
                    pairs.push((name, map.next_value()?));
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

impl<'a> Fields<'a> {
    /// Reads a body; an empty one is an empty object.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(body).map_err(|error| {
            let place = error.valid_up_to();
            Problem::new(Code::MalformedJson, format!("The body is not UTF-8 at byte {place}."))
        })?;
        if text.trim_ascii().is_empty() {
            return Self::of(Vec::new(), String::new());
        }
        let pairs: Pairs<'a> =
            serde_json::from_str(text).map_err(|error| unreadable(text, &error))?;
        Self::of(pairs.0, String::new())
    }

    /// Reads a part of a body that stands for itself.
    pub(crate) fn part(raw: &'a RawValue) -> Result<Self, Problem> {
        let pairs: Pairs<'a> = serde_json::from_str(raw.get()).map_err(|_| {
            let given = shortened(raw.get());
            let detail = format!("An operation must be a JSON object; it is {given}.");
            Problem::new(Code::InvalidRequest, detail)
        })?;
        Self::of(pairs.0, String::new())
    }

    /// Reads an object within a body.
    fn within(raw: &'a RawValue, name: &str) -> Result<Self, Problem> {
        let pairs: Pairs<'a> =
            serde_json::from_str(raw.get()).map_err(|_| unexpected(name, "an object", raw))?;
        Self::of(pairs.0, format!("{name}."))
    }

    fn of(pairs: Vec<(Cow<'a, str>, &'a RawValue)>, within: String) -> Result<Self, Problem> {
        let mut names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_ref()).collect();
        names.sort_unstable();
        let twice = names.windows(2).find_map(|pair| match pair {
            [first, second] if first == second => Some((*first).to_owned()),
            _ => None,
        });
        if let Some(name) = twice {
            let name = format!("{within}{name}");
            let detail = format!("The field `{name}` is given twice.");
            return Err(Problem::invalid(&name, detail));
        }
        Ok(Self { pairs: pairs.into_iter().map(Some).collect(), known: Vec::new(), within })
    }

    /// The value of a field as it is written; `None` if it is absent or null.
    pub(crate) fn raw(&mut self, name: &'static str) -> Option<&'a RawValue> {
        self.known.push(name);
        let is_it = |pair: &&mut Option<(Cow<'a, str>, &'a RawValue)>| {
            pair.as_ref().is_some_and(|(given, _)| given == name)
        };
        let (_, raw) = self.pairs.iter_mut().find(is_it)?.take()?;
        (raw.get() != "null").then_some(raw)
    }

    /// A field that is read by `read`, and is otherwise refused with what is `expected`.
    fn read<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(&'a RawValue) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        self.read_or(name, read, || expected.to_owned())
    }

    /// The same, where what is expected is only put into words if it has to be said.
    fn read_or<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'a RawValue) -> Option<T>,
        expected: impl FnOnce() -> String,
    ) -> Result<Option<T>, Problem> {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        read(raw)
            .map(Some)
            .ok_or_else(|| unexpected(&format!("{}{name}", self.within), &expected(), raw))
    }

    /// A text.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<Cow<'a, str>>, Problem> {
        self.read(name, "a text", text)
    }

    /// A text that means something: an id, a time, a reason.
    pub(crate) fn parsed<T>(&mut self, name: &'static str) -> Result<Option<T>, Problem>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        let name = format!("{}{name}", self.within);
        let given = text(raw).ok_or_else(|| unexpected(&name, "a text", raw))?;
        let problem = |error: T::Err| {
            Problem::invalid(&name, format!("`{name}` is {}: {error}.", shortened(raw.get())))
        };
        given.parse().map(Some).map_err(problem)
    }

    /// A name that the payment provider gave. What was sent in its place isn't repeated: it may be
    /// a card number.
    pub(crate) fn reference<T>(&mut self, name: &'static str) -> Result<Option<T>, Problem>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        let refused = |why: &dyn fmt::Display| {
            Problem::invalid(name, format!("`{name}` is not usable: {why}."))
        };
        let given = text(raw).ok_or_else(|| refused(&"it must be a text"))?;
        given.parse().map(Some).map_err(|error| refused(&error))
    }

    /// Texts, each of which means something.
    pub(crate) fn list<T>(&mut self, name: &'static str) -> Result<Option<Vec<T>>, Problem>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let texts = self.read(name, "a list of texts", |raw| {
            serde_json::from_str::<Vec<Text<'_>>>(raw.get()).ok()
        })?;
        let read = |Text(text): &Text<'_>| {
            text.parse::<T>().map_err(|error| {
                let given = shortened(text);
                Problem::invalid(name, format!("`{name}` has {given:?}: {error}."))
            })
        };
        texts.map(|texts| texts.iter().map(read).collect()).transpose()
    }

    /// Money, in minor units: 0 or more.
    pub(crate) fn money(&mut self, name: &'static str) -> Result<Option<Money>, Problem> {
        let Some(mut money) = self.object(name)? else {
            return Ok(None);
        };
        let expected = "a whole number of minor units from 0 to 1000000000000";
        let amount = money.read("amount", expected, |raw| {
            raw.get().parse().ok().filter(|amount| (0..=1_000_000_000_000_i64).contains(amount))
        })?;
        let currency = money.parsed("currency")?;
        let read =
            Money::new(money.required("amount", amount)?, money.required("currency", currency)?);
        money.finish()?;
        Ok(Some(read))
    }

    /// A whole number from 0, and of 63 bits: what callers read as a signed number is theirs to send, too.
    pub(crate) fn count(&mut self, name: &'static str) -> Result<Option<u64>, Problem> {
        let expected = "a whole number from 0 to 9223372036854775807";
        self.read(name, expected, |raw| {
            raw.get().parse().ok().filter(|count| i64::try_from(*count).is_ok())
        })
    }

    /// Credits within bounds; `expected` says which.
    pub(crate) fn credits(
        &mut self,
        name: &'static str,
        expected: &str,
        fits: impl FnOnce(Credits) -> bool,
    ) -> Result<Option<Credits>, Problem> {
        let bounds = "with at most 6 decimals and at most 1000000000";
        let expected = || format!("a plain number {expected} {bounds}, such as 80 or 0.25");
        self.read_or(name, |raw| Credits::parse(raw.get()).ok().filter(|it| fits(*it)), expected)
    }

    /// A number of units.
    pub(crate) fn units(&mut self, name: &'static str) -> Result<Option<Quantity>, Problem> {
        let expected = "a number above 0 with at most 6 decimals and at most 1000000000";
        self.read(name, expected, |raw| raw.get().parse().ok())
    }

    /// A whole number above zero.
    pub(crate) fn whole(&mut self, name: &'static str) -> Result<Option<u64>, Problem> {
        let positive = |raw: &RawValue| raw.get().parse().ok().filter(|number| *number > 0);
        self.read(name, "a whole number above 0", positive)
    }

    /// True or false.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, Problem> {
        self.read(name, "true or false", |raw| raw.get().parse().ok())
    }

    /// An object of its own.
    pub(crate) fn object(&mut self, name: &'static str) -> Result<Option<Self>, Problem> {
        let Some(raw) = self.raw(name) else {
            return Ok(None);
        };
        Self::within(raw, &format!("{}{name}", self.within)).map(Some)
    }

    /// All that is left, as name and text: the attributes of an operation.
    pub(crate) fn rest(&mut self) -> Result<Vec<(String, String)>, Problem> {
        let within = &self.within;
        let left = self.pairs.iter_mut().filter_map(Option::take);
        let attribute = |(name, raw): (Cow<'a, str>, &'a RawValue)| match text(raw) {
            Some(value) => Ok((name.into_owned(), value.into_owned())),
            None => {
                let expected = "an attribute of the operation, whose value is a text";
                Err(unexpected(&format!("{within}{name}"), expected, raw))
            }
        };
        left.map(attribute).collect()
    }

    /// That nothing is left.
    ///
    /// # Errors
    /// The first field that is not known, with those that are.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let Some((name, _)) = self.pairs.into_iter().flatten().next() else {
            return Ok(());
        };
        let name = format!("{}{name}", self.within);
        let known = match self.known.as_slice() {
            [] => "there are none here".to_owned(),
            known => format!("there are {}", known.join(", ")),
        };
        let detail = format!("Unknown field `{name}`; {known}.");
        Err(Problem::invalid(&name, detail).with(|members| {
            members.known = self.known.iter().map(|&name| name.to_owned()).collect();
        }))
    }

    /// A field that must be there.
    pub(crate) fn required<T>(&self, name: &str, value: Option<T>) -> Result<T, Problem> {
        value.ok_or_else(|| {
            let name = format!("{}{name}", self.within);
            Problem::invalid(&name, format!("The field `{name}` is missing."))
        })
    }
}

fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|Text(text)| text)
}

fn unexpected(name: &str, expected: &str, raw: &RawValue) -> Problem {
    let given = shortened(raw.get());
    Problem::invalid(name, format!("`{name}` must be {expected}; it is {given}."))
}

/// The beginning of a value, for refusals.
fn shortened(text: &str) -> String {
    const MOST: usize = 60;
    let text = without_card_numbers(text);
    let mut start: String = text.chars().take(MOST).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

/// A body that serde can't read: not JSON, or not an object.
fn unreadable(body: &str, error: &serde_json::Error) -> Problem {
    if let Some((field, word)) = not_a_number(body, error) {
        let detail = format!("`{field}` must be a plain number; {word} is none.");
        return Problem::invalid(&field, detail);
    }
    if error.is_data() {
        return Problem::new(Code::InvalidRequest, "The body must be a JSON object.");
    }
    Problem::new(Code::MalformedJson, format!("The body is not JSON: {error}."))
}

/// The field that holds `NaN` or an infinity where the error is. Some writers of JSON put them out;
/// what is wrong is the value, so the refusal names the field.
fn not_a_number(body: &str, error: &serde_json::Error) -> Option<(String, &'static str)> {
    let words = ["NaN", "Infinity", "-Infinity", "nan", "inf", "-inf"];
    let before = body.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len);
    let place = before.sum::<usize>().saturating_add(error.column());
    // The error is at the word's first letter or, after a sign, at its second.
    (0..=2_usize).find_map(|back| {
        let (head, tail) = body.split_at_checked(place.checked_sub(back)?)?;
        let word = words.into_iter().find(|word| tail.starts_with(word))?;
        let name = head.trim_ascii_end().strip_suffix(':')?.trim_ascii_end().strip_suffix('"')?;
        Some((name.rsplit('"').next()?.to_owned(), word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(problem: Problem) -> (Code, String) {
        (problem.code, problem.detail)
    }

    fn credits(body: &str) -> Result<Option<Credits>, (Code, String)> {
        let mut fields = Fields::parse(body.as_bytes()).map_err(refusal)?;
        let credits = fields.credits("credits", "above 0", Credits::is_positive);
        fields.finish().map_err(refusal)?;
        credits.map_err(refusal)
    }

    #[test]
    fn credits_are_read_from_their_source_text() {
        let micro = |text: &str| credits(text).unwrap().unwrap().micro();
        assert_eq!(micro(r#"{"credits": 0.000001}"#), 1);
        assert_eq!(micro(r#"{"credits": 999999999.999999}"#), 999_999_999_999_999);
        assert_eq!(micro(r#"{"credits": 1e3}"#), 1_000_000_000);
        assert_eq!(credits(r#"{"credits": null}"#), Ok(None));
        assert_eq!(credits("  "), Ok(None));
    }

    #[test]
    fn refused_credits_name_the_field() {
        for value in ["1e30", "-1", "0", "0.0000001", "\"80\"", "NaN", "-Infinity", "[]", "true"] {
            let (code, detail) = credits(&format!("{{\n \"credits\": {value}}}")).unwrap_err();
            assert_eq!(code, Code::InvalidRequest, "{value}: {detail}");
            assert!(detail.starts_with("`credits` must be a plain number"), "{value}: {detail}");
        }
    }

    #[test]
    fn bodies_that_are_not_objects() {
        let check = |body: &[u8], expected: Code| {
            let (code, detail) = refusal(Fields::parse(body).unwrap_err());
            assert_eq!(code, expected, "{detail}");
        };
        check(b"[1, 2]", Code::InvalidRequest);
        check(b"7", Code::InvalidRequest);
        check(b"{\"credits\": 1", Code::MalformedJson);
        check(b"{\"credits\": 1}}", Code::MalformedJson);
        check(b"{'credits': 1}", Code::MalformedJson);
        check(b"{\"credits\": \xff}", Code::MalformedJson);
        check(b"{\"credits\": 1, \"credits\": 2}", Code::InvalidRequest);
    }

    #[test]
    fn an_unknown_field_is_named_with_those_that_are_known() {
        let (_, detail) = credits(r#"{"credits": 1, "credit": 2}"#).unwrap_err();
        assert_eq!(detail, "Unknown field `credit`; there are credits.");
    }
}
