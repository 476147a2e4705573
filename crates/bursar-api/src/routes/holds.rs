//! `/v1/accounts/{id}/holds` and what is below it

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::Command;
use serde::Serialize;
use utoipa::ToSchema;

use crate::execute::{execute, view};
use crate::extract::{AccountPath, Body, HoldPath, Keyed};
use crate::middleware::auth::Caller;
use crate::page::{Cursor, PageQuery};
use crate::problem::Problem;
use crate::reply;
use crate::spending;
use crate::state::ApiState;
use crate::wire::Units;
use crate::wire::spend::{
    self, HoldCaptured, HoldExtended, HoldPlaced, HoldReleased, HoldView, place_of,
};

/// What to hold credits for: `{quote}`, `{operation, …}` or `{credits, reason}`. Further fields are
/// attributes of the operation.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "operation": "video", "units": 5, "ttl_seconds": 900, "reference": "job-9"
}))]
#[allow(dead_code, reason = "it is the document's; `spending` reads the fields")]
pub(crate) struct PlaceHold {
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
    credits: Option<crate::wire::Amount>,
    /// What the amount is for.
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
    /// How long it lives; the catalog's default, if absent.
    #[schema(minimum = 1)]
    ttl_seconds: Option<u64>,
    /// The caller's own reference, for example its job id.
    #[schema(pattern = "^[A-Za-z0-9_\\-.:/+=,@#~]{1,128}$")]
    reference: Option<String>,
}

/// How much to capture: `units` at the hold's rate, `credits`, or all of it, if neither is given.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"units": 4}))]
#[allow(dead_code, reason = "it is the document's; `spending` reads the fields")]
pub(crate) struct CaptureHold {
    /// The units that were used.
    units: Option<Units>,
    /// The credits that were used.
    credits: Option<crate::wire::Amount>,
    /// Does the hold end with it, returning the rest?
    #[schema(default = true)]
    r#final: Option<bool>,
    /// May it cost more than is held, if the balance has it?
    #[schema(default = false)]
    allow_overage: Option<bool>,
}

/// Why the credits were not needed.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"reason": "the model failed"}))]
#[allow(dead_code, reason = "it is the document's; `spending` reads the fields")]
pub(crate) struct ReleaseHold {
    /// Why.
    #[schema(min_length = 1, max_length = 500)]
    reason: Option<String>,
}

/// How long the job takes.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"ttl_seconds": 1800}))]
#[allow(dead_code, reason = "it is the document's; `spending` reads the fields")]
pub(crate) struct ExtendHold {
    /// How long from now.
    #[schema(minimum = 1)]
    ttl_seconds: u64,
}

/// Open holds, oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct HoldPage {
    /// The holds.
    data: Vec<HoldView>,
    /// What to pass as `after` for the next page; null on the last.
    next: Option<String>,
}

/// Hold credits
///
/// Reserves credits while a job runs, all or nothing, until they are captured or released or the
/// time runs out.
#[utoipa::path(post, path = "/v1/accounts/{id}/holds", tag = "spending",
    operation_id = "place_hold", request_body = PlaceHold,
    responses((status = 201, description = "The hold", body = HoldPlaced)))]
pub(crate) async fn place(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    Keyed(conditions): Keyed,
    body: Body,
) -> Result<Response, Problem> {
    let command = Command::PlaceHold(spending::hold(body.fields()?, api.engine().seal())?);
    let committed = execute(&api, &caller, id.clone(), command, conditions).await?;
    let hold = spend::placed(&committed.entry);
    let address = hold.as_ref().map(|hold| format!("/v1/accounts/{id}/receipts/{}", hold.id()));
    let response = reply::changed(StatusCode::CREATED, &committed, hold)?;
    Ok(reply::at(response, &address.unwrap_or_default()))
}

/// List open holds
#[utoipa::path(get, path = "/v1/accounts/{id}/holds", tag = "spending",
    operation_id = "list_holds", params(crate::page::PageParams),
    responses((status = 200, description = "Open holds, oldest first", body = HoldPage)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let PageQuery { limit, after } = PageQuery::parse(query.as_deref())?;
    let after = after.map(|cursor| cursor.hold()).transpose()?;
    let view = view(&api, &id).await?;
    let mut holds: Vec<_> = view.account.holds.iter().collect();
    holds.sort_by_key(|hold| place_of(hold));
    holds.retain(|hold| after.is_none_or(|after| place_of(hold) > after));
    let more = holds.len() > limit;
    holds.truncate(limit);
    let next = holds.last().filter(|_| more).map(|hold| Cursor::of_hold(place_of(hold)));
    let data = holds.into_iter().map(HoldView::open).collect();
    Ok(reply::json(StatusCode::OK, &HoldPage { data, next }))
}

/// Capture a hold
///
/// Spends the actual cost and returns the rest. With `final: false` the hold stays open for
/// further captures.
#[utoipa::path(post, path = "/v1/accounts/{id}/holds/{hold}/capture", tag = "spending",
    operation_id = "capture_hold", request_body = Option<CaptureHold>,
    responses((status = 200, description = "What was captured", body = HoldCaptured)))]
pub(crate) async fn capture(
    State(api): State<ApiState>,
    caller: Caller,
    HoldPath(id, hold): HoldPath,
    Keyed(conditions): Keyed,
    body: Body,
) -> Result<Response, Problem> {
    let command = Command::CaptureHold(spending::capture(body.fields()?, hold)?);
    let committed = execute(&api, &caller, id, command, conditions).await?;
    reply::changed(StatusCode::OK, &committed, spend::captured(&committed.entry))
}

/// Release a hold
///
/// Gives all that it still reserves back.
#[utoipa::path(post, path = "/v1/accounts/{id}/holds/{hold}/release", tag = "spending",
    operation_id = "release_hold", request_body = Option<ReleaseHold>,
    responses((status = 200, description = "What was returned", body = HoldReleased)))]
pub(crate) async fn release(
    State(api): State<ApiState>,
    caller: Caller,
    HoldPath(id, hold): HoldPath,
    Keyed(conditions): Keyed,
    body: Body,
) -> Result<Response, Problem> {
    let command = Command::ReleaseHold(spending::release(body.fields()?, hold)?);
    let committed = execute(&api, &caller, id, command, conditions).await?;
    reply::changed(StatusCode::OK, &committed, spend::released(&committed.entry))
}

/// Extend a hold
///
/// It now lives `ttl_seconds` from now; never shorter than before.
#[utoipa::path(post, path = "/v1/accounts/{id}/holds/{hold}/extend", tag = "spending",
    operation_id = "extend_hold", request_body = ExtendHold,
    responses((status = 200, description = "The new end", body = HoldExtended)))]
pub(crate) async fn extend(
    State(api): State<ApiState>,
    caller: Caller,
    HoldPath(id, hold): HoldPath,
    Keyed(conditions): Keyed,
    body: Body,
) -> Result<Response, Problem> {
    let command = Command::ExtendHold(spending::extend(body.fields()?, hold)?);
    let committed = execute(&api, &caller, id, command, conditions).await?;
    reply::changed(StatusCode::OK, &committed, spend::extended(&committed.entry))
}
