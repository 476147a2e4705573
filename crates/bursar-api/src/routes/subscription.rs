//! `/v1/accounts/{id}/subscription` and what is below it

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bursar_core::account::command::{Cancel, ChangePlan, Command, RefundSubscription};
use bursar_core::account::subscription::offer::offer;
use bursar_core::account::subscription::refund as first_refund;
use bursar_core::catalog::Interval;
use bursar_core::id::{AccountId, Reason};
use bursar_core::rejection::Rejection;
use bursar_engine::View;
use serde::Serialize;
use utoipa::ToSchema;

use crate::execute::{execute, view};
use crate::extract::{AccountPath, Body, Keyed};
use crate::fields::Fields;
use crate::middleware::auth::Caller;
use crate::problem::{Code, Problem};
use crate::purchase::{self, buy};
use crate::reply;
use crate::return_url::ReturnUrl;
use crate::routes::invoices::RefundBody;
use crate::state::ApiState;
use crate::wire::change::{self, SubscriptionCanceled, SubscriptionKept};
use crate::wire::offer::{Preview, SubscriptionChanged, subscribed};
use crate::wire::refund::{MoneyRefunded, RefundOffer, refunded};
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
    /// The preview to confirm: what happens is what it says, or nothing.
    preview: Option<String>,
    /// Where the customer goes after the provider's page: https, or http on this machine.
    #[schema(value_type = Option<String>, max_length = 2000, format = "uri")]
    return_url: Option<ReturnUrl>,
}

/// The plan to look at.
#[derive(Debug, ToSchema)]
#[schema(as = PreviewSubscription)]
#[schema(example = json!({"plan": "professional", "interval": "month"}))]
pub(crate) struct PreviewBody {
    /// The plan's key.
    plan: String,
    /// How often it is paid.
    #[schema(value_type = IntervalName)]
    interval: Interval,
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

impl PreviewBody {
    fn read(fields: &mut Fields<'_>) -> Result<Self, Problem> {
        let plan = fields.text("plan")?;
        let plan = fields.required("plan", plan)?.into_owned();
        let interval = fields.parsed::<IntervalText>("interval")?;
        let IntervalText(interval) = fields.required("interval", interval)?;
        Ok(Self { plan, interval })
    }
}

impl ChangeBody {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let PreviewBody { plan, interval } = PreviewBody::read(&mut fields)?;
        let preview = fields.text("preview")?.map(Into::into);
        let return_url = fields.parsed("return_url")?;
        fields.finish()?;
        Ok(Self { plan, interval, preview, return_url })
    }

    /// The command, with what it confirms.
    fn command(self, api: &ApiState, account: &AccountId) -> Result<ChangePlan, Problem> {
        let Self { plan, interval, preview, .. } = self;
        let unknown = |detail: String| {
            Problem::new(Code::UnknownPreview, detail)
                .fix("Pass the preview of a preview's reply unchanged, or make a new one.")
        };
        let confirms = preview.map(|token| {
            let opened = api.engine().seal().open_preview(account, &token);
            let offer =
                opened.map_err(|error| unknown(format!("The preview is not known: {error}.")))?;
            if offer.plan.as_str() != plan || offer.interval != interval {
                let (of, by) = (&offer.plan, offer.interval.as_str());
                return Err(unknown(format!("The preview is of {of} by the {by}.")));
            }
            Ok(Box::new(offer))
        });
        Ok(ChangePlan { plan, interval, confirms: confirms.transpose()? })
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

/// Preview a change of plan
///
/// What subscribing or changing would cost and do: every line, the tax, what is due now and next, the
/// credits and the features. `preview` confirms it: what happens then is what is shown here, or nothing.
#[utoipa::path(post, path = "/v1/accounts/{id}/subscription/preview", tag = "subscription",
    operation_id = "preview_subscription", request_body = PreviewBody,
    responses((status = 200, description = "What it would cost and do", body = Preview)))]
pub(crate) async fn preview(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
    body: Body,
) -> Result<Response, Problem> {
    let mut fields = body.fields()?;
    let PreviewBody { plan, interval } = PreviewBody::read(&mut fields)?;
    fields.finish()?;
    let View { account, now } = view(&api, &id).await?;
    let catalog = api.engine().catalog();
    let offer = offer(&account, catalog, &plan, interval, now).map_err(Rejection::from)?;
    let token = api.engine().seal().preview(&id, &offer);
    Ok(reply::json(StatusCode::OK, &Preview::of(&offer, &account, catalog, token)))
}

/// Subscribe, or change the plan
///
/// Upgrades take effect once they are paid, downgrades at the next billing date, as the catalog's
/// policies have it. `status` says how far it is: with `requires_action` the customer authenticates at
/// `payment.action_url`. A payment that fails is a problem, `payment_failed`, also on each repeat.
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
    let mut body = ChangeBody::parse(body.fields()?)?;
    let return_url = body.return_url.take();
    let command = Command::ChangePlan(body.command(&api, &id)?);
    let purchase = buy(&api, &caller, id.clone(), command, conditions, return_url).await?;
    if let Err(failure) = purchase::refuse_failure(&purchase) {
        return Ok(purchase::failed(&purchase, failure));
    }
    // Only told while the payment is under way: what is final is made of the journal.
    let state = view(&api, &id).await?.account.status();
    let told = purchase::told(&api, &id, &purchase).await?;
    purchase::reply(&purchase, StatusCode::OK, subscribed(&purchase, state, told))
}

/// Show what could be refunded
///
/// "Refunds within 7 days of your first subscription": how much would go back, what has been spent, and
/// until when.
#[utoipa::path(get, path = "/v1/accounts/{id}/subscription/refund", tag = "subscription",
    operation_id = "preview_refund",
    responses((status = 200, description = "What would be refunded", body = RefundOffer)))]
pub(crate) async fn refundable(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
) -> Result<Response, Problem> {
    let View { account, now } = view(&api, &id).await?;
    let refundable = first_refund::refundable(&account, api.engine().catalog(), now);
    let refundable = refundable.map_err(|why| Problem::from(Rejection::from(why)));
    Ok(reply::json(StatusCode::OK, &RefundOffer::of(refundable)))
}

/// Refund the first subscription
///
/// All of it goes back, with a credit note for each invoice; the subscription ends now, and its credits
/// are taken back. Show support what GET says first.
#[utoipa::path(post, path = "/v1/accounts/{id}/subscription/refund", tag = "subscription",
    operation_id = "refund_subscription", request_body = Option<RefundBody>,
    responses((status = 200, description = "What goes back", body = MoneyRefunded)))]
pub(crate) async fn refund(
    State(api): State<ApiState>,
    caller: Caller,
    AccountPath(id): AccountPath,
    Keyed(conditions): Keyed,
    body: Body,
) -> Result<Response, Problem> {
    let RefundBody { reason } = RefundBody::parse(body.fields()?)?;
    let command = Command::RefundSubscription(RefundSubscription { reason });
    let committed = execute(&api, &caller, id, command, conditions).await?;
    reply::changed(StatusCode::OK, &committed, refunded(&committed.entry))
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
