//! `/v1/widget_tokens`

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::id::AccountId;
use bursar_core::rejection::{AccountRejection, Rejection};
use serde::Serialize;
use utoipa::ToSchema;

use crate::execute::view;
use crate::extract::Body;
use crate::fields::Fields;
use crate::problem::Problem;
use crate::reply;
use crate::state::ApiState;
use crate::wire::Time;

/// How long a token works when the request says nothing, in seconds.
const TTL_DEFAULT: u64 = 3_600;
/// The shortest and the longest, in seconds. What is sealed can't be taken back, so a day is the most.
const TTL_LEAST: u64 = 60;
const TTL_MOST: u64 = 86_400;

/// A token to ask for.
#[derive(Debug, ToSchema)]
#[schema(as = CreateWidgetToken)]
#[schema(example = json!({"account": "customer-7", "ttl_seconds": 900}))]
pub(crate) struct CreateBody {
    /// Whose balance it shows.
    #[schema(value_type = String)]
    account: AccountId,
    /// How long it works; an hour if left out.
    #[schema(value_type = Option<u64>, minimum = 60, maximum = 86_400)]
    ttl_seconds: Duration,
}

/// A token for `<bursar-credits>`.
#[derive(Debug, Serialize, ToSchema)]
struct WidgetToken {
    /// Give it to the customer's browser, in the reply of your own backend and in no address.
    #[schema(example = "widget_QAtjdXN0b21lci03gJq1kO7Q8wM")]
    token: String,
    /// The first instant at which it no longer works, by the real clock.
    expires_at: Time,
}

impl CreateBody {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let account = fields.text("account")?;
        let account = fields.required("account", account)?;
        let seconds = fields.whole("ttl_seconds")?.unwrap_or(TTL_DEFAULT);
        fields.finish()?;
        if !(TTL_LEAST..=TTL_MOST).contains(&seconds) {
            let detail = format!(
                "`ttl_seconds` is {seconds}; a token works for {TTL_LEAST} to {TTL_MOST} seconds."
            );
            return Err(Problem::invalid("ttl_seconds", detail));
        }
        // What can't be an id is the id of no account.
        let missing = |_| Rejection::from(AccountRejection::NotFound);
        let account = account.parse().map_err(missing)?;
        Ok(Self { account, ttl_seconds: Duration::from_secs(seconds) })
    }
}

/// Let a browser show a balance
///
/// Makes a token that reads the balance of one account and nothing else, for a short while, from a page of
/// any origin: what `<bursar-credits>` needs. Make it for a customer who is signed in to the app. It is
/// kept nowhere and can't be taken back; it names the account to whoever has it.
#[utoipa::path(post, path = "/v1/widget_tokens", tag = "balance",
    operation_id = "create_widget_token", request_body = CreateBody,
    responses((status = 201, description = "The token", body = WidgetToken)))]
pub(crate) async fn create(State(api): State<ApiState>, body: Body) -> Result<Response, Problem> {
    let CreateBody { account, ttl_seconds } = CreateBody::parse(body.fields()?)?;
    view(&api, &account).await?;
    let expires_at = api.engine().wall_now().after(ttl_seconds);
    let token = api.engine().seal().widget(&account, expires_at);
    Ok(reply::json(StatusCode::CREATED, &WidgetToken { token, expires_at: Time(expires_at) }))
}
