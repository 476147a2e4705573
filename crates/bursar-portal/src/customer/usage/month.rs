//! A month of the calendar, on which usage is looked at.

use bursar_core::readable;
use bursar_core::time::{Timestamp, ZoneName};
use jiff::Span;
use jiff::civil::Date;

/// A month of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Month {
    /// Its first day.
    first: Date,
}

impl Month {
    /// The month that `at` is in.
    pub(crate) fn of(at: Timestamp, zone: &ZoneName) -> Self {
        let date = at.to_jiff().to_zoned(zone.rules()).date();
        Self { first: date.first_of_month() }
    }

    /// Reads `2026-03`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let is_plain = year.len() == 4 && month.len() == 2;
        let first = Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok()?;
        is_plain.then_some(Self { first })
    }

    /// `2026-03`
    pub(crate) fn key(self) -> String {
        format!("{:04}-{:02}", self.first.year(), self.first.month())
    }

    /// `March 2026`
    pub(crate) fn name(self) -> String {
        let noon = self.instant(self.first);
        let text = readable::date(noon, &ZoneName::utc());
        text.split_once(' ').map_or(text.clone(), |(_, month)| month.to_owned())
    }

    /// Its first instant.
    pub(crate) fn start(self, zone: &ZoneName) -> Timestamp {
        begin(self.first, zone)
    }

    /// The first instant after it.
    pub(crate) fn end(self, zone: &ZoneName) -> Timestamp {
        begin(self.next().first, zone)
    }

    /// Its days.
    pub(crate) fn days(self) -> usize {
        usize::try_from(self.first.days_in_month()).unwrap_or(31)
    }

    /// Which of its days `at` is on, from 0.
    pub(crate) fn day_of(self, at: Timestamp, zone: &ZoneName) -> usize {
        let day = at.to_jiff().to_zoned(zone.rules()).date().day();
        usize::try_from(day).unwrap_or(1).saturating_sub(1)
    }

    /// The month after.
    pub(crate) fn next(self) -> Self {
        Self { first: self.moved(1) }
    }

    /// The month before.
    pub(crate) fn before(self) -> Self {
        Self { first: self.moved(-1) }
    }

    fn moved(self, months: i32) -> Date {
        let moved = Span::new().try_months(months).and_then(|span| self.first.checked_add(span));
        moved.unwrap_or(self.first)
    }

    fn instant(self, date: Date) -> Timestamp {
        begin(date, &ZoneName::utc())
    }
}

/// When a day begins, which is not midnight where clocks jump over it.
fn begin(date: Date, zone: &ZoneName) -> Timestamp {
    let start = date.to_zoned(zone.rules()).and_then(|day| day.start_of_day());
    start.map_or(Timestamp::MAX, |start| Timestamp::from_jiff(start.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_those_of_the_account_s_zone() {
        let zone: ZoneName = "Pacific/Auckland".parse().unwrap();
        let at: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        let month = Month::of(at, &zone);
        assert_eq!((month.key().as_str(), month.name().as_str()), ("2026-02", "February 2026"));
        assert_eq!(month.start(&zone).to_string(), "2026-01-31T11:00:00Z");
        assert_eq!(month.day_of(at, &zone), 0);
        assert_eq!(month.days(), 28);
        assert_eq!(month.before().before().key(), "2025-12");
        assert_eq!(month.end(&zone), month.next().start(&zone));
    }

    #[test]
    fn what_is_no_month_is_refused() {
        for text in ["", "2026", "2026-13", "2026-00", "26-01", "2026-1", "-2026-01", "2026-01-01"]
        {
            assert_eq!(Month::parse(text), None, "{text}");
        }
        assert_eq!(Month::parse("2026-12").unwrap().next().key(), "2027-01");
    }
}
