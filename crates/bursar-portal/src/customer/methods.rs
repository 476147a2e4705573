//! `/portal/payment-methods`: what is paid with. Cards are entered at the payment provider; no number
//! comes near this server.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bursar_core::account::command::Command;
use bursar_core::account::payments::{PaymentMethod, Purchase};
use bursar_core::provider::MethodRef;
use bursar_core::time::Timestamp;
use bursar_engine::Failure;
use bursar_engine::decline::advice;
use bursar_payments::{CustomerStep, SetupForm, SetupStatus};
use serde::Deserialize;

use super::action::{address, buy, envelope, onward, page_of_ours, payment_page};
use super::refusal::Refusal;
use super::waiting::{Waiting, waiting};
use crate::page::names;
use crate::page::problem::PageProblem;
use crate::page::shell::{Section, Shell};
use crate::page::{html_as, see_other};
use crate::session::{Customer, Note, Submission, entering};
use crate::state::Portal;

const HERE: &str = "/portal/payment-methods";

#[derive(Template)]
#[template(path = "customer/methods.html")]
struct MethodsPage {
    shell: Shell,
    refusal: Option<Refusal>,
    waiting: Vec<Waiting>,
    methods: Vec<ShownMethod>,
    /// The page of ours to go back to once there is a card; empty for none.
    back: String,
    /// What a new card pays at once.
    due: Option<String>,
}

/// A payment method.
struct ShownMethod {
    reference: String,
    name: String,
    /// `Valid until 04/2031`; empty if it isn't a card.
    validity: String,
    is_default: bool,
    has_expired: bool,
    /// Does it expire before long?
    expires_soon: bool,
}

#[derive(Default, Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    back: String,
}

/// The page.
pub(super) async fn show(
    State(portal): State<Portal>,
    customer: Customer,
    Query(Back { back }): Query<Back>,
) -> Result<Response, PageProblem> {
    page(&portal, &customer, &back, None)
}

/// To the provider's form.
pub(super) async fn add(
    State(portal): State<Portal>,
    Submission { customer, form }: Submission,
) -> Result<Response, PageProblem> {
    let back = form.get("back");
    let query: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    let return_url = address(&portal, &format!("{HERE}/added?back={query}"));
    let id = &customer.visit.account;
    let (key, engine) = (form.key(), portal.engine());
    let started = engine.start_setup(id, Some(&key), Some(return_url), SetupForm::Hosted).await;
    let refusal = match started {
        Ok(session) => match session.form {
            CustomerStep::Page { url } => {
                let mut response = see_other(&url);
                entering::keep(&mut response, &session.reference, &portal);
                return Ok(response);
            }
            // A provider that has no page for it, but a script, which our pages don't run.
            CustomerStep::Script { .. } => elsewhere(&customer),
        },
        Err(failure) => Refusal::of(failure, &portal, &customer)?,
    };
    page(&portal, &customer, back, Some(refusal))
}

fn elsewhere(customer: &Customer) -> Refusal {
    let refusal = Refusal::conflict("Cards are entered in the app itself.");
    let step = customer.visit.return_url.clone().map(|url| ("Back to the app", url));
    Refusal { step, ..refusal }
}

/// Back from the provider's form: says how that went, and leads on.
pub(super) async fn added(
    State(portal): State<Portal>,
    customer: Customer,
    headers: HeaderMap,
    Query(Back { back }): Query<Back>,
) -> Result<Response, PageProblem> {
    let Some(session) = entering::kept(&headers) else {
        return Ok(see_other(HERE));
    };
    let before = customer.account().billing.next_payment;
    let was_due = customer.account().is_past_due();
    let found = portal.engine().setup(&customer.visit.account, &session).await;
    let customer = customer.again(&portal).await?;
    let setup = match found {
        Ok(found) => found,
        Err(failure) => {
            let refusal = Refusal::of(failure, &portal, &customer)?;
            return page(&portal, &customer, &back, Some(refusal));
        }
    };
    let mut response = match setup.map(|setup| setup.status) {
        Some(SetupStatus::Succeeded { method, .. }) => {
            let renewal = paid_with(&customer, &method, before, was_due);
            let name = customer.account().billing.methods.iter().find(|it| it.reference == method);
            let name = name.map_or_else(|| "Your card".to_owned(), names::method);
            match renewal {
                Some(page) => see_other(&page),
                None => {
                    let page = page_of_ours(&back).unwrap_or(HERE);
                    Note::done(format!("{name} is what you pay with now.")).on(page, &portal)
                }
            }
        }
        Some(SetupStatus::Failed { decline }) => {
            let (message, fix) = advice(decline.shown_code());
            Note::failed(format!("The card was not added. {message} {fix}")).on(HERE, &portal)
        }
        Some(SetupStatus::Open | SetupStatus::Cancelled) | None => {
            Note::failed("No card was added.").on(HERE, &portal)
        }
    };
    entering::forget(&mut response);
    Ok(response)
}

/// The page of the payment that a new card made at once of what was past due.
fn paid_with(
    customer: &Customer,
    method: &MethodRef,
    before: u32,
    was_due: bool,
) -> Option<String> {
    let billing = &customer.account().billing;
    let open = billing.payments.iter().rev().find(|payment| {
        let renewal = matches!(payment.order.purchase, Purchase::Renewal { .. });
        renewal && !payment.abandoned && payment.method.reference == *method
    });
    let began = was_due && billing.next_payment > before;
    let settled = began.then(|| bursar_core::id::PaymentId::numbered(billing.seed, before));
    open.map(|payment| payment.id).or(settled).map(payment_page)
}

/// Pays with another one from now on.
pub(super) async fn set_default(
    State(portal): State<Portal>,
    Submission { customer, form }: Submission,
) -> Result<Response, PageProblem> {
    let Ok(method) = form.get("method").parse::<MethodRef>() else {
        return page(&portal, &customer, "", Some(unknown()));
    };
    match buy(&portal, &customer, &form, Command::SetDefaultMethod(method.clone())).await {
        // What was past due is paid with it at once: how that went is said on the payment's page.
        Ok(purchase) => Ok(onward(&purchase).unwrap_or_else(|| {
            let methods = &customer.account().billing.methods;
            let known = methods.iter().find(|known| known.reference == method);
            let name = known.map_or_else(|| "This".to_owned(), names::method);
            Note::done(format!("{name} is what you pay with now.")).on(HERE, &portal)
        })),
        Err(failure) => refused(failure, &portal, &customer),
    }
}

/// Forgets one.
pub(super) async fn remove(
    State(portal): State<Portal>,
    Submission { customer, form }: Submission,
) -> Result<Response, PageProblem> {
    let Ok(method) = form.get("method").parse::<MethodRef>() else {
        return page(&portal, &customer, "", Some(unknown()));
    };
    let command = envelope(&customer, &form, Command::RemovePaymentMethod(method.clone()));
    match portal.engine().remove_payment_method(command, &method).await {
        Ok(_) => Ok(Note::done("The card is removed.").on(HERE, &portal)),
        Err(failure) => refused(failure, &portal, &customer),
    }
}

fn unknown() -> Refusal {
    Refusal::conflict("This card is no longer on your account.")
}

fn refused(
    failure: Failure,
    portal: &Portal,
    customer: &Customer,
) -> Result<Response, PageProblem> {
    let refusal = Refusal::of(failure, portal, customer)?;
    page(portal, customer, "", Some(refusal))
}

fn page(
    portal: &Portal,
    customer: &Customer,
    back: &str,
    refusal: Option<Refusal>,
) -> Result<Response, PageProblem> {
    let account = customer.account();
    let methods = account.billing.methods.iter().enumerate();
    let now = customer.view.now;
    let renewal = account.live().and_then(|live| live.renewal.as_ref());
    let due = renewal.filter(|renewal| renewal.unpaid_since.is_some());
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status);
    html_as(
        status,
        &MethodsPage {
            shell: Shell::new(portal, customer, Section::PaymentMethods, "Payment methods"),
            refusal,
            waiting: waiting(customer, |_| true),
            methods: methods.map(|(place, it)| ShownMethod::of(it, place == 0, now)).collect(),
            back: page_of_ours(back).unwrap_or_default().to_owned(),
            due: due.map(|renewal| customer.locale.money(renewal.order.bill.due())),
        },
    )
}

impl ShownMethod {
    fn of(method: &PaymentMethod, is_default: bool, now: Timestamp) -> Self {
        let card = method.card.as_ref();
        let validity = card.map(|card| format!("{:02}/{}", card.exp_month, card.exp_year));
        let month = std::time::Duration::from_secs(31 * 86_400);
        let has_expired = method.has_expired(now);
        Self {
            reference: method.reference.to_string(),
            name: names::method(method),
            validity: validity.unwrap_or_default(),
            is_default,
            has_expired,
            expires_soon: !has_expired && method.has_expired(now.after(month)),
        }
    }
}
