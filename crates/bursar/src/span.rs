//! Lengths of time on the command line: `30d`, `24h`, `90 minutes`, `P7D`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// Reads a length of time in the friendly or the ISO 8601 form. A day has 24 hours; months and years
/// have no fixed length and are refused.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let expected = || format!("{text:?} is not a length of time such as 30d, 24h or 15m");
    let span: Span = text.trim().parse().map_err(|_| expected())?;
    let length = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| format!("{text:?} has no fixed length: write days, as in 30d"))?;
    length.try_into().map_err(|_| expected())
}

/// A length of time in words: `30 days`, `24 hours`, `90 seconds`.
pub(crate) fn words(length: Duration) -> String {
    let seconds = length.as_secs();
    let (count, unit) = match seconds {
        s if s > 86_400 && s.is_multiple_of(86_400) => (s / 86_400, "day"),
        s if s >= 3_600 && s.is_multiple_of(3_600) => (s / 3_600, "hour"),
        s if s >= 60 && s.is_multiple_of(60) => (s / 60, "minute"),
        s => (s, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_and_written() {
        let hours = |hours: u64| Ok(Duration::from_secs(hours * 3_600));
        assert_eq!(parse("30d"), hours(720));
        assert_eq!(parse("24h"), hours(24));
        assert_eq!(parse("P7D"), hours(168));
        for wrong in ["", "30", "1mo", "-1h", "soon"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(words(Duration::from_secs(7 * 86_400)), "7 days");
        assert_eq!(words(Duration::from_secs(86_400)), "24 hours");
        assert_eq!(words(Duration::from_secs(61)), "61 seconds");
    }
}
