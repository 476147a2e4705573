//! `/portal/billing-details`: what future documents say of the customer, and what decides the tax.

use std::str::FromStr;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::Command;
use bursar_core::country::Country;
use bursar_engine::buyer::{Line, MOST_LINES, VatId};
use bursar_store::BillingDetails;

use super::action::envelope;
use super::refusal::Refusal;
use crate::page::html_as;
use crate::page::problem::PageProblem;
use crate::page::shell::{Section, Shell};
use crate::session::form::Form;
use crate::session::{Customer, Note, Submission};
use crate::state::Portal;

#[derive(Template)]
#[template(path = "customer/billing_details.html")]
struct DetailsPage {
    shell: Shell,
    refusal: Option<Refusal>,
    filled: Filled,
    countries: Vec<(&'static str, &'static str, bool)>,
    tax: String,
}

/// The form as it is kept or was filled in.
struct Filled {
    name: String,
    company: String,
    address: String,
    country: String,
    vat_id: String,
}

/// The page.
pub(super) async fn show(
    State(portal): State<Portal>,
    customer: Customer,
) -> Result<Response, PageProblem> {
    let revision = customer.account().billing.buyer;
    let store = portal.engine().store();
    let kept = store.billing_details(&customer.visit.account, revision).await?.unwrap_or_default();
    let filled = Filled {
        name: kept.name,
        company: kept.company,
        address: kept.address.join("\n"),
        country: kept.country.map(|country| country.code().to_owned()).unwrap_or_default(),
        vat_id: kept.vat_id.unwrap_or_default(),
    };
    page(&portal, &customer, filled, None)
}

/// Keeps them.
pub(super) async fn set(
    State(portal): State<Portal>,
    Submission { customer, form }: Submission,
) -> Result<Response, PageProblem> {
    let refusal = match read(&form) {
        Err(refusal) => refusal,
        Ok(details) => {
            let envelope = envelope(&customer, &form, Command::Advance);
            match portal.engine().set_billing_details(envelope, &details).await {
                Ok(_) => {
                    let note = Note::done(
                        "Saved. Invoices from now on show this; those that you have stay as they are.",
                    );
                    return Ok(note.on("/portal/billing-details", &portal));
                }
                Err(failure) => Refusal::of(failure, &portal, &customer)?,
            }
        }
    };
    let text = |field: &str| form.get(field).to_owned();
    let filled = Filled {
        name: text("name"),
        company: text("company"),
        address: text("address"),
        country: text("country"),
        vat_id: text("vat_id"),
    };
    page(&portal, &customer, filled, Some(refusal))
}

fn read(form: &Form) -> Result<BillingDetails, Refusal> {
    let line = |field: &str, what: &str| {
        let line = Line::from_str(form.get(field));
        line.map(String::from).map_err(|why| Refusal::invalid(format!("{what}: {why}.")))
    };
    let mut address = Vec::new();
    for text in form.get("address").lines().filter(|line| !line.trim().is_empty()) {
        let line = Line::from_str(text);
        address.push(line.map(String::from).map_err(|why| {
            Refusal::invalid(format!("A line of the address is too long: {why}."))
        })?);
    }
    if address.len() > MOST_LINES {
        let (lines, most) = (address.len(), MOST_LINES);
        let text = format!("The address has {lines} lines; there is room for {most}.");
        return Err(Refusal::invalid(text));
    }
    let country = match form.get("country") {
        "" => None,
        code => {
            let country = code.parse::<Country>();
            Some(country.map_err(|_| Refusal::invalid("Choose the country from the list."))?)
        }
    };
    let vat_id = match form.get("vat_id") {
        "" => None,
        text => Some(VatId::from_str(text).map_err(|_| {
            Refusal::invalid("The VAT id is like DE123456789, with its country's prefix.")
        })?),
    };
    if vat_id.as_ref().is_some_and(|id| !country.is_some_and(|country| id.is_of(country))) {
        let text = "The VAT id must begin with the code of the country, which decides the tax. Choose \
                    the country that it is of.";
        return Err(Refusal::invalid(text));
    }
    Ok(BillingDetails {
        name: line("name", "The name")?,
        company: line("company", "The company")?,
        address,
        country,
        vat_id: vat_id.map(String::from),
    })
}

fn page(
    portal: &Portal,
    customer: &Customer,
    filled: Filled,
    refusal: Option<Refusal>,
) -> Result<Response, PageProblem> {
    let mut countries: Vec<_> = Country::all()
        .map(|country| (country.code(), country.name(), country.code() == filled.country))
        .collect();
    countries.sort_unstable_by_key(|(_, name, _)| *name);
    let status = refusal.as_ref().map_or(StatusCode::OK, |refusal| refusal.status);
    html_as(
        status,
        &DetailsPage {
            shell: Shell::new(portal, customer, Section::Invoices, "Billing details"),
            refusal,
            countries,
            filled,
            tax: portal.catalog().tax.name.clone(),
        },
    )
}
