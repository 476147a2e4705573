//! `/portal/cancel` and `/portal/resume`: one page says what ends when and what stays, one button does
//! it, and one takes it back.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::{Cancel, Command};
use bursar_core::account::state::{LiveSubscription, Subscription};
use bursar_core::catalog::Class;
use bursar_core::credits::Credits;
use bursar_core::id::Reason;

use super::action::envelope;
use super::refusal::Refusal;
use crate::page::html_as;
use crate::page::names;
use crate::page::problem::PageProblem;
use crate::page::shell::{Section, Shell};
use crate::page::words::{date, isolated};
use crate::session::{Customer, Note, Submission};
use crate::state::Portal;

/// Why people leave. Chosen and not written: what is written might name somebody, and the journal keeps
/// it for ever.
const REASONS: [&str; 5] = [
    "Too expensive",
    "I don't use it enough",
    "Something is missing",
    "I use something else",
    "Another reason",
];

#[derive(Template)]
#[template(path = "customer/cancel.html")]
struct CancelPage {
    shell: Shell,
    refusal: Option<Refusal>,
    stage: Stage,
}

/// What can be done.
enum Stage {
    /// It runs.
    Running {
        plan: String,
        ends: String,
        at_once: bool,
        facts: Vec<String>,
        reasons: [&'static str; 5],
    },
    /// It ends, and can go on.
    Ending { plan: String, ends: String, next: String },
    /// There is nothing to cancel.
    Nothing { text: String },
}

/// The page.
pub(super) async fn show(
    State(portal): State<Portal>,
    customer: Customer,
) -> Result<Response, PageProblem> {
    page(&portal, &customer, None)
}

/// Cancels.
pub(super) async fn cancel(
    State(portal): State<Portal>,
    Submission { customer, form }: Submission,
) -> Result<Response, PageProblem> {
    let reason = REASONS.into_iter().find(|reason| *reason == form.get("reason"));
    let reason = reason.and_then(|reason| reason.parse::<Reason>().ok());
    let command = envelope(&customer, &form, Command::Cancel(Cancel { reason }));
    match portal.engine().execute(command).await {
        Ok(_) => {
            let customer = customer.again(&portal).await?;
            Ok(Note::done(canceled(&portal, &customer)).on("/portal", &portal))
        }
        Err(failure) => {
            let refusal = Refusal::of(failure, &portal, &customer)?;
            page(&portal, &customer, Some(refusal))
        }
    }
}

/// Takes it back.
pub(super) async fn resume(
    State(portal): State<Portal>,
    Submission { customer, form }: Submission,
) -> Result<Response, PageProblem> {
    let command = envelope(&customer, &form, Command::Resume);
    match portal.engine().execute(command).await {
        Ok(_) => {
            let account = customer.account();
            let plan = account.plan().map(|key| names::plan(account, portal.catalog(), key));
            let text = format!("{} goes on as before.", isolated(plan.unwrap_or("Your plan")));
            Ok(Note::done(text).on("/portal", &portal))
        }
        Err(failure) => {
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
    let (account, catalog) = (customer.account(), portal.catalog());
    let stage = match &account.subscription {
        Subscription::Live(live) if live.cancellation.is_none() => running(portal, customer, live),
        Subscription::Live(live) => Stage::Ending {
            plan: isolated(names::plan(account, catalog, &live.plan)),
            ends: date(live.billing.end, &account.zone),
            next: customer.locale.money(live.terms.price),
        },
        Subscription::None => Stage::Nothing { text: "You have no plan.".to_owned() },
        Subscription::Retention(ended) => Stage::Nothing {
            text: format!("Your plan ended on {}.", date(ended.ended_at, &account.zone)),
        },
        Subscription::Purged { .. } => Stage::Nothing { text: "Your plan has ended.".to_owned() },
    };
    let title = match &stage {
        Stage::Ending { .. } => "Resume plan",
        Stage::Running { .. } | Stage::Nothing { .. } => "Cancel plan",
    };
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status);
    let shell = Shell::new(portal, customer, Section::Plan, title);
    html_as(status, &CancelPage { shell, refusal, stage })
}

fn running(portal: &Portal, customer: &Customer, live: &LiveSubscription) -> Stage {
    let (account, catalog, locale) = (customer.account(), portal.catalog(), &customer.locale);
    let day = |at| date(at, &account.zone);
    // "While the next period is not paid, nothing that is paid for is left": it ends at once.
    let at_once = live.renewal.is_some();
    let end = if at_once { customer.view.now } else { live.billing.end };
    let purge = end.after(catalog.policies.retention);
    let of = |wanted: fn(Class) -> bool| {
        let lots = account.lots.iter().filter(|lot| !lot.expired && wanted(lot.class));
        Credits::total(lots.map(|lot| lot.remaining))
    };
    let (bought, others) = (of(|it| it == Class::Topup), of(|it| it != Class::Topup));
    let mut facts = Vec::new();
    match at_once {
        true => facts.push("Nothing more is charged, and what is unpaid is no longer owed.".into()),
        false => facts.push(format!("Until {} everything works as now.", day(end))),
    }
    if !at_once {
        facts.push("Nothing more is charged.".to_owned());
    }
    facts.push(format!(
        "Monthly credits end with the plan{}.",
        match others.is_positive() {
            true => format!("; you have {} now, use them before", locale.credits(others)),
            false => String::new(),
        }
    ));
    if bought.is_positive() {
        let bought = locale.credits(bought);
        facts.push(format!("The {bought} that you bought are kept and come back with any plan."));
    }
    facts.push(format!(
        "Your files are kept until {}: you can look at them, download and delete them. Then they are \
         deleted for good.",
        day(purge)
    ));
    facts.push("You can come back at any time, and undo this before the end.".to_owned());
    let plan = isolated(names::plan(account, catalog, &live.plan));
    Stage::Running { plan, ends: day(end), at_once, facts, reasons: REASONS }
}

fn canceled(portal: &Portal, customer: &Customer) -> String {
    let account = customer.account();
    match &account.subscription {
        Subscription::Live(live) => format!(
            "{} is cancelled and ends on {}. Until then you can resume it.",
            isolated(names::plan(account, portal.catalog(), &live.plan)),
            date(live.billing.end, &account.zone)
        ),
        _ => "Your plan has ended. Nothing more is charged.".to_owned(),
    }
}
