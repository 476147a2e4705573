//! `/portal/usage` and what is below it: every movement of a month, and what was spent on what.

mod breakdown;
pub(super) mod csv;
pub(super) mod month;
pub(super) mod receipt;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use bursar_core::id::Key;
use bursar_core::statement::StatementLine;
use serde::Deserialize;

use super::activity::Line;
use super::movements::{self, Movement};
use crate::page::problem::PageProblem;
use crate::page::shell::{Section, Shell};
use crate::page::{html, names};
use crate::session::Customer;
use crate::state::Portal;
use breakdown::Breakdown;
use month::Month;

/// The most movements of a month that the page looks at.
const MOVEMENTS: usize = 5_000;
/// Lines on a page.
const LINES: usize = 50;
/// Months that can be chosen.
const MONTHS: usize = 24;
/// Stands for everything that is no operation.
const OTHER: &str = "other";

/// What is looked at.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    month: String,
    #[serde(default)]
    operation: String,
    #[serde(default)]
    before: String,
}

/// A choice of a list.
struct Choice {
    value: String,
    label: String,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "customer/usage.html")]
struct UsagePage {
    shell: Shell,
    month: String,
    months: Vec<Choice>,
    operations: Vec<Choice>,
    breakdown: Breakdown,
    /// Aren't all movements of the month looked at?
    more: bool,
    lines: Vec<Line>,
    /// Where newer and older lines are.
    newest: Option<String>,
    older: Option<String>,
    csv: String,
}

/// What is looked at, understood.
struct Filter {
    month: Month,
    operation: String,
}

impl Filter {
    fn of(asked: &Asked, customer: &Customer) -> Result<Self, PageProblem> {
        let (account, now) = (customer.account(), customer.view.now);
        let present = Month::of(now, &account.zone);
        let month = match asked.month.as_str() {
            "" => Some(present),
            text => Month::parse(text).filter(|month| *month <= present),
        };
        let month = month.ok_or_else(|| {
            PageProblem::not_found("usage of such a month").leading("This month", "/portal/usage")
        })?;
        Ok(Self { month, operation: asked.operation.clone() })
    }

    fn takes(&self, line: &StatementLine) -> bool {
        match self.operation.as_str() {
            "" => true,
            OTHER => line.operation.is_none(),
            key => line.operation.as_ref().is_some_and(|known| known.as_str() == key),
        }
    }

    /// The address of the same with something more.
    fn url(&self, path: &str, more: &[(&str, String)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("month", &self.month.key());
        if !self.operation.is_empty() {
            query.append_pair("operation", &self.operation);
        }
        query.extend_pairs(more);
        format!("{path}?{}", query.finish())
    }

    /// The version below which lines of the month and before are; all, if it is the present one.
    async fn ceiling(
        &self,
        portal: &Portal,
        customer: &Customer,
    ) -> Result<Option<u64>, PageProblem> {
        let account = customer.account();
        let end = self.month.end(&account.zone);
        if end > customer.view.now {
            return Ok(None);
        }
        let engine = portal.engine();
        Ok(Some(movements::version_at(engine, &account.id, account.version, end).await?))
    }
}

/// The page.
pub(super) async fn show(
    State(portal): State<Portal>,
    customer: Customer,
    Query(asked): Query<Asked>,
) -> Result<Response, PageProblem> {
    let (account, catalog) = (customer.account(), portal.catalog());
    let filter = Filter::of(&asked, &customer)?;
    let ceiling = filter.ceiling(&portal, &customer).await?;
    let from = filter.month.start(&account.zone);
    let engine = portal.engine();
    let found = movements::since(engine, &account.id, from, ceiling, MOVEMENTS).await?;
    let before: Option<u64> = asked.before.parse().ok();
    let listed = |movement: &&Movement| {
        let is_older = before.is_none_or(|before| movement.row.version < before);
        is_older && filter.takes(&movement.row.line)
    };
    let mut chosen: Vec<&Movement> =
        found.all.iter().filter(listed).take(LINES.saturating_add(1)).collect();
    let is_last = chosen.len() <= LINES;
    chosen.truncate(LINES);
    let cursor = chosen.last().filter(|_| !is_last).map(|movement| movement.row.version);
    let older = |version: u64| filter.url("/portal/usage", &[("before", version.to_string())]);
    let page = UsagePage {
        shell: Shell::new(&portal, &customer, Section::Usage, "Usage"),
        month: filter.month.name(),
        months: months(&filter, &customer),
        operations: operations(&filter, &portal),
        breakdown: Breakdown::of(&found.all, filter.month, &customer, catalog),
        more: found.more,
        newest: before.map(|_| filter.url("/portal/usage", &[])),
        older: cursor.map(older),
        csv: filter.url("/portal/usage.csv", &[]),
        lines: chosen.into_iter().map(|it| Line::of(it, &customer, catalog)).collect(),
    };
    html(&page)
}

/// The months since the account was opened, the last ones.
fn months(filter: &Filter, customer: &Customer) -> Vec<Choice> {
    let zone = &customer.account().zone;
    let first = Month::of(customer.account().opened_at, zone);
    let present = Month::of(customer.view.now, zone);
    let all = std::iter::successors(Some(present), |month| Some(month.before()));
    let mut months: Vec<Month> = all.take_while(|month| *month >= first).take(MONTHS).collect();
    if !months.contains(&filter.month) {
        months.push(filter.month);
    }
    let choice = |month: Month| Choice {
        value: month.key(),
        label: month.name(),
        is_chosen: month == filter.month,
    };
    months.into_iter().map(choice).collect()
}

fn operations(filter: &Filter, portal: &Portal) -> Vec<Choice> {
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        is_chosen: filter.operation == value,
    };
    let catalog = portal.catalog();
    let named = |key: &Key| choice(key.as_str(), names::operation(catalog, key));
    let mut choices = vec![choice("", "Everything")];
    choices.extend(catalog.operations.iter().map(|operation| named(&operation.key)));
    choices.push(choice(OTHER, "Everything else"));
    choices
}
