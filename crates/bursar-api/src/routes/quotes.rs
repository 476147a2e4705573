//! `/v1/accounts/{id}/quotes`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::id::CatalogVersion;
use bursar_core::quote::quote;
use bursar_core::rejection::{Rejection, SpendRejection};
use serde::Serialize;
use utoipa::ToSchema;

use crate::execute::view;
use crate::extract::{AccountPath, Body};
use crate::problem::{Problem, ProblemBody};
use crate::reply;
use crate::spending::{self, UsageBody};
use crate::state::ApiState;
use crate::wire::spend::UsageView;
use crate::wire::{Amount, Shown, Time};

/// A binding offer to run an operation at a price.
#[derive(Debug, Serialize, ToSchema)]
struct Quote {
    /// What a hold or charge names as its `quote`.
    #[schema(example = "quote_AQpjdXN0b21lci03…")]
    id: String,
    #[serde(flatten)]
    usage: UsageView,
    /// What it costs.
    credits: Amount,
    /// The version of the rate card that priced it.
    #[schema(value_type = String, example = "5f2c0a9be1d04c37")]
    rate_card_version: Shown<CatalogVersion>,
    /// Would a hold for it succeed now?
    allowed: bool,
    /// Why not, as a problem.
    reason: Option<ProblemBody>,
    /// What could be spent afterwards; null if it isn't allowed.
    balance_after: Option<Amount>,
    /// When it no longer binds.
    expires_at: Time,
}

/// Ask what an operation costs
///
/// Also if the account can't run it: `allowed` is then false and `reason` says why. A quote
/// reserves nothing and binds its price until `expires_at`.
#[utoipa::path(post, path = "/v1/accounts/{id}/quotes", tag = "spending",
    operation_id = "create_quote", request_body = UsageBody,
    responses((status = 200, description = "The quote", body = Quote)))]
pub(crate) async fn create(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
    body: Body,
) -> Result<Response, Problem> {
    let mut fields = body.fields()?;
    let request = spending::usage(&mut fields)?;
    let request = fields.required("operation", request)?;
    let view = view(&api, &id).await?;
    let catalog = api.engine().catalog();
    let quoted = quote(&view.account, catalog, &request, view.now)
        .map_err(|error| Rejection::from(SpendRejection::from(error)))?;
    let reason = quoted.allowed.err().map(|why| Problem::from(Rejection::from(why)).body(None));
    let body = Quote {
        id: api.engine().seal().quote(&quoted.quote),
        credits: Amount(quoted.quote.price.credits),
        rate_card_version: Shown(quoted.quote.catalog),
        allowed: reason.is_none(),
        reason,
        balance_after: quoted.balance_after.map(Amount),
        expires_at: Time(quoted.quote.expires_at),
        usage: quoted.quote.price.usage.into(),
    };
    Ok(reply::json(StatusCode::OK, &body))
}
