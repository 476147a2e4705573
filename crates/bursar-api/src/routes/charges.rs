//! `/v1/accounts/{id}/charges` and what is below it

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::{Command, RefundCharge};
use bursar_core::credits::Credits;
use bursar_core::id::{Reason, SpendId};
use utoipa::ToSchema;

use crate::execute::execute;
use crate::extract::{AccountPath, Body, Keyed, SpendPath};
use crate::fields::Fields;
use crate::middleware::auth::Caller;
use crate::problem::Problem;
use crate::reply;
use crate::spending;
use crate::state::ApiState;
use crate::wire::spend::{self, Charged, Refunded};
use crate::wire::{Amount, Units};

/// What to charge for: `{quote}`, `{operation, …}` or `{credits, reason}`. Further fields are
/// attributes of the operation.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "operation": "image", "quality": "hd", "reference": "job-9"
}))]
#[allow(dead_code, reason = "it is the document's; `spending` reads the fields")]
pub(crate) struct CreateCharge {
    /// The id of a quote.
    quote: Option<String>,
    /// The operation.
    operation: Option<String>,
    /// The model; the operation's default, if absent.
    model: Option<String>,
    /// The quality; the operation's default, if absent.
    quality: Option<String>,
    /// How much of it; the operation's default, if absent.
    units: Option<Units>,
    /// Attributes of the operation with their values. They may also stand beside the other fields.
    attributes: Option<std::collections::HashMap<String, String>>,
    /// An amount, instead of an operation.
    credits: Option<Amount>,
    /// What the amount is for.
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
    /// The caller's own reference, for example its job id.
    #[schema(pattern = "^[A-Za-z0-9_\\-.:/+=,@#~]{1,128}$")]
    reference: Option<String>,
}

/// How much to refund.
#[derive(Debug, ToSchema)]
#[schema(as = RefundCharge)]
#[schema(example = json!({"reason": "the video was black"}))]
pub(crate) struct RefundBody {
    /// How much; all that is left to refund, if absent.
    #[schema(value_type = Option<Amount>)]
    credits: Option<Credits>,
    /// Why.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    reason: Option<Reason>,
}

impl RefundBody {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let body = Self {
            credits: fields.credits("credits", "above 0", Credits::is_positive)?,
            reason: fields.parsed("reason")?,
        };
        fields.finish()?;
        Ok(body)
    }

    fn command(self, spend: SpendId) -> RefundCharge {
        RefundCharge { spend, credits: self.credits, reason: self.reason }
    }
}

/// Charge credits
///
/// Quote, hold and capture in one step, for fast operations: all or nothing.
#[utoipa::path(post, path = "/v1/accounts/{id}/charges", tag = "spending",
    operation_id = "create_charge", request_body = CreateCharge,
    responses((status = 201, description = "The charge", body = Charged)))]
pub(crate) async fn create(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    Keyed(conditions): Keyed,
    body: Body,
) -> Result<Response, Problem> {
    let command = Command::Charge(spending::charge(body.fields()?, api.engine().seal())?);
    let committed = execute(&api, &caller, id.clone(), command, conditions).await?;
    let charge = spend::charged(&committed.entry);
    let address = charge.as_ref().map(|it| format!("/v1/accounts/{id}/receipts/{}", it.id()));
    let response = reply::changed(StatusCode::CREATED, &committed, charge)?;
    Ok(reply::at(response, &address.unwrap_or_default()))
}

/// Refund a charge
///
/// Credits go back to the lots that paid. Also takes the id of a captured hold.
#[utoipa::path(post, path = "/v1/accounts/{id}/charges/{charge}/refund", tag = "spending",
    operation_id = "refund_charge", request_body = Option<RefundBody>,
    responses((status = 200, description = "What was refunded", body = Refunded)))]
pub(crate) async fn refund(
    State(api): State<ApiState>,
    caller: Caller,
    SpendPath(id, charge): SpendPath,
    Keyed(conditions): Keyed,
    body: Body,
) -> Result<Response, Problem> {
    let command = Command::RefundCharge(RefundBody::parse(body.fields()?)?.command(charge));
    let committed = execute(&api, &caller, id, command, conditions).await?;
    reply::changed(StatusCode::OK, &committed, spend::refunded(&committed.entry))
}
