//! What was agreed with a customer, and when months begin.

use bursar_core::account::event::Event;
use bursar_core::account::state::Terms;
use bursar_core::catalog::Interval;
use bursar_core::time::Timestamp;

use super::prices;

const DAY_MICROS: i64 = 86_400_000_000;

/// A subscription, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Contract {
    /// The plan in force.
    pub(crate) plan: Option<String>,
    /// Bytes that may be stored.
    pub(crate) storage_bytes: u64,
    /// Has a subscription ended, and none begun since?
    pub(crate) ended: bool,
    allowance_micro: i64,
    anchor: Option<Timestamp>,
    /// The last month whose allowance was issued, counted from the anchor.
    last_month: Option<u32>,
}

impl Contract {
    pub(super) fn take(&mut self, at: Timestamp, event: &Event) -> Result<(), String> {
        match event {
            Event::SubscriptionStarted { plan, interval, terms, anchor, .. } => {
                ensure!(self.plan.is_none(), "starts beside another subscription");
                ensure!(anchor.at == at, "begins at {}", anchor.at);
                self.last_month = None;
                self.agree(plan.as_str(), *interval, terms, anchor.at)
            }
            Event::PlanChanged { from, plan, interval, terms, anchor, .. } => {
                ensure!(self.plan.as_deref() == Some(from.as_str()), "had {:?}", self.plan);
                if self.anchor != Some(anchor.at) || anchor.at == at {
                    self.last_month = None;
                }
                self.agree(plan.as_str(), *interval, terms, anchor.at)
            }
            Event::SubscriptionEnded { .. } => {
                ensure!(self.plan.is_some(), "ends without having begun");
                *self = Self { ended: true, ..Self::default() };
                Ok(())
            }
            Event::AllowanceIssued { credits, period, plan, .. } => {
                ensure!(self.plan.as_deref() == Some(plan.as_str()), "has {:?}", self.plan);
                let micro = credits.micro();
                ensure!(micro == self.allowance_micro, "the plan has {}", self.allowance_micro);
                let anchor = self.anchor.ok_or("an allowance without a subscription")?;
                let month = period.offset;
                ensure!(self.last_month.is_none_or(|last| month > last), "month {month} again");
                self.last_month = Some(month);
                let start = month_after(anchor, month);
                ensure!(period.start == start, "month {month} begins at {start}");
                let end = month_after(anchor, month.saturating_add(1));
                ensure!(period.end == end, "month {month} ends at {end}");
                ensure!(at >= start, "comes before its month");
                Ok(())
            }
            Event::HoldPlaced { .. } | Event::Charged { .. } => {
                ensure!(!self.ended, "spends after the end of the subscription");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn agree(
        &mut self,
        plan: &str,
        interval: Interval,
        terms: &Terms,
        anchor: Timestamp,
    ) -> Result<(), String> {
        let facts = prices::plan(plan).ok_or_else(|| format!("there is no plan {plan}"))?;
        let price = match interval {
            Interval::Month => facts.month_minor,
            Interval::Year => facts.year_minor,
        };
        ensure!(terms.price.amount == price, "{plan} costs {price}");
        ensure!(terms.allowance.micro() == facts.allowance_micro, "{plan} has other credits");
        ensure!(terms.storage_bytes == facts.storage_bytes, "{plan} has other storage");
        self.plan = Some(plan.to_owned());
        self.allowance_micro = facts.allowance_micro;
        self.storage_bytes = facts.storage_bytes;
        self.anchor = Some(anchor);
        self.ended = false;
        Ok(())
    }
}

/// So many months after an instant, in UTC: the same day, or the month's last if it has none.
fn month_after(anchor: Timestamp, months: u32) -> Timestamp {
    let days = anchor.micros().div_euclid(DAY_MICROS);
    let time = anchor.micros().rem_euclid(DAY_MICROS);
    let (year, month, day) = date(days);
    let months = year * 12 + (month - 1) + i64::from(months);
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
    let day = day.min(length(year, month));
    Timestamp::from_micros(days_until(year, month, day) * DAY_MICROS + time)
}

fn length(year: i64, month: i64) -> i64 {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970 to a date: year by year, month by month.
fn days_until(year: i64, month: i64, day: i64) -> i64 {
    let years: i64 = (1970..year).map(|y| if length(y, 2) == 29 { 366 } else { 365 }).sum();
    let months: i64 = (1..month).map(|m| length(year, m)).sum();
    years + months + day - 1
}

/// The date that is so many days after 1 January 1970.
fn date(days: i64) -> (i64, i64, i64) {
    let (mut year, mut month, mut left) = (1970, 1, days);
    loop {
        let of_month = length(year, month);
        if left < of_month {
            return (year, month, left + 1);
        }
        left -= of_month;
        month += 1;
        if month > 12 {
            (year, month) = (year + 1, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_end_where_calendars_say() {
        let after = |from: &str, months| month_after(from.parse().unwrap(), months).to_string();
        assert_eq!(after("2026-01-31T12:00:00Z", 1), "2026-02-28T12:00:00Z");
        assert_eq!(after("2027-12-31T12:00:00Z", 2), "2028-02-29T12:00:00Z");
        assert_eq!(after("2026-01-31T12:00:00Z", 2), "2026-03-31T12:00:00Z");
        assert_eq!(after("2026-11-30T00:00:01Z", 15), "2028-02-29T00:00:01Z");
    }
}
