//! `/portal/past-due`, and paying an open invoice: what is owed, what happens next and when.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::Command;
use bursar_core::account::state::Renewal;
use bursar_core::id::DocumentId;

use super::action::{buy, onward};
use super::bill::ShownBill;
use super::refusal::Refusal;
use super::waiting::{Waiting, waiting};
use crate::page::names;
use crate::page::problem::PageProblem;
use crate::page::shell::{Section, Shell};
use crate::page::words::date;
use crate::page::{html_as, see_other};
use crate::session::{Customer, Note, Submission};
use crate::state::Portal;

#[derive(Template)]
#[template(path = "customer/past_due.html")]
struct PastDuePage {
    shell: Shell,
    refusal: Option<Refusal>,
    waiting: Vec<Waiting>,
    owed: Option<Owed>,
}

/// What is owed.
struct Owed {
    document: String,
    since: Option<String>,
    bill: ShownBill,
    /// What happens next, a sentence each.
    next: Vec<String>,
    card: Option<String>,
    /// Can it be paid with that card?
    can_pay: bool,
}

/// The page.
pub(super) async fn show(
    State(portal): State<Portal>,
    customer: Customer,
) -> Result<Response, PageProblem> {
    page(&portal, &customer, None)
}

/// Pays an open invoice, now.
pub(super) async fn pay(
    State(portal): State<Portal>,
    Path(invoice): Path<String>,
    Submission { customer, form }: Submission,
) -> Result<Response, PageProblem> {
    let invoice: DocumentId = invoice.parse().map_err(|_| PageProblem::not_found("invoice"))?;
    match buy(&portal, &customer, &form, Command::PayInvoice(invoice)).await {
        Ok(purchase) => Ok(onward(&purchase).unwrap_or_else(|| see_other("/portal/invoices"))),
        Err(failure) => {
            let customer = customer.again(&portal).await?;
            let refusal = Refusal::of(failure, &portal, &customer)?;
            page(&portal, &customer, Some(refusal))
        }
    }
}

fn page(
    portal: &Portal,
    customer: &Customer,
    refusal: Option<Refusal>,
) -> Result<Response, PageProblem> {
    let renewal = customer.account().live().and_then(|live| live.renewal.as_ref());
    if renewal.is_none() && refusal.is_none() {
        return Ok(Note::done("Nothing is past due.").on("/portal", portal));
    }
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status);
    html_as(
        status,
        &PastDuePage {
            shell: Shell::new(portal, customer, Section::Invoices, "Payment due"),
            refusal,
            waiting: waiting(customer, |purchase| purchase.open_invoice().is_some()),
            owed: renewal.map(|renewal| owed(portal, customer, renewal)),
        },
    )
}

fn owed(portal: &Portal, customer: &Customer, renewal: &Renewal) -> Owed {
    let account = customer.account();
    let day = |at| date(at, &account.zone);
    let method = account.billing.default_method();
    let expired = method.is_some_and(|method| method.has_expired(customer.view.now));
    let paying = account.billing.paying(renewal.document).is_some();
    let mut next = Vec::new();
    match renewal.retry_at {
        Some(at) => next.push(format!("We try again on {}.", day(at))),
        None if paying => {}
        None => next.push("We try again as soon as there is another card.".to_owned()),
    }
    if let Some(at) = renewal.ends_at {
        next.push(format!("Unless it is paid, your plan ends on {}.", day(at)));
    }
    next.push("Until it is paid there are no new monthly credits.".to_owned());
    next.push(
        "Credits that you bought can be spent all the while, and your files stay.".to_owned(),
    );
    Owed {
        document: renewal.document.to_string(),
        since: renewal.unpaid_since.map(day),
        bill: ShownBill {
            label: "Due",
            ..ShownBill::of(&renewal.order.bill, portal.catalog(), customer)
        },
        next,
        card: method.map(names::method),
        can_pay: method.is_some() && !expired && !paying,
    }
}
