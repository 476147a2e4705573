//! `/portal/credits/auto-top-up`: credits that are bought when they run low. Off until asked for.

use axum::extract::State;
use axum::response::Response;
use bursar_core::account::command::Command;
use bursar_core::account::payments::{AutoTopup, AutoTopupState};
use bursar_core::account::topups::bill_of;
use bursar_core::credits::Credits;
use bursar_core::money::Money;
use bursar_core::rejection::{PaymentRejection, Rejection};
use bursar_engine::Failure;

use super::super::action::envelope;
use super::super::refusal::Refusal;
use super::page;
use crate::page::names;
use crate::page::problem::PageProblem;
use crate::page::words::moment;
use crate::session::form::Form;
use crate::session::{Customer, Note, Submission};
use crate::state::Portal;

/// The form, as it is set or was filled in.
pub(super) struct AutoForm {
    pub(super) is_on: bool,
    pub(super) threshold: String,
    pub(super) packs: Vec<AutoPack>,
    pub(super) cap: String,
    pub(super) currency: String,
    /// The card that would be charged.
    pub(super) card: Option<String>,
    /// How far it is: what was spent, and what it waits for.
    pub(super) state: Vec<String>,
    /// Is something in the way?
    pub(super) is_blocked: bool,
}

/// A pack to choose.
pub(super) struct AutoPack {
    pub(super) key: String,
    /// `Small: 100 credits, $10.00`, tax included.
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

/// Turns it on, or changes it.
pub(in super::super) async fn set(
    State(portal): State<Portal>,
    Submission { customer, form }: Submission,
) -> Result<Response, PageProblem> {
    let refused = match read(&form, &customer) {
        Err(refusal) => refusal,
        Ok(settings) => {
            let cap = customer.locale.money(settings.monthly_cap);
            let command = Command::SetAutoTopup(Some(settings));
            match portal.engine().execute(envelope(&customer, &form, command)).await {
                Ok(_) => {
                    let text =
                        format!("Automatic top-ups are on: at most {cap} a month, tax included.");
                    return Ok(Note::done(text).on("/portal/credits", &portal));
                }
                Err(failure) => Refusal::of(failure, &portal, &customer)?,
            }
        }
    };
    let filled = AutoForm {
        threshold: form.get("threshold").to_owned(),
        packs: packs(&portal, &customer, form.get("pack")),
        cap: form.get("cap").to_owned(),
        ..as_set(&portal, &customer)
    };
    page(&portal, &customer, "", Some(refused), Some(filled))
}

/// Turns it off.
pub(in super::super) async fn off(
    State(portal): State<Portal>,
    Submission { customer, form }: Submission,
) -> Result<Response, PageProblem> {
    let envelope = envelope(&customer, &form, Command::SetAutoTopup(None));
    match portal.engine().execute(envelope).await {
        // To turn off what is off already is no mistake.
        Ok(_) | Err(Failure::Rejected(Rejection::Payment(PaymentRejection::NothingNew))) => {
            let note = Note::done("Automatic top-ups are off. Nothing is bought by itself.");
            Ok(note.on("/portal/credits", &portal))
        }
        Err(failure) => {
            let refusal = Refusal::of(failure, &portal, &customer)?;
            page(&portal, &customer, "", Some(refusal), None)
        }
    }
}

fn read(form: &Form, customer: &Customer) -> Result<AutoTopup, Refusal> {
    let threshold = Credits::parse(form.get("threshold")).map_err(|_| {
        Refusal::invalid("The number of credits below which to buy must be a number, such as 50.")
    })?;
    let pack = form.get("pack").parse();
    let pack = pack.map_err(|_| Refusal::invalid("Choose the pack that is to be bought."))?;
    let currency = customer.account().currency;
    let monthly_cap = Money::parse(form.get("cap"), currency).map_err(|error| {
        Refusal::invalid(format!("The monthly limit isn't an amount of {currency}: {error}."))
    })?;
    Ok(AutoTopup { threshold, pack, monthly_cap })
}

/// The form with what is set; with something to begin with, if nothing is.
pub(super) fn as_set(portal: &Portal, customer: &Customer) -> AutoForm {
    let account = customer.account();
    let state = account.billing.auto_topup.as_ref();
    let settings = state.map(|state| &state.settings);
    let allowance = account.live().map_or(Credits::ZERO, |live| live.terms.allowance);
    let threshold = settings.map_or_else(|| tenth(allowance), |it| it.threshold.to_string());
    let chosen = settings.map(|it| it.pack.as_str().to_owned()).unwrap_or_default();
    AutoForm {
        is_on: state.is_some(),
        threshold,
        packs: packs(portal, customer, &chosen),
        cap: settings.map(|it| plain(it.monthly_cap)).unwrap_or_default(),
        currency: account.currency.to_string(),
        card: account.billing.default_method().map(names::method),
        state: state.map(|state| told(state, customer)).unwrap_or_default(),
        is_blocked: state.is_some_and(|state| state.exhausted || state.declined.is_some()),
    }
}

/// A tenth of the month's credits: where pages begin to say that they are low.
fn tenth(allowance: Credits) -> String {
    let whole = allowance.micro() / 10 / Credits::ONE.micro();
    whole.max(1).to_string()
}

/// `50.00`: as it is filled in.
fn plain(money: Money) -> String {
    let text = money.to_string();
    text.split_once(' ').map_or(text.clone(), |(amount, _)| amount.to_owned())
}

fn packs(portal: &Portal, customer: &Customer, chosen: &str) -> Vec<AutoPack> {
    let (catalog, locale) = (portal.catalog(), &customer.locale);
    let shown = catalog.packs.iter().filter_map(|pack| {
        let bill = bill_of(customer.account(), catalog, pack.key.as_str()).ok()?;
        let (credits, price) = (locale.credits(pack.credits), locale.money(bill.due()));
        Some(AutoPack {
            key: pack.key.to_string(),
            label: format!("{}: {credits}, {price}", pack.name),
            is_chosen: pack.key.as_str() == chosen,
        })
    });
    shown.collect()
}

fn told(state: &AutoTopupState, customer: &Customer) -> Vec<String> {
    let (account, locale) = (customer.account(), &customer.locale);
    let cap = state.settings.monthly_cap;
    let spent = locale.money(Money::new(state.spent, cap.currency));
    let mut told = vec![format!("{spent} of {} spent this month.", locale.money(cap))];
    let declined = account.billing.default_method().map(|method| &method.reference);
    if state.declined.is_some() && state.declined.as_ref() == declined {
        told.push("Your card was declined, so nothing is bought before there is another.".into());
    } else if state.exhausted {
        told.push("The monthly limit is reached; it goes on with the next month.".into());
    } else if let Some(at) = state.not_before.filter(|at| *at > customer.view.now) {
        told.push(format!("The next is bought no sooner than {}.", moment(at, &account.zone)));
    }
    told
}
