//! Replies: JSON with the headers that say which version it is of and whether it is a repeat.

use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bursar_engine::Committed;
use serde::Serialize;

use crate::problem::Problem;

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A body as JSON.
pub(crate) fn json<T: Serialize>(status: StatusCode, body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(mut body) => {
            // So that a terminal's prompt stands on a line of its own.
            body.push(b'\n');
            let mut response = (status, body).into_response();
            let media_type = HeaderValue::from_static("application/json");
            response.headers_mut().insert(CONTENT_TYPE, media_type);
            response
        }
        Err(error) => Problem::internal(&error.to_string()).into_response(),
    }
}

/// The reply to a change: made of what was committed, the same for each repeat.
pub(crate) fn changed<T: Serialize>(
    status: StatusCode,
    committed: &Committed,
    body: Option<T>,
) -> Result<Response, Problem> {
    changed_at(status, committed.entry.version(), committed.replayed, body)
}

/// The same, where the change led to a later version than the one that was committed first.
pub(crate) fn changed_at<T: Serialize>(
    status: StatusCode,
    version: u64,
    replayed: bool,
    body: Option<T>,
) -> Result<Response, Problem> {
    let body =
        body.ok_or_else(|| Problem::internal("a commit holds other events than expected"))?;
    let mut response = json(status, &body);
    response.headers_mut().insert(ETAG, version_tag(version));
    Ok(marked(response, replayed))
}

/// Marked as a repeat, if it is one.
pub(crate) fn marked(reply: impl IntoResponse, replayed: bool) -> Response {
    let mut response = reply.into_response();
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// With the address of what was made.
pub(crate) fn at(mut response: Response, address: &str) -> Response {
    if let Ok(address) = HeaderValue::try_from(address) {
        response.headers_mut().insert(LOCATION, address);
    }
    response
}

/// The entity tag of an account's version.
pub(crate) fn version_tag(version: u64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// What was asked for, or that the caller has it already.
pub(crate) fn unless_known<T: Serialize>(
    asked: &HeaderMap,
    tag: HeaderValue,
    body: &T,
) -> Response {
    let response = if knows(asked, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        json(StatusCode::OK, body)
    };
    tagged(response, tag)
}

/// The same of a body that is written already.
pub(crate) fn bytes_unless_known(
    asked: &HeaderMap,
    tag: HeaderValue,
    media_type: &'static str,
    body: Bytes,
) -> Response {
    if knows(asked, &tag) {
        return tagged(StatusCode::NOT_MODIFIED.into_response(), tag);
    }
    let mut response = body.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    tagged(response, tag)
}

fn tagged(mut response: Response, tag: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(ETAG, tag);
    // It may be kept by the caller alone, and is asked about each time.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// Does the caller have it already?
pub(crate) fn knows(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let Ok(tag) = tag.to_str() else { return false };
    let lists = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = lists.flat_map(|list| list.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}
