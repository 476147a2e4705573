//! Lines of the statement as pages list them.

use bursar_core::catalog::Catalog;
use bursar_core::credits::Credits;
use bursar_core::statement::StatementKind;

use super::movements::Movement;
use crate::page::names;
use crate::page::words::{clock, date, machine};
use crate::session::Customer;

/// One line.
pub(crate) struct Line {
    /// For machines, for people, and the time of day.
    pub(crate) at: (String, String, String),
    pub(crate) what: String,
    /// What happened with it.
    pub(crate) how: String,
    /// Model and quality, if it is an operation.
    pub(crate) model: String,
    pub(crate) quality: String,
    /// With their unit.
    pub(crate) units: String,
    /// By how much the balance changed, with its sign.
    pub(crate) credits: String,
    pub(crate) is_gain: bool,
    pub(crate) balance: String,
    /// Where it is explained.
    pub(crate) receipt: Option<String>,
}

impl Line {
    /// A movement as its customer reads it.
    pub(crate) fn of(movement: &Movement, customer: &Customer, catalog: &Catalog) -> Self {
        let (line, locale) = (&movement.row.line, &customer.locale);
        let zone = &customer.account().zone;
        let text = |key: &Option<bursar_core::id::Key>| {
            key.as_ref().map_or_else(String::new, ToString::to_string)
        };
        let unit = line.operation.as_ref().and_then(|key| catalog.operation(key));
        let units = line.units.map(|units| {
            let unit = unit.map_or("", |operation| operation.unit.as_str());
            let plural = if units == bursar_core::pricing::Quantity::ONE { "" } else { "s" };
            format!("{}\u{a0}{unit}{plural}", locale.quantity(units))
        });
        Self {
            at: (machine(line.at), date(line.at, zone), clock(line.at, zone)),
            what: names::subject(catalog, line),
            how: how(movement, customer),
            model: text(&line.model),
            quality: text(&line.quality),
            units: units.unwrap_or_default(),
            credits: locale.movement(line.credits),
            is_gain: line.credits.is_positive(),
            balance: locale.number(line.available_after),
            receipt: line.spend.map(|spend| format!("/portal/usage/receipts/{spend}")),
        }
    }
}

/// What happened: of a job that ended also how many credits were charged or came back, since what moves
/// the balance then is only the difference to what was held.
fn how(movement: &Movement, customer: &Customer) -> String {
    let (line, locale) = (&movement.row.line, &customer.locale);
    let word = names::movement(line.kind);
    match line.kind {
        StatementKind::Capture if movement.spent.is_positive() => {
            format!("{word} {}", locale.number(movement.spent))
        }
        StatementKind::Capture => "Finished".to_owned(),
        StatementKind::Release | StatementKind::Timeout => {
            format!("{word}, {} returned", locale.number(line.credits))
        }
        _ => word.to_owned(),
    }
}

impl Line {
    /// The same with what it cost in the end, where a job's end moves the balance only by the difference
    /// to what was held.
    pub(crate) fn net(movement: &Movement, customer: &Customer, catalog: &Catalog) -> Self {
        let line = Self::of(movement, customer, catalog);
        let credits = match movement.row.line.kind {
            StatementKind::Capture => movement.spent.negated(),
            StatementKind::Release | StatementKind::Timeout => Credits::ZERO,
            _ => movement.row.line.credits,
        };
        let is_gain = credits.is_positive();
        Self { credits: customer.locale.movement(credits), is_gain, ..line }
    }
}

/// The last movement of each job, and every other movement: what a short list shows. Newest first.
pub(crate) fn latest(movements: &[Movement], most: usize) -> Vec<&Movement> {
    let mut latest: Vec<&Movement> = Vec::new();
    for movement in movements {
        let spend = movement.row.line.spend;
        let is_known = spend.is_some() && latest.iter().any(|it| it.row.line.spend == spend);
        if !is_known {
            latest.push(movement);
        }
        if latest.len() == most {
            break;
        }
    }
    latest
}
