//! `/openapi.json` and `/docs`: the document, and a page that shows it with no outside request.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

use crate::problem::{Code, Problem};
use crate::reply;
use crate::state::ApiState;

/// The document as it is served.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    json: Bytes,
    tag: HeaderValue,
}

impl Document {
    /// Writes a document.
    pub(crate) fn of(document: &utoipa::openapi::OpenApi) -> Self {
        let json = serde_json::to_vec(document).unwrap_or_default();
        let tag = format!("\"{}\"", blake3::hash(&json).to_hex());
        let tag = HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"0\""));
        Self { json: json.into(), tag }
    }
}

/// The OpenAPI document
#[utoipa::path(get, path = "/openapi.json", tag = "operations", operation_id = "openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = Object,
        content_type = "application/json")))]
pub(crate) async fn openapi(
    State(api): State<ApiState>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let kept = api.document().cloned();
    let Document { json, tag } = kept.ok_or_else(|| Problem::internal("no document is kept"))?;
    Ok(reply::bytes_unless_known(&headers, tag, "application/json", json))
}

/// This page
#[utoipa::path(get, path = "/docs", tag = "operations", operation_id = "docs",
    responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub(crate) async fn page() -> Response {
    let mut response = file("text/html; charset=utf-8", include_bytes!("../../assets/docs.html"));
    // Scripts come from here only and none stands in the page. The viewer sets styles from script.
    let policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
        img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; \
        form-action 'none'; frame-ancestors 'none'";
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// What the page is made of.
pub(crate) async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let script = "text/javascript; charset=utf-8";
    Ok(match name.as_str() {
        "docs.js" => file(script, include_bytes!("../../assets/docs.js")),
        "swagger-ui-bundle.js" => {
            file(script, include_bytes!("../../vendor/swagger-ui/swagger-ui-bundle.js"))
        }
        "swagger-ui.css" => file(
            "text/css; charset=utf-8",
            include_bytes!("../../vendor/swagger-ui/swagger-ui.css"),
        ),
        "favicon-32x32.png" => {
            file("image/png", include_bytes!("../../vendor/swagger-ui/favicon-32x32.png"))
        }
        _ => return Err(Problem::new(Code::RouteNotFound, "There is no such file.")),
    })
}

fn file(media_type: &'static str, bytes: &'static [u8]) -> Response {
    let mut response = bytes.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
