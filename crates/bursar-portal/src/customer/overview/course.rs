//! How the balance goes: this month so far, and when it is gone at this week's pace.

use std::time::Duration;

use bursar_core::account::subscription::next::next_refresh_at;
use bursar_core::credits::Credits;
use bursar_core::time::Timestamp;

use crate::charts::burn_down::{BurnDown, Course};
use crate::charts::pace::Pace;
use crate::customer::movements::Movements;
use crate::page::words::{date, day, moment, short_day};
use crate::session::Customer;

const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// Rows of the table.
const LISTED: usize = 31;

/// How the balance goes.
pub(super) struct CourseCard {
    pub(super) chart: BurnDown,
    /// What it comes to, and why.
    pub(super) outlook: String,
    /// The balance at the end of each day, newest first.
    pub(super) days: Vec<(String, String)>,
}

impl CourseCard {
    /// The course of a customer with a plan.
    pub(super) fn of(customer: &Customer, movements: &Movements) -> Option<Self> {
        let (account, now) = (customer.account(), customer.view.now);
        let live = account.live()?;
        let (from, to) = (live.credit.start, live.credit.end.max(now));
        let available = account.available();
        let pace = pace(movements, live.started_at, now);
        let course = Course {
            from,
            to,
            now,
            balances: balances(movements, from),
            expected: Some(match pace {
                None => (to, available),
                Some(pace) => {
                    let out = pace.runs_out_at(available, now);
                    let left = pace.left_after(available, to.since(now));
                    if out < to { (out, Credits::ZERO) } else { (to, left) }
                }
            }),
        };
        let outlook = outlook(pace, customer, to);
        let zone = &account.zone;
        let words = [
            customer.locale.number(course.top()),
            short_day(from, zone),
            format!("Today, {}", short_day(now, zone)),
            short_day(to, zone),
        ];
        Some(Self {
            days: days(&course.balances, customer),
            chart: course.drawn(outlook.clone(), words),
            outlook,
        })
    }
}

/// The pace of the last seven days; of less, if the plan is younger.
fn pace(movements: &Movements, started_at: Timestamp, now: Timestamp) -> Option<Pace> {
    let from = now.before(WEEK).max(started_at);
    // What wasn't read is older; then the stretch begins where reading ended.
    let from = match movements.all.last().filter(|_| movements.more) {
        Some(oldest) => from.max(oldest.row.line.at),
        None => from,
    };
    let week = movements.all.iter().take_while(|movement| movement.row.line.at >= from);
    Pace::of(Credits::total(week.map(|movement| movement.spent)), now.since(from))
}

/// When the balance became what, oldest first.
fn balances(movements: &Movements, from: Timestamp) -> Vec<(Timestamp, Credits)> {
    let month = movements.all.iter().take_while(|movement| movement.row.line.at >= from);
    let balance = |line: &bursar_core::statement::StatementLine| (line.at, line.available_after);
    let mut balances: Vec<_> = month.map(|movement| balance(&movement.row.line)).collect();
    balances.reverse();
    balances
}

fn days(balances: &[(Timestamp, Credits)], customer: &Customer) -> Vec<(String, String)> {
    let mut days: Vec<(String, String)> = Vec::new();
    for (at, balance) in balances.iter().rev() {
        let day = date(*at, &customer.account().zone);
        // Of a day the last balance counts, which comes first here.
        if days.last().is_none_or(|(last, _)| *last != day) {
            days.push((day, customer.locale.number(*balance)));
        }
        if days.len() > LISTED {
            days.pop();
            break;
        }
    }
    days
}

fn outlook(pace: Option<Pace>, customer: &Customer, end: Timestamp) -> String {
    let (account, now) = (customer.account(), customer.view.now);
    let zone = &account.zone;
    let Some(pace) = pace else {
        return "Nothing was spent this week, so nothing runs out.".to_owned();
    };
    let per_day = customer.locale.credits(pace.per_day());
    if !account.available().is_positive() {
        return format!("You have no credits left. This week's pace was {per_day} a day.");
    }
    let out = pace.runs_out_at(account.available(), now);
    let at_this_pace = format!("At this week's pace ({per_day} a day)");
    match next_refresh_at(account) {
        Some(refresh) if out >= refresh => {
            format!(
                "{at_this_pace} your credits last until they refresh on {}.",
                day(refresh, zone)
            )
        }
        None if out >= end => {
            format!("{at_this_pace} your credits last until your plan's month ends.")
        }
        _ if out.since(now) < Duration::from_secs(86_400) => {
            format!("{at_this_pace} your credits run out on {}.", moment(out, zone))
        }
        _ => format!("{at_this_pace} your credits run out on {}.", date(out, zone)),
    }
}
