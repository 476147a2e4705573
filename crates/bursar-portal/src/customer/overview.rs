//! `/portal`: where the customer stands.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::page::html;
use crate::page::problem::PageProblem;
use crate::page::shell::{Section, Shell};
use crate::session::Customer;
use crate::state::Portal;

#[derive(Template)]
#[template(path = "customer/overview.html")]
struct OverviewPage {
    shell: Shell,
    status: &'static str,
}

/// The page.
pub(super) async fn show(
    State(portal): State<Portal>,
    customer: Customer,
) -> Result<Response, PageProblem> {
    let shell = Shell::new(&portal, &customer, Section::Overview, "Overview");
    html(&OverviewPage { shell, status: customer.account().status() })
}
