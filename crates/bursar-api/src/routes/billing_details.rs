//! `/v1/accounts/{id}/billing_details`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::{Command, SetBillingDetails};
use bursar_core::country::Country;
use bursar_engine::{Envelope, Failure};
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

/// An address has at most that many lines.
const MOST_LINES: usize = 6;

/// What documents say of the customer; replaces what was there. What is left out is empty.
#[derive(Debug, ToSchema)]
#[schema(as = SetBillingDetails)]
#[schema(example = json!({
    "name": "Ada Lovelace", "company": "Analytical Engines GmbH",
    "address": ["Hauptstraße 1", "10115 Berlin"], "country": "DE", "vat_id": "DE123456789"
}))]
#[allow(dead_code, reason = "it is the document's; `details` reads the fields")]
pub(crate) struct DetailsBody {
    /// The person.
    #[schema(max_length = 200)]
    name: Option<String>,
    /// The company.
    #[schema(max_length = 200)]
    company: Option<String>,
    /// Street, postcode and city, a line each, without the country; at most 6 lines.
    address: Option<Vec<String>>,
    /// The country, which decides the tax: ISO 3166-1.
    #[schema(pattern = "^[A-Z]{2}$")]
    country: Option<String>,
    /// The VAT id, which begins with the country's code. A business of another country than the
    /// seller's accounts for the tax itself, where the catalog says so.
    #[schema(max_length = 20)]
    vat_id: Option<String>,
}

/// One line of text.
struct Line(String);

impl std::str::FromStr for Line {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let line = text.trim();
        let fits = line.len() <= 200 && !line.chars().any(char::is_control);
        fits.then(|| Self(line.to_owned())).ok_or("a line has at most 200 bytes of text")
    }
}

/// A VAT id without the spaces, dots and hyphens that people put in.
struct VatId(String);

impl std::str::FromStr for VatId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain: String = text.chars().filter(|c| !" .-".contains(*c)).collect();
        let plain = plain.to_ascii_uppercase();
        let letters = plain.bytes().take(2).all(|b| b.is_ascii_uppercase());
        let rest = plain.bytes().all(|b| b.is_ascii_alphanumeric() || b"+*".contains(&b));
        let fits = (4..=16).contains(&plain.len()) && letters && rest;
        fits.then_some(Self(plain)).ok_or("a VAT id is like DE123456789, with its country's prefix")
    }
}

impl VatId {
    /// Is it of that country? Greece and Northern Ireland have prefixes of their own.
    fn is_of(&self, country: Country) -> bool {
        let prefix = match country.code() {
            "GR" => "EL",
            "GB" if self.0.starts_with("XI") => "XI",
            code => code,
        };
        self.0.starts_with(prefix)
    }
}

/// The details of a body.
fn details(mut fields: Fields<'_>) -> Result<BillingDetails, Problem> {
    let line = |line: Option<Line>| line.map(|it| it.0).unwrap_or_default();
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
    let address = address.into_iter().map(|it| it.0).filter(|line| !line.is_empty()).collect();
    Ok(BillingDetails { name, company, address, country, vat_id: vat_id.map(|it| it.0) })
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
    let details = details(body.fields()?)?;
    view(&api, &id).await?;
    let request = Some(request_of(&details));
    let command = |revision| {
        let (country, business) = (details.country, details.vat_id.is_some());
        Command::SetBillingDetails(SetBillingDetails { revision, country, business })
    };
    // A repeat must not keep another revision. No account is at this version, so this only finds what
    // was done before.
    let look = envelope(&caller, id.clone(), command(0), conditions.clone());
    let look = Envelope { if_version: Some(u64::MAX), request, ..look };
    let known = match conditions.key {
        Some(_) => match api.engine().execute(look).await {
            Err(Failure::VersionMismatch { .. }) => None,
            known => Some(known?),
        },
        None => None,
    };
    let committed = match known {
        Some(known) => known,
        None => {
            let store = api.engine().store();
            let revision = store.add_billing_details(&id, details.clone()).await?;
            let envelope = envelope(&caller, id, command(revision), conditions);
            api.engine().execute(Envelope { request, ..envelope }).await?
        }
    };
    let body = BillingDetailsView::changed(&committed.entry, details);
    reply::changed(StatusCode::OK, &committed, body)
}

/// What makes a repeat the same request: the details, and not the revision that they became.
fn request_of(details: &BillingDetails) -> [u8; 16] {
    let text = serde_json::to_vec(details).unwrap_or_default();
    let hash = blake3::Hasher::new().update(b"billing details").update(&text).finalize();
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}
