//! `/portal`: where the customer stands, what comes next, how far the credits go.

mod balance;
mod course;
mod jobs;
mod plan;
mod storage;
mod timeline;

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::activity::{self, Line};
use super::movements;
use crate::page::html;
use crate::page::problem::PageProblem;
use crate::page::shell::{Section, Shell};
use crate::session::Customer;
use crate::state::Portal;
use balance::BalanceCard;
use course::CourseCard;
use jobs::Job;
use plan::PlanCard;
use storage::StorageCard;
use timeline::TimelineCard;

/// The most movements that the page looks at; a month with more is drawn from where they begin.
const MOVEMENTS: usize = 1_000;
/// How many of them are listed.
const LISTED: usize = 5;
/// How many documents the timeline looks back at.
const DOCUMENTS: usize = 12;

#[derive(Template)]
#[template(path = "customer/overview.html")]
struct OverviewPage {
    shell: Shell,
    plan: PlanCard,
    balance: BalanceCard,
    course: Option<CourseCard>,
    jobs: Vec<Job>,
    storage: Option<StorageCard>,
    timeline: Option<TimelineCard>,
    recent: Vec<Line>,
}

/// The page.
pub(super) async fn show(
    State(portal): State<Portal>,
    customer: Customer,
) -> Result<Response, PageProblem> {
    let engine = portal.engine();
    let (account, catalog) = (customer.account(), portal.catalog());
    let week = customer.view.now.before(Duration::from_secs(7 * 86_400));
    let from = account.live().map_or(week, |live| live.credit.start.min(week));
    let movements = movements::since(engine, &account.id, from, None, MOVEMENTS).await?;
    let documents = engine.store().documents(&account.id, None, DOCUMENTS).await?;
    let course = CourseCard::of(&customer, &movements);
    let lines = activity::latest(&movements.all, LISTED).into_iter();
    let page = OverviewPage {
        shell: Shell::new(&portal, &customer, Section::Overview, "Overview"),
        plan: PlanCard::of(&customer, catalog, &documents),
        balance: BalanceCard::of(&customer, catalog),
        jobs: jobs::of(&customer, catalog),
        storage: StorageCard::of(&customer, &portal).await?,
        timeline: TimelineCard::of(&customer, catalog, &documents),
        recent: lines.map(|movement| Line::net(movement, &customer, catalog)).collect(),
        course,
    };
    html(&page)
}
