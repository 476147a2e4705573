//! `/v1/accounts/{id}/subscription` and what is below it

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bursar_core::account::command::{Cancel, ChangePlan, Command};
use bursar_core::catalog::Interval;
use bursar_core::id::Reason;
use serde::Serialize;
use utoipa::ToSchema;

use crate::execute::{execute, view};
use crate::extract::{AccountPath, Body, Keyed};
use crate::fields::Fields;
use crate::middleware::auth::Caller;
use crate::problem::{Code, Problem};
use crate::reply;
use crate::state::ApiState;
use crate::wire::change::{self, SubscriptionCanceled, SubscriptionChanged, SubscriptionKept};
use crate::wire::subscription::{IntervalName, SubscriptionView};

/// The plan to subscribe to or to change to.
#[derive(Debug, ToSchema)]
#[schema(as = ChangeSubscription)]
#[schema(example = json!({"plan": "starter", "interval": "month"}))]
pub(crate) struct ChangeBody {
    /// The plan's key.
    plan: String,
    /// How often it is paid.
    #[schema(value_type = IntervalName)]
    interval: Interval,
    /// The preview to confirm. This version makes none, so it refuses any.
    preview: Option<String>,
}

/// Why the customer leaves.
#[derive(Debug, ToSchema)]
#[schema(as = CancelSubscription)]
#[schema(example = json!({"reason": "too expensive"}))]
pub(crate) struct CancelBody {
    /// Why, if the customer said.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 500)]
    reason: Option<Reason>,
}

/// A subscription with the account's version.
#[derive(Debug, Serialize, ToSchema)]
struct SubscriptionShown {
    #[serde(flatten)]
    subscription: SubscriptionView,
    /// The account's version.
    version: u64,
}

impl ChangeBody {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let plan = fields.text("plan")?;
        let plan = fields.required("plan", plan)?.into_owned();
        let interval = fields.parsed::<IntervalText>("interval")?;
        let IntervalText(interval) = fields.required("interval", interval)?;
        let preview = fields.text("preview")?.map(Into::into);
        fields.finish()?;
        Ok(Self { plan, interval, preview })
    }
}

/// An interval by its name.
struct IntervalText(Interval);

impl std::str::FromStr for IntervalText {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = [Interval::Month, Interval::Year];
        let found = known.into_iter().find(|interval| interval.as_str() == text);
        found.map(Self).ok_or("an interval is month or year")
    }
}

impl CancelBody {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let reason = fields.parsed("reason")?;
        fields.finish()?;
        Ok(Self { reason })
    }
}

/// Show the subscription
#[utoipa::path(get, path = "/v1/accounts/{id}/subscription", tag = "subscription",
    operation_id = "get_subscription",
    responses((status = 200, description = "The subscription", body = SubscriptionShown)))]
pub(crate) async fn show(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = view(&api, &id).await?;
    let version = view.account.version;
    let subscription = SubscriptionView::of(&view.account, api.engine().catalog());
    let body = SubscriptionShown { subscription, version };
    Ok(reply::unless_known(&headers, reply::version_tag(version), &body))
}

/// Subscribe, or change the plan
///
/// Upgrades take effect at once, downgrades at the next billing date, as the catalog's policies
/// have it.
#[utoipa::path(post, path = "/v1/accounts/{id}/subscription", tag = "subscription",
    operation_id = "change_subscription", request_body = ChangeBody,
    responses((status = 200, description = "What changed", body = SubscriptionChanged)))]
pub(crate) async fn change(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    Keyed(conditions): Keyed,
    body: Body,
) -> Result<Response, Problem> {
    let ChangeBody { plan, interval, preview } = ChangeBody::parse(body.fields()?)?;
    if preview.is_some() {
        return Err(Problem::new(Code::UnknownPreview, "The preview is not known here.")
            .fix("Leave out preview: this version makes none."));
    }
    let command = Command::ChangePlan(ChangePlan { plan, interval });
    let committed = execute(&api, &caller, id, command, conditions).await?;
    reply::changed(StatusCode::OK, &committed, change::subscribed(&committed.entry))
}

/// Cancel the subscription
///
/// It ends with the period that is paid for; until then everything works, and it can be resumed.
#[utoipa::path(post, path = "/v1/accounts/{id}/subscription/cancel", tag = "subscription",
    operation_id = "cancel_subscription", request_body = Option<CancelBody>,
    responses((status = 200, description = "When it ends", body = SubscriptionCanceled)))]
pub(crate) async fn cancel(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    Keyed(conditions): Keyed,
    body: Body,
) -> Result<Response, Problem> {
    let CancelBody { reason } = CancelBody::parse(body.fields()?)?;
    let command = Command::Cancel(Cancel { reason });
    let committed = execute(&api, &caller, id, command, conditions).await?;
    reply::changed(StatusCode::OK, &committed, change::canceled(&committed.entry))
}

/// Resume a cancelled subscription
///
/// Takes the cancellation back, until the period ends.
#[utoipa::path(post, path = "/v1/accounts/{id}/subscription/resume", tag = "subscription",
    operation_id = "resume_subscription",
    responses((status = 200, description = "It goes on", body = SubscriptionKept)))]
pub(crate) async fn resume(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    Keyed(conditions): Keyed,
    body: Body,
) -> Result<Response, Problem> {
    body.fields()?.finish()?;
    let committed = execute(&api, &caller, id, Command::Resume, conditions).await?;
    reply::changed(StatusCode::OK, &committed, change::kept(&committed.entry))
}

/// Undo a scheduled change
#[utoipa::path(delete, path = "/v1/accounts/{id}/subscription/scheduled_change",
    tag = "subscription", operation_id = "drop_scheduled_change",
    responses((status = 200, description = "The present plan goes on", body = SubscriptionKept)))]
pub(crate) async fn drop_scheduled_change(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    Keyed(conditions): Keyed,
) -> Result<Response, Problem> {
    let committed = execute(&api, &caller, id, Command::DropScheduledChange, conditions).await?;
    reply::changed(StatusCode::OK, &committed, change::kept(&committed.entry))
}

/// Ask for a pause, which is not offered
///
/// "We don't offer pause, but you can cancel and resubscribe later." Always refused, with what to
/// do instead.
#[utoipa::path(
    post,
    path = "/v1/accounts/{id}/subscription/pause",
    tag = "subscription",
    operation_id = "pause_subscription",
    responses()
)]
pub(crate) async fn pause(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
) -> Result<Response, Problem> {
    view(&api, &id).await?;
    let days = api.engine().catalog().policies.retention.as_secs() / 86_400;
    let detail = format!(
        "A subscription can't be paused. After it has ended, data is kept for {days} days."
    );
    Err(Problem::new(Code::PauseNotOffered, detail).fix(format!(
        "Cancel with POST /v1/accounts/{id}/subscription/cancel and subscribe again later."
    )))
}
