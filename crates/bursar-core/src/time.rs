//! Instants, periods and the calendar. Nothing here reads a clock.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

/// An instant in UTC, in microseconds since 1970-01-01T00:00:00Z.
///
/// Read from text between 1970 and [`Timestamp::MAX`].
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(i64);

/// Why a text is not an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time is RFC 3339, such as 2026-03-31T12:00:00Z")]
pub struct TimestampError;

const MICROS_PER_SECOND: i64 = 1_000_000;

impl Timestamp {
    /// The last instant that calendar arithmetic reaches: 9999-01-01T00:00:00Z.
    pub const MAX: Self = Self(253_370_764_800 * MICROS_PER_SECOND);

    /// As far as a test clock goes: 9000-01-01T00:00:00Z. Far enough from [`Timestamp::MAX`] that every
    /// period that begins before it has an end.
    pub const CLOCK_MAX: Self = Self(221_845_392_000 * MICROS_PER_SECOND);

    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch; 0 before it.
    pub fn unix_millis(self) -> u64 {
        u64::try_from(self.0 / 1_000).unwrap_or(0)
    }

    /// Later by `duration`, at most [`Timestamp::MAX`].
    pub fn after(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(micros)).min(Self::MAX)
    }

    /// Earlier by `duration`.
    pub fn before(self, duration: Duration) -> Self {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(micros))
    }

    /// How long since `earlier`; zero if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// As the calendar library's instant.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }

    /// From the calendar library's instant, rounded down to the microsecond.
    pub fn from_jiff(instant: jiff::Timestamp) -> Self {
        Self(instant.as_microsecond())
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let instant: jiff::Timestamp = text.parse().map_err(|_| TimestampError)?;
        let at = Self::from_jiff(instant);
        if at <= Self::MAX && at.0 >= 0 { Ok(at) } else { Err(TimestampError) }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.to_jiff(), f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An IANA time zone by name, such as `UTC` or `Europe/Berlin`: the calendar an account is billed
/// by. Known to the bundled time zone database when parsed.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ZoneName(Arc<str>);

/// Why a text is not a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a time zone is an IANA name, such as UTC, Europe/Berlin or America/New_York")]
pub struct ZoneError;

impl ZoneName {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self(Arc::from("UTC"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The rules of the zone, from the bundled database so that every node computes the same
    /// periods whatever its operating system has installed.
    pub fn rules(&self) -> TimeZone {
        if &*self.0 == "UTC" {
            return TimeZone::UTC;
        }
        TimeZoneDatabase::bundled().get(&self.0).unwrap_or(TimeZone::UTC)
    }
}

impl FromStr for ZoneName {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, ZoneError> {
        let zone = TimeZoneDatabase::bundled().get(text).map_err(|_| ZoneError)?;
        zone.iana_name().map(|name| Self(Arc::from(name))).ok_or(ZoneError)
    }
}

impl From<String> for ZoneName {
    /// Without a check: for what the journal says, which was checked when it was written.
    fn from(name: String) -> Self {
        Self(Arc::from(name))
    }
}

impl From<ZoneName> for String {
    fn from(zone: ZoneName) -> Self {
        Self::from(zone.as_str())
    }
}

impl fmt::Display for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// Where the months of a subscription are counted from: an instant, read on the wall clock of a
/// time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The instant of month 0.
    pub at: Timestamp,
    /// Whose calendar.
    pub zone: ZoneName,
}

impl Anchor {
    /// The instant `months` months after the anchor: the same wall-clock time on the same day of
    /// the month, or on the month's last day where it has fewer days. Always computed from the
    /// anchor, so a short month does not shorten the ones after it: 31 Jan, 28 Feb, 31 Mar.
    ///
    /// A wall-clock time that a DST change skips or repeats is read as the instant before the
    /// change's gap is added, or the first of the two.
    pub fn month(&self, months: u32) -> Timestamp {
        if months == 0 {
            // Of a wall-clock time that occurs twice, month 0 is the one that was meant.
            return self.at;
        }
        let zone = self.zone.rules();
        let anchor = self.at.to_jiff().to_zoned(zone.clone()).datetime();
        jiff::Span::new()
            .try_months(months)
            .and_then(|span| anchor.checked_add(span))
            .and_then(|local| zone.to_timestamp(local))
            .map_or(Timestamp::MAX, Timestamp::from_jiff)
    }

    /// The period of `length` months that starts `offset` months after the anchor.
    pub fn period(&self, offset: u32, length: u32) -> Period {
        let start = self.month(offset);
        // Never empty, also where the calendar ends: time has to go on.
        let end =
            self.month(offset.saturating_add(length)).max(Timestamp(start.0.saturating_add(1)));
        Period { offset, start, end }
    }
}

/// A half-open stretch of time `[start, end)` between two months of an [`Anchor`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Months from the anchor to the start.
    pub offset: u32,
    /// The first instant in it.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Period {
    /// Is `at` in it?
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// What is left of it at `now`, as a fraction of its length in whole seconds: (left, whole), both
    /// positive while `now` is in it. A second that has begun is still left.
    pub fn remaining(&self, now: Timestamp) -> (i64, i64) {
        let seconds = |from: Timestamp, to: Timestamp| {
            to.0.saturating_sub(from.0).div_euclid(MICROS_PER_SECOND)
        };
        let whole = seconds(self.start, self.end).max(1);
        let gone = seconds(self.start, now.max(self.start));
        (whole.saturating_sub(gone).max(0), whole)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;

    fn months(zone: &str, from: &str, count: u32) -> Vec<String> {
        let anchor = Anchor { at: from.parse().unwrap(), zone: zone.parse().unwrap() };
        (0..count).map(|k| anchor.month(k).to_string()).collect()
    }

    #[test]
    fn a_short_month_does_not_shorten_the_next() {
        assert_eq!(
            months("UTC", "2027-12-31T10:00:00Z", 5),
            [
                "2027-12-31T10:00:00Z",
                "2028-01-31T10:00:00Z",
                "2028-02-29T10:00:00Z",
                "2028-03-31T10:00:00Z",
                "2028-04-30T10:00:00Z",
            ]
        );
    }

    #[test]
    fn the_wall_clock_stays_across_a_dst_change() {
        assert_eq!(
            months("Europe/Berlin", "2026-02-28T23:30:00Z", 3),
            ["2026-02-28T23:30:00Z", "2026-03-31T22:30:00Z", "2026-04-30T22:30:00Z"]
        );
    }

    #[test]
    fn the_end_of_the_calendar_is_no_panic_and_no_empty_period() {
        let anchor = Anchor { at: Timestamp::MAX, zone: ZoneName::utc() };
        for (offset, length) in [(0, 12), (u32::MAX - 1, 12), (239_976, 1)] {
            let period = anchor.period(offset, length);
            assert!(period.start < period.end);
        }
        assert_eq!(Timestamp::CLOCK_MAX.to_string(), "9000-01-01T00:00:00Z");
    }

    proptest::proptest! {
        #[test]
        fn periods_tile(
            start in 0_i64..2_000_000_000,
            length in proptest::sample::select(&[1_u32, 12][..]),
            zone in proptest::sample::select(
                &["UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"][..]
            ),
        ) {
            let at = Timestamp::from_micros(start * 1_000_000);
            let anchor = Anchor { at, zone: zone.parse().unwrap() };
            let mut expected = anchor.month(0);
            for k in 0..24 {
                let period = anchor.period(k * length, length);
                proptest::prop_assert_eq!(period.start, expected);
                proptest::prop_assert!(period.start < period.end);
                expected = period.end;
            }
        }
    }
}
