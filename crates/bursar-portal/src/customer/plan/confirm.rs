//! `POST /portal/plan`: what a preview showed is done.

use axum::extract::State;
use axum::response::Response;
use bursar_core::account::command::{ChangePlan, Command};
use bursar_core::account::subscription::offer::{Offer, offer};
use bursar_core::rejection::{PaymentRejection, Rejection};
use bursar_engine::Failure;

use super::super::action::{buy, onward};
use super::super::refusal::Refusal;
use super::preview;
use crate::page::names;
use crate::page::problem::PageProblem;
use crate::page::words::{date, isolated};
use crate::session::{Customer, Note, Submission};
use crate::state::Portal;

/// Subscribes, or changes the plan.
pub(in super::super) async fn confirm(
    State(portal): State<Portal>,
    Submission { customer, form }: Submission,
) -> Result<Response, PageProblem> {
    let opened = portal.engine().seal().open_preview(&customer.visit.account, form.get("preview"));
    let Ok(confirmed) = opened else {
        let text = "That preview can't be used here. Nothing was charged; look at it as it is now.";
        let refusal = Some(Refusal::conflict(text));
        return preview::page(&portal, &customer, form.get("plan"), form.get("interval"), refusal);
    };
    let (plan, interval) = (confirmed.plan.to_string(), confirmed.interval);
    let command =
        ChangePlan { plan: plan.clone(), interval, confirms: Some(Box::new(confirmed.clone())) };
    match buy(&portal, &customer, &form, Command::ChangePlan(command)).await {
        Ok(purchase) => Ok(onward(&purchase).unwrap_or_else(|| {
            Note::done(done(&confirmed, &portal, &customer)).on("/portal/plan", &portal)
        })),
        Err(failure) => {
            let customer = customer.again(&portal).await?;
            let stale = Rejection::Payment(PaymentRejection::StalePreview);
            let refusal = match failure {
                Failure::Rejected(why) if why == stale => {
                    Refusal::conflict(changed(&confirmed, &portal, &customer))
                }
                failure => Refusal::of(failure, &portal, &customer)?,
            };
            preview::page(&portal, &customer, &plan, interval.as_str(), Some(refusal))
        }
    }
}

/// What was done that took no payment.
fn done(offer: &Offer, portal: &Portal, customer: &Customer) -> String {
    let account = customer.account();
    let plan = isolated(names::plan(account, portal.catalog(), &offer.plan));
    match offer.scheduled {
        true => format!(
            "Your plan changes to {plan} on {}. Until then everything stays as it is, and you can undo \
             this.",
            date(offer.effective_at, &account.zone)
        ),
        false => format!("You are on {plan} now."),
    }
}

/// What has changed since a preview was made.
fn changed(confirmed: &Offer, portal: &Portal, customer: &Customer) -> String {
    let (account, catalog) = (customer.account(), portal.catalog());
    let (plan, interval, now) = (confirmed.plan.as_str(), confirmed.interval, customer.view.now);
    let money = |it| customer.locale.money(it);
    let what = match offer(account, catalog, plan, interval, now) {
        Err(_) => return "This change can't be made any more. Nothing was charged.".to_owned(),
        Ok(new) if new.method != confirmed.method => {
            let card = account.billing.default_method().map_or("no card".to_owned(), names::method);
            format!("What you pay with has changed: it is {card} now.")
        }
        Ok(new) if new.order.bill.due() != confirmed.order.bill.due() => format!(
            "What is due now was {} and is {}.",
            money(confirmed.order.bill.due()),
            money(new.order.bill.due())
        ),
        Ok(new) if new.kind != confirmed.kind => "Your plan has changed since then.".to_owned(),
        Ok(_) => "This preview was too old, or your plan has changed since.".to_owned(),
    };
    format!("{what} Nothing was charged. Look at it again, and confirm what you see here.")
}
