//! `/portal/usage/receipts/{spend}`: one operation, explained from beginning to end.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use bursar_core::account::event::{Event, Purpose, ReleaseCause};
use bursar_core::account::lots::sum;
use bursar_core::account::spend::{Spend, SpendState, fold};
use bursar_core::catalog::Catalog;
use bursar_core::credits::Credits;
use bursar_core::id::SpendId;
use bursar_core::pricing::Rate;
use bursar_core::statement;
use bursar_store::SpendEvent;

use crate::page::problem::PageProblem;
use crate::page::shell::{Section, Shell};
use crate::page::words::{Locale, date, moment};
use crate::page::{html, names};
use crate::session::Customer;
use crate::state::Portal;

#[derive(Template)]
#[template(path = "customer/receipt.html")]
struct ReceiptPage {
    shell: Shell,
    what: String,
    at: String,
    /// The state in a word, and the class of its colour.
    state: (&'static str, &'static str),
    /// What became of it, in a sentence or two.
    outcome: String,
    facts: Vec<(&'static str, String)>,
    why: String,
    steps: Vec<Step>,
    lots: Vec<LotRow>,
    id: String,
}

struct Step {
    at: String,
    what: String,
    change: String,
    is_gain: bool,
    before: String,
    after: String,
}

struct LotRow {
    label: &'static str,
    expires: String,
    credits: String,
}

/// The page.
pub(in crate::customer) async fn show(
    State(portal): State<Portal>,
    customer: Customer,
    Path(spend): Path<String>,
) -> Result<Response, PageProblem> {
    let missing = || PageProblem::not_found("such receipt").leading("Go to usage", "/portal/usage");
    let id: SpendId = spend.parse().map_err(|_| missing())?;
    let events = portal.engine().spend(&customer.account().id, id).await?;
    let spend = events.iter().map(|event| &event.recorded).fold(None, fold).ok_or_else(missing)?;
    let catalog = portal.catalog();
    let zone = &customer.account().zone;
    let what = match &spend.purpose {
        Purpose::Operation { usage, .. } => names::operation(catalog, &usage.operation).to_owned(),
        Purpose::Custom { reason } => reason.to_string(),
    };
    // Two receipts have two titles.
    let title = format!("{what}, {}", moment(spend.at, zone));
    html(&ReceiptPage {
        shell: Shell::new(&portal, &customer, Section::Usage, &title),
        what,
        at: moment(spend.at, zone),
        state: state(&spend),
        outcome: outcome(&spend, &customer.locale),
        facts: facts(&spend, &customer, catalog),
        why: bursar_api::explain::spend(&spend, &events, catalog),
        steps: events.iter().map(|event| step(event, &customer)).collect(),
        lots: lots(&spend, &customer),
        id: spend.id.to_string(),
    })
}

/// What was spent for good.
fn net(spend: &Spend) -> Credits {
    sum(&spend.spent).minus(sum(&spend.refunded))
}

fn state(spend: &Spend) -> (&'static str, &'static str) {
    let is_free = !net(spend).is_positive();
    match spend.state {
        SpendState::Open => ("Running", "warn"),
        _ if is_free && !spend.spent.is_empty() => ("Refunded", "good"),
        SpendState::TimedOut { .. } if is_free => ("Timed out, not charged", "bad"),
        _ if is_free => ("Not charged", "bad"),
        _ => ("Charged", ""),
    }
}

/// "Not charged. 80 credits returned."
fn outcome(spend: &Spend, locale: &Locale) -> String {
    let credits = |amount: Credits| locale.credits(amount);
    let (spent, refunded) = (sum(&spend.spent), sum(&spend.refunded));
    let returned = spend.returned.plus(spend.expired);
    let mut text = match (&spend.state, spent.is_positive()) {
        (SpendState::Open, false) => {
            format!("{} are held while it runs.", credits(spend.reserved))
        }
        (SpendState::Open, true) => {
            let left = spend.reserved.minus(spent).minus(returned).max(Credits::ZERO);
            format!("{} charged so far. {} are still held.", credits(spent), credits(left))
        }
        (_, true) if refunded.is_positive() => {
            format!("{} charged, {} refunded.", credits(spent), credits(refunded))
        }
        (_, true) => format!("{} charged.", credits(spent)),
        (_, false) => "Not charged.".to_owned(),
    };
    if returned.is_positive() && spend.state != SpendState::Open {
        text.push_str(&format!(" {} returned.", credits(returned)));
    }
    if spend.expired.is_positive() {
        text.push_str(&format!(
            " {} of them had expired while they were held.",
            credits(spend.expired)
        ));
    }
    if let SpendState::Released { reason: Some(reason), .. } = &spend.state {
        text.push_str(&format!(" Reason: {}", crate::page::words::isolated(reason.as_str())));
    }
    text
}

fn facts(spend: &Spend, customer: &Customer, catalog: &Catalog) -> Vec<(&'static str, String)> {
    let locale = &customer.locale;
    let mut facts = Vec::new();
    if let Purpose::Operation { usage, rate, catalog: version } = &spend.purpose {
        let operation = catalog.operation(&usage.operation);
        let unit = operation.map_or("unit", |operation| operation.unit.as_str());
        facts.push(("Model", usage.model.to_string()));
        facts.push(("Quality", usage.quality.to_string()));
        let attributes = usage.attributes.iter().map(|(key, value)| format!("{key}: {value}"));
        let attributes: Vec<String> = attributes.collect();
        if !attributes.is_empty() {
            facts.push(("Options", attributes.join(", ")));
        }
        let plural = if usage.units == bursar_core::pricing::Quantity::ONE { "" } else { "s" };
        facts.push(("Asked for", format!("{} {unit}{plural}", locale.quantity(usage.units))));
        facts.push(("Rate", self::rate(rate, unit)));
        facts.push(("Rate card", version.to_string()));
    }
    if spend.reserved.is_positive() {
        facts.push(("Held", locale.credits(spend.reserved)));
    }
    facts.push(("Charged", locale.credits(sum(&spend.spent))));
    let returned = spend.returned.plus(spend.expired);
    if returned.is_positive() {
        facts.push(("Returned", locale.credits(returned)));
    }
    if !spend.refunded.is_empty() {
        facts.push(("Refunded", locale.credits(sum(&spend.refunded))));
    }
    if let (SpendState::Open, Some(at)) = (&spend.state, spend.expires_at) {
        facts.push(("Gives up at", moment(at, &customer.account().zone)));
    }
    if let Some(reference) = &spend.reference {
        facts.push(("Reference", reference.to_string()));
    }
    facts
}

fn rate(rate: &Rate, unit: &str) -> String {
    let least = if rate.minimum > rate.step {
        format!(", at least {}", rate.minimum)
    } else {
        String::new()
    };
    let plural = if rate.unit_price.to_string() == "1" { "" } else { "s" };
    format!("{} credit{plural} per {unit}{least}", rate.unit_price)
}

fn step(SpendEvent { recorded, .. }: &SpendEvent, customer: &Customer) -> Step {
    let locale = &customer.locale;
    let change = statement::line(recorded).map_or(Credits::ZERO, |line| line.credits);
    Step {
        at: moment(recorded.at, &customer.account().zone),
        what: happened(&recorded.event, customer),
        change: locale.movement(change),
        is_gain: change.is_positive(),
        before: locale.number(recorded.available.minus(change)),
        after: locale.number(recorded.available),
    }
}

fn happened(event: &Event, customer: &Customer) -> String {
    let credits = |portions: &[_]| customer.locale.credits(sum(portions));
    match event {
        Event::HoldPlaced { portions, .. } => format!("Held {}", credits(portions)),
        Event::HoldExtended { expires_at, .. } => {
            format!("Given time until {}", moment(*expires_at, &customer.account().zone))
        }
        Event::HoldCaptured { captured, overage, returned, expired, .. } => {
            let spent = sum(captured).plus(sum(overage));
            let back = sum(returned).plus(sum(expired));
            let mut text = format!("Charged {}", customer.locale.credits(spent));
            if back.is_positive() {
                text.push_str(&format!(", returned {}", customer.locale.credits(back)));
            }
            text
        }
        Event::HoldReleased { returned, expired, cause, .. } => {
            let back = customer.locale.credits(sum(returned).plus(sum(expired)));
            match cause {
                ReleaseCause::Caller { .. } => format!("Not charged, returned {back}"),
                ReleaseCause::TimedOut => format!("Time ran out, returned {back}"),
            }
        }
        Event::Charged { portions, .. } => format!("Charged {}", credits(portions)),
        Event::ChargeRefunded { returned, expired, .. } => {
            let back = sum(returned).plus(sum(expired));
            format!("Refunded {}", customer.locale.credits(back))
        }
        other => bursar_core::describe::kind(other).replace('_', " "),
    }
}

/// The lots that paid, each once, in the order in which they were used.
fn lots(spend: &Spend, customer: &Customer) -> Vec<LotRow> {
    let mut paid: Vec<bursar_core::account::event::Portion> = Vec::new();
    for portion in &spend.spent {
        match paid.iter_mut().find(|seen| seen.lot == portion.lot) {
            Some(seen) => seen.credits = seen.credits.plus(portion.credits),
            None => paid.push(*portion),
        }
    }
    let zone = &customer.account().zone;
    let row = |portion: bursar_core::account::event::Portion| LotRow {
        label: names::class(portion.class),
        expires: portion.expires_at.map_or_else(|| "never".to_owned(), |at| date(at, zone)),
        credits: customer.locale.number(portion.credits),
    };
    paid.into_iter().map(row).collect()
}
