//! `/portal/plan/preview`: what a change of plan costs and does, before it is confirmed. What is
//! confirmed is what is shown here, or nothing.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::payments::Purchase;
use bursar_core::account::subscription::offer::{Offer, OfferKind, offer};
use bursar_core::catalog::{Catalog, Interval};
use bursar_core::credits::Credits;
use bursar_core::id::Key;
use bursar_core::money::Money;
use bursar_core::rejection::Rejection;
use serde::Deserialize;

use super::super::bill::ShownBill;
use super::super::refusal::Refusal;
use super::{interval_of, page as plans};
use crate::page::html_as;
use crate::page::names;
use crate::page::problem::PageProblem;
use crate::page::shell::{Section, Shell};
use crate::page::words::{date, isolated, moment};
use crate::session::Customer;
use crate::state::Portal;

#[derive(Template)]
#[template(path = "customer/preview.html")]
struct PreviewPage {
    shell: Shell,
    refusal: Option<Refusal>,
    shown: Preview,
}

/// An offer as it reads.
struct Preview {
    /// `Upgrade to Professional`
    title: String,
    plan: String,
    interval: &'static str,
    /// What confirms it.
    token: String,
    bill: Option<ShownBill>,
    /// When it takes effect.
    effective: String,
    next_charge: String,
    /// What becomes of the credits, a sentence each.
    credits: Vec<String>,
    /// What is said besides.
    remarks: Vec<String>,
    gained: Vec<String>,
    lost: Vec<String>,
    /// What is charged, if something is due.
    card: Option<String>,
    /// Where a card is added, if one is needed first.
    needs_card: Option<(&'static str, String)>,
    /// What the button says.
    button: String,
    until: String,
}

#[derive(Default, Deserialize)]
pub(in super::super) struct Asked {
    #[serde(default)]
    plan: String,
    #[serde(default)]
    interval: String,
}

/// The page.
pub(in super::super) async fn show(
    State(portal): State<Portal>,
    customer: Customer,
    Query(Asked { plan, interval }): Query<Asked>,
) -> Result<Response, PageProblem> {
    page(&portal, &customer, &plan, &interval, None)
}

/// A new preview, and why the one before had no effect.
pub(super) fn page(
    portal: &Portal,
    customer: &Customer,
    plan: &str,
    interval: &str,
    refusal: Option<Refusal>,
) -> Result<Response, PageProblem> {
    let (account, catalog) = (customer.account(), portal.catalog());
    let Some(interval) = interval_of(interval) else {
        let refusal = Refusal::invalid("A plan is paid by the month or by the year.");
        return plans(portal, customer, None, Some(refusal));
    };
    match offer(account, catalog, plan, interval, customer.view.now) {
        Ok(offer) => {
            let shown = Preview::of(&offer, portal, customer);
            let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status);
            let shell = Shell::new(portal, customer, Section::Plan, &shown.title);
            html_as(status, &PreviewPage { shell, refusal, shown })
        }
        Err(why) => {
            let refusal = Refusal::of(Rejection::from(why).into(), portal, customer)?;
            plans(portal, customer, Some(interval), Some(refusal))
        }
    }
}

impl Preview {
    fn of(offer: &Offer, portal: &Portal, customer: &Customer) -> Self {
        let (account, catalog) = (customer.account(), portal.catalog());
        let name = isolated(names::plan(account, catalog, &offer.plan));
        let (day, money) = (|at| date(at, &account.zone), |it| customer.locale.money(it));
        let due = offer.order.bill.due();
        let by = match offer.interval {
            Interval::Month => "monthly",
            Interval::Year => "yearly",
        };
        let begins = match offer.scheduled {
            true => {
                format!("On {}. Until then everything stays as it is.", day(offer.effective_at))
            }
            false if due.amount > 0 => "As soon as it is paid.".to_owned(),
            false => "At once.".to_owned(),
        };
        let verb = match offer.kind {
            OfferKind::Start => "Start",
            OfferKind::Upgrade => "Upgrade to",
            OfferKind::Downgrade => "Change to",
        };
        let button = match (due.amount, offer.kind) {
            (1.., _) => format!("Pay {}", money(due)),
            (_, OfferKind::Downgrade) => "Confirm downgrade".to_owned(),
            (_, OfferKind::Upgrade) => "Confirm upgrade".to_owned(),
            (_, OfferKind::Start) => "Start plan".to_owned(),
        };
        let method = account.billing.default_method().filter(|_| due.amount > 0);
        let ends = offer.as_of.after(catalog.policies.preview_ttl);
        Self {
            title: format!("{verb} {name}, {by}"),
            plan: offer.plan.to_string(),
            interval: offer.interval.as_str(),
            token: portal.engine().seal().preview(&customer.visit.account, offer),
            bill: (!offer.scheduled).then(|| ShownBill::of(&offer.order.bill, catalog, customer)),
            effective: begins,
            next_charge: format!("{} on {}", money(offer.next_charge), day(offer.next_charge_at)),
            credits: credits(offer, portal, customer),
            remarks: remarks(offer, portal, customer),
            gained: features(catalog, &offer.gained),
            lost: features(catalog, &offer.lost),
            card: method.map(names::method),
            needs_card: needs_card(offer, customer),
            button,
            until: moment(ends, &account.zone),
        }
    }
}

fn features(catalog: &Catalog, keys: &[Key]) -> Vec<String> {
    let known = catalog.features.iter().filter(|feature| keys.contains(&feature.key));
    known.map(|feature| feature.name.clone()).collect()
}

/// What has to be done about the card before something can be paid.
fn needs_card(offer: &Offer, customer: &Customer) -> Option<(&'static str, String)> {
    if offer.order.bill.total == 0 {
        return None;
    }
    let label = match customer.account().billing.default_method() {
        None => "Add a card",
        Some(method) if method.has_expired(customer.view.now) => "Use another card",
        Some(_) => return None,
    };
    let (plan, interval) = (&offer.plan, offer.interval.as_str());
    let here = format!("/portal/plan/preview?plan={plan}&interval={interval}");
    let back: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
    Some((label, format!("/portal/payment-methods?back={back}")))
}

/// The box "Your credits".
fn credits(offer: &Offer, portal: &Portal, customer: &Customer) -> Vec<String> {
    let (account, locale) = (customer.account(), &customer.locale);
    let day = |at| date(at, &account.zone);
    let monthly = account.plan_of(portal.catalog(), &offer.plan).map(|plan| plan.allowance);
    let monthly = locale.credits(monthly.unwrap_or(Credits::ZERO));
    let Some(live) = account.live() else {
        return vec![
            format!("{monthly} come at once, and again every month."),
            "Monthly credits don't carry over to the next month; credits that you buy never expire."
                .to_owned(),
        ];
    };
    let in_hand = locale.credits(account.available());
    let renewed = matches!(offer.order.purchase, Purchase::Change { new_period: true, .. });
    if offer.scheduled {
        return vec![
            format!("The {in_hand} that you have stay as they are until they refresh."),
            format!("From {} you get {monthly} a month.", day(offer.effective_at)),
        ];
    }
    if renewed {
        return vec![
            format!("{monthly} come at once, in place of what is left of this month's."),
            "Credits that you bought stay, and never expire.".to_owned(),
        ];
    }
    let mut told = vec![format!("The {in_hand} that you have stay.")];
    if offer.allowance_change.is_positive() {
        let more = locale.credits(offer.allowance_change);
        told.push(format!("{more} come on top at once, for the rest of this month."));
    }
    told.push(format!("From {} you get {monthly} a month.", day(live.credit.end)));
    told
}

/// What is easily overlooked.
fn remarks(offer: &Offer, portal: &Portal, customer: &Customer) -> Vec<String> {
    let (account, catalog, locale) = (customer.account(), portal.catalog(), &customer.locale);
    let mut told = Vec::new();
    let quota = account.plan_of(catalog, &offer.plan).map_or(0, |plan| plan.storage_bytes);
    if account.live().is_some() && account.storage.used_bytes > quota {
        told.push(format!(
            "You store {}, more than the {} of this plan. Nothing is deleted, but nothing new can be \
             stored until there is room.",
            locale.bytes(account.storage.used_bytes),
            locale.bytes(quota)
        ));
    }
    let carried = account.billing.carried.saturating_add(offer.order.carried);
    if carried > 0 {
        let carried = locale.money(Money::new(carried, account.currency));
        told.push(format!("{carried} for unused time are taken off your next bills."));
    }
    told
}
