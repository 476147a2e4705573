//! `/v1/provider/{name}/webhooks`: what the payment provider tells.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Code, Problem};
use crate::reply;
use crate::state::ApiState;

/// The largest message, in bytes. Real ones are a few kilobytes.
pub(super) const BODY_LIMIT: usize = 262_144;

/// That a message was heard.
#[derive(Debug, Serialize, ToSchema)]
struct Heard {
    /// Always true.
    received: bool,
}

/// Hear Stripe
///
/// Stripe's inbox: takes messages that are signed with the configured secret, and no API key. Messages
/// may come twice, late and in any order; each is applied once. Anything but a success makes Stripe
/// send it again.
#[utoipa::path(post, path = "/v1/provider/stripe/webhooks", tag = "payments",
    operation_id = "stripe_webhook", request_body(content = String,
        description = "A signed message, as the provider writes it", content_type = "application/json"),
    responses((status = 200, description = "It was heard", body = Heard)))]
pub(crate) async fn stripe(
    State(api): State<ApiState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    hear(&api, "stripe", &headers, &body).await
}

/// Hear the sandbox
///
/// The same for the built-in test provider.
#[utoipa::path(post, path = "/v1/provider/sandbox/webhooks", tag = "payments",
    operation_id = "sandbox_webhook", request_body(content = String,
        description = "A signed message, as the provider writes it", content_type = "application/json"),
    responses((status = 200, description = "It was heard", body = Heard)))]
pub(crate) async fn sandbox(
    State(api): State<ApiState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    hear(&api, "sandbox", &headers, &body).await
}

/// Hears the provider that is configured; there is no inbox of another.
async fn hear(
    api: &ApiState,
    name: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, Problem> {
    let engine = api.engine();
    let provider = engine.provider();
    if provider.name() != name {
        let detail = "This server doesn't work with this payment provider.";
        return Err(Problem::new(Code::RouteNotFound, detail));
    }
    let event = provider.verify_webhook(headers, body, engine.wall_now()).map_err(|error| {
        tracing::warn!(%error, provider = name, "a message of the payment provider is not believed");
        Problem::new(Code::WebhookNotBelieved, format!("The message is not believed: {error}."))
            .fix("Check the secret that signs messages, and this server's clock.")
    })?;
    engine.hear_provider(event).await?;
    Ok(reply::json(StatusCode::OK, &Heard { received: true }))
}
