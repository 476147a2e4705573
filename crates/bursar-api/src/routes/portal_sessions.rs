//! `/v1/portal_sessions`

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
use crate::return_url::ReturnUrl;
use crate::state::ApiState;
use crate::wire::Time;

/// A link to ask for.
#[derive(Debug, ToSchema)]
#[schema(as = StartPortalSession)]
#[schema(example = json!({"account": "customer-7", "return_url": "https://app.example/settings"}))]
pub(crate) struct StartBody {
    /// Whose pages.
    #[schema(value_type = String)]
    account: AccountId,
    /// Where the pages lead back to: https, or http on this machine.
    #[schema(value_type = Option<String>, max_length = 2000, format = "uri")]
    return_url: Option<ReturnUrl>,
}

/// A link into the customer's billing pages.
#[derive(Debug, Serialize, ToSchema)]
struct PortalSession {
    /// Send the customer there at once: it works once, and for five minutes.
    #[schema(example = "https://billing.example/portal/enter?code=7mqkvn3uybw2k5ht")]
    url: String,
    /// The first instant at which it no longer works, by the real clock.
    expires_at: Time,
}

impl StartBody {
    fn parse(mut fields: Fields<'_>) -> Result<Self, Problem> {
        let account = fields.text("account")?;
        let account = fields.required("account", account)?;
        let return_url = fields.parsed("return_url")?;
        fields.finish()?;
        // What can't be an id is the id of no account.
        let missing = |_| Rejection::from(AccountRejection::NotFound);
        Ok(Self { account: account.parse().map_err(missing)?, return_url })
    }
}

/// Let a customer into the billing pages
///
/// Whoever has the link may see and change everything that the customer may: make it for a customer who
/// is signed in to the app, and redirect there. On the other side it becomes a cookie.
#[utoipa::path(post, path = "/v1/portal_sessions", tag = "accounts",
    operation_id = "start_portal_session", request_body = StartBody,
    responses((status = 201, description = "The link", body = PortalSession)))]
pub(crate) async fn start(State(api): State<ApiState>, body: Body) -> Result<Response, Problem> {
    let StartBody { account, return_url } = StartBody::parse(body.fields()?)?;
    view(&api, &account).await?;
    let invitation = api.engine().visits().invite(account, return_url.map(String::from)).await?;
    let url = format!("{}/portal/enter?code={}", api.config().public_url, invitation.code);
    let session = PortalSession { url, expires_at: Time(invitation.expires_at) };
    Ok(reply::json(StatusCode::CREATED, &session))
}
