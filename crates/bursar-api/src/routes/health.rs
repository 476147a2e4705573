//! `/healthz`, `/readyz` and `/metrics`

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bursar_engine::Failure;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::reply;
use crate::state::ApiState;

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Is the process alive?
#[utoipa::path(get, path = "/healthz", tag = "operations", operation_id = "health",
    responses((status = 200, description = "It is", body = Health)))]
pub(crate) async fn health() -> Response {
    reply::json(StatusCode::OK, &Health { status: "ok" })
}

/// Can it serve?
///
/// Not while it shuts down, and not while its database can't be read.
#[utoipa::path(get, path = "/readyz", tag = "operations", operation_id = "ready",
    responses((status = 200, description = "It can", body = Health)))]
pub(crate) async fn ready(State(api): State<ApiState>) -> Result<Response, Problem> {
    let engine = api.engine();
    if !engine.is_accepting() {
        return Err(Failure::ShuttingDown.into());
    }
    engine.store().due(engine.wall_now(), 1).await?;
    Ok(reply::json(StatusCode::OK, &Health { status: "ok" }))
}

/// Metrics for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "operations", operation_id = "metrics",
    responses((status = 200, description = "All metrics in the OpenMetrics text format",
        body = String, content_type = "application/openmetrics-text")))]
pub(crate) async fn metrics(State(api): State<ApiState>) -> Response {
    let mut response = api.engine().metrics().render().into_response();
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
