//! `/portal/plan`: which plans there are, and what the present one is.

pub(super) mod confirm;
pub(super) mod preview;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::Command;
use bursar_core::account::state::{LiveSubscription, Subscription};
use bursar_core::account::subscription::offer::{OfferKind, offer};
use bursar_core::catalog::{Catalog, Interval, Plan};
use bursar_core::readable::size;
use bursar_core::rejection::SubscriptionRejection;
use serde::Deserialize;

use super::action::envelope;
use super::refusal::Refusal;
use super::waiting::{Waiting, waiting};
use crate::page::html_as;
use crate::page::names;
use crate::page::problem::PageProblem;
use crate::page::shell::{Section, Shell};
use crate::page::words::{date, isolated};
use crate::session::{Customer, Note, Submission};
use crate::state::Portal;

#[derive(Template)]
#[template(path = "customer/plan.html")]
struct PlanPage {
    shell: Shell,
    refusal: Option<Refusal>,
    waiting: Vec<Waiting>,
    /// What the present plan is and what becomes of it.
    standing: String,
    /// The change that waits for the next billing date.
    scheduled: Option<String>,
    /// What no plan can be chosen for now, and the way on.
    closed: Option<Refusal>,
    interval: &'static str,
    /// `Save 10%` by the year.
    saving: String,
    plans: Vec<PlanCard>,
    can_cancel: bool,
}

/// A plan.
struct PlanCard {
    name: String,
    price: String,
    /// `a month`, or what is paid by the year.
    per: String,
    credits: String,
    storage: String,
    features: Vec<String>,
    highlights: Vec<String>,
    is_popular: bool,
    is_current: bool,
    is_next: bool,
    is_own: bool,
    /// What the button says and where it leads; `None` if there is nothing to do.
    choose: Option<(&'static str, String)>,
}

#[derive(Default, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    interval: String,
}

/// An interval by its name.
fn interval_of(text: &str) -> Option<Interval> {
    [Interval::Month, Interval::Year].into_iter().find(|interval| interval.as_str() == text)
}

/// The page.
pub(super) async fn show(
    State(portal): State<Portal>,
    customer: Customer,
    Query(Shown { interval }): Query<Shown>,
) -> Result<Response, PageProblem> {
    page(&portal, &customer, interval_of(&interval), None)
}

/// Undoes the scheduled change.
pub(super) async fn undo(
    State(portal): State<Portal>,
    Submission { customer, form }: Submission,
) -> Result<Response, PageProblem> {
    let command = envelope(&customer, &form, Command::DropScheduledChange);
    match portal.engine().execute(command).await {
        Ok(_) => {
            let plan = customer.account().plan();
            let plan = plan.map(|key| names::plan(customer.account(), portal.catalog(), key));
            let text = format!("The change is undone. {} goes on.", isolated(plan.unwrap_or("It")));
            Ok(Note::done(text).on("/portal/plan", &portal))
        }
        Err(failure) => {
            let refusal = Refusal::of(failure, &portal, &customer)?;
            page(&portal, &customer, None, Some(refusal))
        }
    }
}

fn page(
    portal: &Portal,
    customer: &Customer,
    interval: Option<Interval>,
    refusal: Option<Refusal>,
) -> Result<Response, PageProblem> {
    let (account, catalog) = (customer.account(), portal.catalog());
    let live = account.live();
    let interval = interval.or_else(|| live.map(|live| live.interval)).unwrap_or(Interval::Month);
    let own = account.billing.custom_plan.as_deref();
    let running = live.and_then(|live| account.plan_of(catalog, &live.plan));
    let retired = running.filter(|plan| plan.retired);
    let on_sale = retired.into_iter().chain(catalog.offered()).chain(own);
    let plans = on_sale.map(|plan| card(portal, customer, plan, interval)).collect();
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status);
    html_as(
        status,
        &PlanPage {
            shell: Shell::new(portal, customer, Section::Plan, "Plan"),
            refusal,
            waiting: waiting(customer, |purchase| purchase.is_subscription()),
            standing: standing(portal, customer),
            scheduled: live.and_then(|live| scheduled(live, portal, customer)),
            closed: closed(portal, customer)?,
            interval: interval.as_str(),
            saving: saving(catalog),
            plans,
            can_cancel: live.is_some_and(|live| live.cancellation.is_none()),
        },
    )
}

fn standing(portal: &Portal, customer: &Customer) -> String {
    let (account, catalog) = (customer.account(), portal.catalog());
    let name = |key| isolated(names::plan(account, catalog, key));
    let day = |at| date(at, &account.zone);
    match &account.subscription {
        Subscription::None => "You have no plan yet. Choose one to begin.".to_owned(),
        Subscription::Live(live) if live.cancellation.is_some() => {
            format!("{} is cancelled and ends on {}.", name(&live.plan), day(live.billing.end))
        }
        Subscription::Live(live) => {
            let price = customer.locale.money(live.terms.price);
            let every = live.interval.as_str();
            format!("You are on {}, at {price} a {every} before tax.", name(&live.plan))
        }
        Subscription::Retention(ended) => format!(
            "{} ended on {}. With any plan you have your files and the credits you bought back, until \
             {}.",
            name(&ended.plan),
            day(ended.ended_at),
            day(ended.purge_at)
        ),
        Subscription::Purged { .. } => {
            "Your plan has ended and your files are deleted. You can begin again at any time; credits \
             that you bought come back."
                .to_owned()
        }
    }
}

fn scheduled(live: &LiveSubscription, portal: &Portal, customer: &Customer) -> Option<String> {
    let change = live.scheduled.as_ref()?;
    let account = customer.account();
    let plan = isolated(names::plan(account, portal.catalog(), &change.plan));
    let paid = match change.interval {
        Interval::Month => "paid monthly",
        Interval::Year => "paid yearly",
    };
    Some(format!("Changes to {plan}, {paid}, on {}.", date(live.billing.end, &account.zone)))
}

/// Is a change refused whatever is chosen?
fn closed(portal: &Portal, customer: &Customer) -> Result<Option<Refusal>, PageProblem> {
    let (account, catalog) = (customer.account(), portal.catalog());
    let Some(any) = catalog.offered().next() else {
        return Ok(Some(Refusal::conflict("No plans are sold here at the moment.")));
    };
    let tried = offer(account, catalog, any.key.as_str(), Interval::Month, customer.view.now);
    match tried {
        Err(
            why @ (SubscriptionRejection::Canceling { .. }
            | SubscriptionRejection::RenewalUnpaid { .. }),
        ) => {
            let failure = bursar_core::rejection::Rejection::from(why).into();
            Ok(Some(Refusal::of(failure, portal, customer)?))
        }
        _ => Ok(None),
    }
}

/// What a year saves: the same for all plans, or the most of them.
fn saving(catalog: &Catalog) -> String {
    let percent = |plan: &Plan| {
        let year = plan.price_month.amount.checked_mul(12).filter(|year| *year > 0)?;
        let saved = year.checked_sub(plan.price_year.amount)?.checked_mul(100)?;
        saved.checked_div(year).filter(|percent| *percent > 0)
    };
    let all: Vec<_> = catalog.offered().map(|plan| percent(plan).unwrap_or(0)).collect();
    match (all.iter().max(), all.iter().min()) {
        (Some(most), Some(least)) if *most > 0 && most == least => format!("Save {most}%"),
        (Some(most), _) if *most > 0 => format!("Save up to {most}%"),
        _ => String::new(),
    }
}

fn card(portal: &Portal, customer: &Customer, plan: &Plan, interval: Interval) -> PlanCard {
    let (account, catalog, locale) = (customer.account(), portal.catalog(), &customer.locale);
    let live = account.live();
    let is_current = live.is_some_and(|it| it.plan == plan.key && it.interval == interval);
    let next = live.and_then(|live| live.scheduled.as_ref());
    let tried = offer(account, catalog, plan.key.as_str(), interval, customer.view.now);
    let label = match tried.map(|offer| offer.kind) {
        Ok(OfferKind::Start) => Some("Choose"),
        Ok(OfferKind::Upgrade) if live.is_some_and(|live| live.plan == plan.key) => {
            Some("Pay yearly")
        }
        Ok(OfferKind::Downgrade) if live.is_some_and(|live| live.plan == plan.key) => {
            Some("Pay monthly")
        }
        Ok(OfferKind::Upgrade) => Some("Upgrade"),
        Ok(OfferKind::Downgrade) => Some("Downgrade"),
        Err(_) => None,
    };
    let is_next = next.is_some_and(|next| next.plan == plan.key && next.interval == interval);
    let url = format!("/portal/plan/preview?plan={}&interval={}", plan.key, interval.as_str());
    let features = catalog.features.iter().filter(|it| plan.features.contains(&it.key));
    PlanCard {
        name: plan.name.clone(),
        price: locale.money(match interval {
            Interval::Month => plan.price_month,
            Interval::Year => plan.price_year_per_month,
        }),
        per: match interval {
            Interval::Month => "a month".to_owned(),
            Interval::Year => format!("a month, {} a year", locale.money(plan.price_year)),
        },
        credits: locale.credits(plan.allowance),
        storage: size(plan.storage_bytes),
        features: features.map(|feature| feature.name.clone()).collect(),
        highlights: plan.highlights.clone(),
        is_popular: plan.popular && live.is_none(),
        is_current,
        is_next,
        is_own: account.billing.custom_plan.as_ref().is_some_and(|own| own.key == plan.key),
        choose: label.filter(|_| !is_next).map(|label| (label, url)),
    }
}
