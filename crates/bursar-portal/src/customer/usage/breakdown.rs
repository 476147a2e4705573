//! What was spent in a month, by operation and day.

use bursar_core::catalog::Catalog;
use bursar_core::credits::Credits;
use bursar_core::id::Key;

use super::month::Month;
use crate::charts::by_operation::{self, ByOperation, COLOURS};
use crate::customer::movements::Movement;
use crate::page::names;
use crate::page::words::short_day;
use crate::session::Customer;

/// What was spent.
pub(super) struct Breakdown {
    /// `None`: nothing was.
    pub(super) chart: Option<ByOperation>,
    pub(super) total: String,
    /// The operations, dearest first, with the number of their colour.
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) colour: usize,
    pub(super) name: String,
    /// How often.
    pub(super) times: String,
    pub(super) credits: String,
    pub(super) share: String,
}

/// One operation's month; `None` is everything that is no operation.
struct Sum {
    key: Option<Key>,
    times: u64,
    credits: Credits,
    days: Vec<Credits>,
}

impl Breakdown {
    /// What was spent by movements of a month.
    pub(super) fn of(
        movements: &[Movement],
        month: Month,
        customer: &Customer,
        catalog: &Catalog,
    ) -> Self {
        let (locale, zone) = (&customer.locale, &customer.account().zone);
        let sums = sums(movements, month, customer);
        let total = Credits::total(sums.iter().map(|sum| sum.credits));
        let day = |place: usize| {
            sums.iter().map(|sum| sum.days.get(place).copied().unwrap_or_default()).collect()
        };
        let days: Vec<Vec<Credits>> = (0..month.days()).map(day).collect();
        let rows = sums.iter().enumerate().map(|(place, sum)| Row {
            colour: place.min(COLOURS - 1),
            name: match &sum.key {
                Some(key) => names::operation(catalog, key).to_owned(),
                None => "Everything else".to_owned(),
            },
            times: locale.count(sum.times),
            credits: locale.number(sum.credits),
            share: share(sum.credits, total),
        });
        let rows: Vec<Row> = rows.collect();
        let words: Vec<String> =
            rows.iter().map(|row| format!("{}: {}", row.name, row.credits)).collect();
        let last = bursar_core::readable::last_instant(month.start(zone), month.end(zone));
        let axis = [
            locale.number(by_operation::top(&days)),
            short_day(month.start(zone), zone),
            short_day(last, zone),
        ];
        let description =
            format!("{} in {}. {}.", locale.credits(total), month.name(), words.join(", "));
        let chart = (!rows.is_empty()).then(|| ByOperation::new(&days, description, axis));
        Self { chart, total: locale.credits(total), rows }
    }
}

/// By operation, dearest first.
fn sums(movements: &[Movement], month: Month, customer: &Customer) -> Vec<Sum> {
    let zone = &customer.account().zone;
    let mut sums: Vec<Sum> = Vec::new();
    for movement in movements.iter().filter(|movement| !movement.spent.is_zero()) {
        let line = &movement.row.line;
        let place = sums.iter().position(|sum| sum.key == line.operation);
        let place = place.unwrap_or_else(|| {
            let days = vec![Credits::ZERO; month.days()];
            let key = line.operation.clone();
            sums.push(Sum { key, times: 0, credits: Credits::ZERO, days });
            sums.len() - 1
        });
        if let Some(sum) = sums.get_mut(place) {
            sum.credits = sum.credits.plus(movement.spent);
            sum.times = sum.times.saturating_add(u64::from(movement.spent.is_positive()));
            if let Some(day) = sum.days.get_mut(month.day_of(line.at, zone)) {
                *day = day.plus(movement.spent);
            }
        }
    }
    sums.sort_by_key(|sum| std::cmp::Reverse(sum.credits));
    sums
}

/// `37%`, rounded down; less than one is said so.
fn share(part: Credits, whole: Credits) -> String {
    if !whole.is_positive() || part.is_negative() {
        return "–".to_owned();
    }
    let percent = i128::from(part.micro()) * 100 / i128::from(whole.micro());
    if percent == 0 && part.is_positive() { "< 1%".to_owned() } else { format!("{percent}%") }
}
