//! `/v1/accounts/{id}/billing_details`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::Command;
use bursar_core::country::Country;
use bursar_engine::buyer::{Line, MOST_LINES, VatId};
use bursar_store::BillingDetails;
use utoipa::ToSchema;

use crate::execute::{envelope, view};
use crate::extract::{AccountPath, Body, Conditions};
use crate::fields::Fields;
use crate::middleware::auth::Caller;
use crate::problem::Problem;
use crate::reply;
use crate::state::ApiState;
use crate::wire::billing::BillingDetailsView;

/// What documents say of the customer; replaces what was there. What is left out is empty.
#[derive(Debug, ToSchema)]
#[schema(as = SetBillingDetails)]
#[schema(example = json!({
    "name": "Ada Lovelace", "company": "Analytical Engines GmbH",
    "address": ["Hauptstraße 1", "10115 Berlin"], "country": "DE", "vat_id": "DE123456789"
}))]
#[allow(dead_code, reason = "it is the document's; `details` reads the fields")]
pub(crate) struct DetailsBody {
    /// The person: one line of at most 200 bytes.
    #[schema(max_length = 200)]
    name: Option<String>,
    /// The company: one line of at most 200 bytes.
    #[schema(max_length = 200)]
    company: Option<String>,
    /// Street, postcode and city, a line of at most 200 bytes each, without the country; at most 6
    /// lines.
    address: Option<Vec<String>>,
    /// The country, which decides the tax: ISO 3166-1.
    #[schema(pattern = "^[A-Z]{2}$")]
    country: Option<String>,
    /// The VAT id, which begins with the country's code. A business of another country than the
    /// seller's accounts for the tax itself, where the catalog says so.
    #[schema(max_length = 20)]
    vat_id: Option<String>,
}

/// The details of a body.
fn details(mut fields: Fields<'_>) -> Result<BillingDetails, Problem> {
    let line = |line: Option<Line>| line.map(String::from).unwrap_or_default();
    let name = line(fields.parsed("name")?);
    let company = line(fields.parsed("company")?);
    let address = fields.list::<Line>("address")?.unwrap_or_default();
    let country = fields.parsed::<Country>("country")?;
    let vat_id = fields.parsed::<VatId>("vat_id")?;
    fields.finish()?;
    if address.len() > MOST_LINES {
        let detail = format!("`address` has {} lines; at most {MOST_LINES}.", address.len());
        return Err(Problem::invalid("address", detail));
    }
    if let Some(vat_id) = &vat_id
        && !country.is_some_and(|country| vat_id.is_of(country))
    {
        let detail = "`vat_id` must begin with the code of the `country`, which decides the tax.";
        return Err(Problem::invalid("vat_id", detail));
    }
    let address = address.into_iter().map(String::from).filter(|line| !line.is_empty()).collect();
    Ok(BillingDetails { name, company, address, country, vat_id: vat_id.map(String::from) })
}

/// Show the billing details
///
/// What documents say of the customer from now on.
#[utoipa::path(get, path = "/v1/accounts/{id}/billing_details", tag = "payments",
    operation_id = "get_billing_details",
    responses((status = 200, description = "The details", body = BillingDetailsView)))]
pub(crate) async fn show(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
) -> Result<Response, Problem> {
    let account = view(&api, &id).await?.account;
    let revision = account.billing.buyer;
    let details = api.engine().store().billing_details(&id, revision).await?.unwrap_or_default();
    let body = BillingDetailsView::of(details, revision, account.version);
    Ok(reply::json(StatusCode::OK, &body))
}

/// Set the billing details
///
/// For documents from now on, and for the tax of the next bill; those that are issued stay as they are.
#[utoipa::path(put, path = "/v1/accounts/{id}/billing_details", tag = "payments",
    operation_id = "set_billing_details", request_body = DetailsBody,
    responses((status = 200, description = "The details", body = BillingDetailsView)))]
pub(crate) async fn set(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    conditions: Conditions,
    body: Body,
) -> Result<Response, Problem> {
    let details = details(body.given_fields()?)?;
    view(&api, &id).await?;
    // The engine replaces the command by the revision that the details become.
    let envelope = envelope(&caller, id, Command::Advance, conditions);
    let committed = api.engine().set_billing_details(envelope, &details).await?;
    let body = BillingDetailsView::changed(&committed.entry, details);
    reply::changed(StatusCode::OK, &committed, body)
}
