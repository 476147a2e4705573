//! Numbers and times as JSON has them.

use bursar_core::credits::Credits;
use bursar_core::time::Timestamp;
use serde_json::Value;

/// Credits as a plain number: whole ones as integers.
pub(crate) fn credits(credits: Credits) -> Value {
    number(&credits.to_string())
}

/// A plain decimal number; as text if JSON's readers would not read it back exactly.
pub(crate) fn number(decimal: &str) -> Value {
    if let Ok(whole) = decimal.parse::<i64>() {
        return whole.into();
    }
    let exact = decimal.parse::<f64>().ok().filter(|float| float.to_string() == decimal);
    exact.map_or_else(|| decimal.into(), Value::from)
}

/// RFC 3339.
pub(crate) fn time(at: Timestamp) -> Value {
    at.to_string().into()
}

/// RFC 3339, or null.
pub(crate) fn time_or_null(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_or_text() {
        let written = |text: &str| number(text).to_string();
        assert_eq!(written("80"), "80");
        assert_eq!(written("-0.25"), "-0.25");
        assert_eq!(written("9223372036854.775807"), "\"9223372036854.775807\"");
    }
}
