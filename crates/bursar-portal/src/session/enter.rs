//! `/portal/enter`: a one-time code becomes a cookie.

use axum::extract::{Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bursar_engine::visits::Entry;
use serde::Deserialize;

use super::cookie;
use crate::page::problem::PageProblem;
use crate::page::see_other;
use crate::state::Portal;

#[derive(Deserialize)]
pub(super) struct Code {
    #[serde(default)]
    code: String,
}

/// Lets a customer in. A browser that only looks ahead doesn't use the code up.
pub(super) async fn enter(
    State(portal): State<Portal>,
    method: Method,
    headers: HeaderMap,
    Query(Code { code }): Query<Code>,
) -> Result<Response, PageProblem> {
    if method == Method::HEAD || looks_ahead(&headers) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    match portal.engine().visits().enter(&code).await? {
        Entry::Opened { token, .. } => {
            let mut response = see_other("/portal");
            response.headers_mut().insert(SET_COOKIE, cookie::keep(&token, portal.config()));
            Ok(response)
        }
        Entry::Refused { return_url } => Err(refused(return_url)),
    }
}

fn looks_ahead(headers: &HeaderMap) -> bool {
    let purpose = headers.get("sec-purpose").or_else(|| headers.get("purpose"));
    purpose.and_then(|value| value.to_str().ok()).is_some_and(|text| text.contains("prefetch"))
}

fn refused(return_url: Option<String>) -> PageProblem {
    let problem = PageProblem::new(
        StatusCode::GONE,
        "This link has been used or is too old",
        "A link to billing works once, and for five minutes. Open billing again from the app to get a \
         new one.",
    );
    match return_url {
        Some(url) => problem.leading("Back to the app", url),
        None => problem,
    }
}
