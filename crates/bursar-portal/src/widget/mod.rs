//! `<bursar-credits>`: the balance on any page. The script, and in test mode a page that shows it.

mod demo;

use axum::Router;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bursar_engine::access::Mode;

use crate::page::assets;
use crate::page::problem::PageProblem;
use crate::state::Portal;

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
/// How long a page may use it without asking whether there is a newer one.
const KEPT: &str = "public, max-age=3600";

/// Everything below `/widget`.
pub(crate) fn routes(portal: &Portal) -> Router<Portal> {
    let script = Router::new().route("/widget/bursar-credits.js", get(script));
    match portal.config().mode {
        Mode::Test => script.merge(demo::routes()),
        Mode::Live => script,
    }
}

/// The script, for pages of any origin: its address stays the same, its tag changes with it.
async fn script(headers: HeaderMap) -> Result<Response, PageProblem> {
    let file = assets::file("widget/bursar-credits.js");
    let (bytes, tag) = file.ok_or_else(|| PageProblem::not_found("script"))?;
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|tags| tags.split(',').any(|it| it.trim() == tag));
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { bytes.into_response() };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, KEPT),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (RESOURCE_POLICY, "cross-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    Ok(response)
}
