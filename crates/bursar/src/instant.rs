//! Instants for people: RFC 3339 in UTC, as precise as is of use to them. JSON has all digits.

use bursar_core::time::Timestamp;

/// To the second: `2026-03-31T12:00:00Z`.
pub(crate) fn second(at: Timestamp) -> String {
    format!("{:.0}", at.to_jiff())
}

/// To the millisecond, always as wide: `2026-03-31T12:00:00.250Z`.
pub(crate) fn milli(at: Timestamp) -> String {
    format!("{:.3}", at.to_jiff())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_cut_and_not_rounded_into_the_next_period() {
        let at: Timestamp = "2026-12-31T23:59:59.9999Z".parse().unwrap();
        assert_eq!(second(at), "2026-12-31T23:59:59Z");
        assert_eq!(milli(at), "2026-12-31T23:59:59.999Z");
        assert_eq!(milli("2026-03-31T12:00:00Z".parse().unwrap()), "2026-03-31T12:00:00.000Z");
    }
}
