//! `[policies.notices]`: what customers are told ahead of time.

use std::time::Duration;

use bursar_core::catalog::NoticePolicy;

use crate::policies::{RETENTION_DAYS_MOST, days};
use crate::reader::{Table, Value};
use crate::words::in_words;

/// Midway through a retention of 30 days, and three days before its end.
const DELETION_DAYS: [u32; 2] = [14, 27];

/// The policy; `retention` is how long data is kept, if that could be read.
pub(crate) fn read(policies: &Table<'_>, retention: Option<Duration>) -> Option<NoticePolicy> {
    let kept = |after: &Duration| retention.is_none_or(|retention| *after < retention);
    let default = NoticePolicy {
        annual_renewal: days(30),
        ending: days(3),
        deletion: DELETION_DAYS.into_iter().map(days).filter(kept).collect(),
    };
    match policies.field("notices") {
        Some(value) => notices(&value, default, retention),
        None => Some(default),
    }
}

fn notices(
    value: &Value<'_>,
    default: NoticePolicy,
    retention: Option<Duration>,
) -> Option<NoticePolicy> {
    let table = value.table()?;
    let annual_renewal = table
        .or("annual_renewal_days", default.annual_renewal, |value| value.whole(1, 90).map(days));
    let ending = table.or("ending_days", default.ending, |value| value.whole(0, 30).map(days));
    let deletion = table.or("deletion_days", default.deletion, |value| deletion(value, retention));
    table.close();
    Some(NoticePolicy { annual_renewal: annual_renewal?, ending: ending?, deletion: deletion? })
}

fn deletion(value: &Value<'_>, retention: Option<Duration>) -> Option<Vec<Duration>> {
    let after = value.ascending_days("the end", |value| deletion_day(value, retention))?;
    // The end itself is always told.
    Some(after.into_iter().filter(|day| *day > 0).map(days).collect())
}

fn deletion_day(value: &Value<'_>, retention: Option<Duration>) -> Option<u32> {
    let day = value.whole(0, RETENTION_DAYS_MOST)?;
    if let Some(retention) = retention.filter(|kept| day > 0 && days(day) >= *kept) {
        let message = format!("on day {day} the data is deleted already");
        value.wrong(message, format!("less than the retention of {}", in_words(retention)));
    }
    Some(day)
}
