//! `/portal/payments/{payment}`: how a payment went. Whoever buys something, comes back from the bank or
//! waits for it ends here.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use bursar_core::account::payments::Purchase;
use bursar_core::account::payments::record::{PaymentRecord, PaymentStatus};
use bursar_core::catalog::Interval;
use bursar_core::id::{Key, PaymentId};
use bursar_engine::decline::advice;
use bursar_engine::purchase::Standing;
use bursar_payments::CustomerStep;
use bursar_store::PaymentRow;

use crate::page::html;
use crate::page::names;
use crate::page::problem::PageProblem;
use crate::page::shell::{Section, Shell};
use crate::page::words::{isolated, moment};
use crate::session::Customer;
use crate::state::Portal;

#[derive(Template)]
#[template(path = "customer/payment.html")]
struct PaymentPage {
    shell: Shell,
    told: Told,
    what: String,
    amount: String,
    card: String,
    when: String,
    /// The invoice that it paid: its number and where it is.
    invoice: Option<(String, String)>,
}

/// What is said of a payment, and what can be done.
struct Told {
    tone: &'static str,
    title: &'static str,
    text: String,
    /// Labels and addresses; the first is the way that most will go.
    actions: Vec<(&'static str, String)>,
    /// Does the page look again by itself?
    waits: bool,
}

/// The page.
pub(super) async fn show(
    State(portal): State<Portal>,
    customer: Customer,
    Path(payment): Path<String>,
) -> Result<Response, PageProblem> {
    let missing = || PageProblem::not_found("payment");
    let payment: PaymentId = payment.parse().map_err(|_| missing())?;
    let engine = portal.engine();
    let id = &customer.visit.account;
    let row = engine.payment_now(id, payment).await?.ok_or_else(missing)?;
    // What it brought shows in the header.
    let customer = customer.again(&portal).await?;
    let invoice = match row.record.invoice {
        Some(invoice) => engine.store().document(&customer.visit.account, invoice).await?,
        None => None,
    };
    let told = told(&portal, &customer, &row).await?;
    let record = &row.record;
    html(&PaymentPage {
        shell: Shell::new(&portal, &customer, section(&record.order.purchase), told.title),
        told,
        what: what(&portal, &customer, &record.order.purchase),
        amount: customer.locale.money(record.order.bill.due()),
        card: names::method(&record.method),
        when: moment(record.requested_at, &customer.account().zone),
        invoice: invoice.map(|row| {
            let id = row.record.id;
            (row.record.number.to_string(), format!("/portal/invoices/{id}.pdf"))
        }),
    })
}

const fn section(purchase: &Purchase) -> Section {
    match purchase {
        Purchase::Topup { .. } => Section::Credits,
        Purchase::Start { .. } | Purchase::Change { .. } => Section::Plan,
        Purchase::Renewal { .. } => Section::Invoices,
    }
}

async fn told(portal: &Portal, customer: &Customer, row: &PaymentRow) -> Result<Told, PageProblem> {
    let record = &row.record;
    let open = customer.account().billing.payment(record.id);
    if open.is_some_and(|payment| payment.abandoned) {
        return Ok(given_up());
    }
    Ok(match Standing::of(record) {
        Standing::Succeeded => succeeded(portal, customer, record),
        Standing::Failed => failed(record),
        Standing::Processing => Told {
            tone: "warn",
            title: "Your payment is being processed",
            text: "The bank is at it. This page looks again by itself; you can also close it, nothing \
                   is lost."
                .to_owned(),
            actions: vec![("Look again", super::action::payment_page(record.id))],
            waits: true,
        },
        Standing::RequiresAction => {
            let step = portal.engine().payment_step(&customer.visit.account, row).await?;
            waiting(customer, record, step)
        }
    })
}

fn given_up() -> Told {
    Told {
        tone: "warn",
        title: "This payment was given up",
        text: "Something newer took its place, and nothing is charged by it.".to_owned(),
        actions: vec![("Go to overview", "/portal".to_owned())],
        waits: false,
    }
}

fn waiting(customer: &Customer, record: &PaymentRecord, step: Option<CustomerStep>) -> Told {
    let until = customer.account().billing.payment(record.id).map(|payment| payment.expires_at);
    let until = until.map_or_else(String::new, |at| {
        format!(" It can be done until {}.", moment(at, &customer.account().zone))
    });
    let action = match (step, &customer.visit.return_url) {
        (Some(CustomerStep::Page { url }), _) => Some(("Continue to your bank", url)),
        (_, Some(url)) => Some(("Complete it in the app", url.clone())),
        (_, None) => None,
    };
    let again = ("Choose again", retry(&record.order.purchase));
    Told {
        tone: "warn",
        title: "Your bank wants you to confirm",
        text: format!("Nothing is charged before you have confirmed the payment.{until}"),
        actions: action.into_iter().chain([again]).collect(),
        waits: false,
    }
}

fn failed(record: &PaymentRecord) -> Told {
    let code = match &record.status {
        PaymentStatus::Failed { code, .. } => code.as_str(),
        _ => "returned",
    };
    let (message, fix) = advice(code);
    let again = retry(&record.order.purchase);
    let back = form_urlencoded::byte_serialize(again.as_bytes()).collect::<String>();
    let cards = format!("/portal/payment-methods?back={back}");
    Told {
        tone: "bad",
        title: "Your payment failed",
        text: format!("{message} {fix}"),
        actions: vec![("Try again", again), ("Use another card", cards)],
        waits: false,
    }
}

fn succeeded(portal: &Portal, customer: &Customer, record: &PaymentRecord) -> Told {
    let (account, catalog, locale) = (customer.account(), portal.catalog(), &customer.locale);
    let plan = |key| isolated(names::plan(account, catalog, key));
    let done = match &record.order.purchase {
        Purchase::Topup { credits, .. } => {
            format!("{} are yours and never expire.", locale.credits(*credits))
        }
        Purchase::Start { plan: key, terms, .. } => {
            let allowance = locale.credits(terms.allowance);
            format!("{} has begun, with {allowance} every month.", plan(key))
        }
        Purchase::Change { plan: key, .. } => format!("You are on {} from now on.", plan(key)),
        Purchase::Renewal { plan: key, .. } => format!("{} goes on as before.", plan(key)),
    };
    let balance = locale.credits(account.available());
    let overview = ("Go to overview", "/portal".to_owned());
    let back = customer.visit.return_url.clone();
    Told {
        tone: "good",
        title: "Your payment went through",
        text: format!("{done} You can spend {balance} now."),
        actions: match back {
            Some(url) => vec![("Back to the app", url), overview],
            None => vec![overview],
        },
        waits: false,
    }
}

/// What was paid for.
fn what(portal: &Portal, customer: &Customer, purchase: &Purchase) -> String {
    let (account, catalog) = (customer.account(), portal.catalog());
    let by = |plan: &Key, interval| {
        let name = isolated(names::plan(account, catalog, plan));
        match interval {
            Interval::Month => format!("{name}, monthly"),
            Interval::Year => format!("{name}, yearly"),
        }
    };
    match purchase {
        Purchase::Topup { credits, .. } => customer.locale.credits(*credits),
        Purchase::Start { plan, interval, .. } => by(plan, *interval),
        Purchase::Change { plan, interval, .. } => format!("Change to {}", by(plan, *interval)),
        Purchase::Renewal { plan, interval, .. } => format!("Renewal of {}", by(plan, *interval)),
    }
}

/// Where one buys it.
fn retry(purchase: &Purchase) -> String {
    match purchase {
        Purchase::Topup { pack, .. } => format!("/portal/credits?pack={pack}"),
        Purchase::Start { plan, interval, .. } | Purchase::Change { plan, interval, .. } => {
            format!("/portal/plan/preview?plan={plan}&interval={}", interval.as_str())
        }
        Purchase::Renewal { .. } => "/portal/past-due".to_owned(),
    }
}
