//! The outermost layer: gives the request its id, writes problems, adds the headers that every
//! reply has.

use std::any::Any;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use data_encoding::BASE32_NOPAD;
use tracing::{Instrument, field};

use crate::problem::{Code, Problem};
use crate::state::ApiState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const VERSION: HeaderName = HeaderName::from_static("bursar-version");

/// The id of a request, in its reply and in its problem.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Runs a request and finishes its reply.
pub(crate) async fn run(State(api): State<ApiState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let given = given_id(request.headers());
    let mut id = given.clone().unwrap_or_else(|| fresh_id(&api));
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or("unmatched", MatchedPath::as_str).to_owned();
    // The route and not the path, which names accounts; no headers, which hold keys.
    let span =
        tracing::info_span!("request", %method, route, request_id = id, status = field::Empty);
    let response = next.run(request).instrument(span.clone()).await;
    if let (None, Some(own)) = (given, own_id(&response)) {
        // So that it is found under the id that the caller sees.
        span.in_scope(|| tracing::info!(replied_as = own, "replied with a lasting request id"));
        id = own;
    }
    let mut response = finished(response, &id);
    headers(response.headers_mut(), &id);
    let status = response.status();
    span.record("status", status.as_u16());
    span.in_scope(|| tracing::debug!(took = ?started.elapsed(), "replied"));
    api.metrics().observe(&method, route, status, started.elapsed());
    response
}

/// What becomes of a handler that panicked; the panic's message is for the log.
pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let words = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
    Problem::internal(words.as_deref().unwrap_or("a panic")).into_response()
}

/// Writes the problem that a reply carries, or that a bare refusal of the framework stands for.
fn finished(mut response: Response, id: &str) -> Response {
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        return with_headers(problem.render(id), response.headers());
    }
    let Some(code) = bare(response.status()) else {
        return response;
    };
    let detail = code.meaning();
    with_headers(Problem::new(code, detail).render(id), response.headers())
}

/// Keeps what a layer said in headers, such as `Allow` or the state of a limit.
fn with_headers(mut rendered: Response, said: &HeaderMap) -> Response {
    for (name, value) in said {
        if *name != axum::http::header::CONTENT_LENGTH && !rendered.headers().contains_key(name) {
            rendered.headers_mut().insert(name.clone(), value.clone());
        }
    }
    rendered
}

/// The code of a refusal that no handler made. Handlers refuse by problems only.
fn bare(status: StatusCode) -> Option<Code> {
    match status {
        StatusCode::NOT_FOUND => Some(Code::RouteNotFound),
        StatusCode::METHOD_NOT_ALLOWED => Some(Code::MethodNotAllowed),
        StatusCode::PAYLOAD_TOO_LARGE => Some(Code::BodyTooLarge),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Some(Code::UnsupportedMediaType),
        status if status.is_client_error() => Some(Code::MalformedRequest),
        status if status.is_server_error() => Some(Code::Internal),
        _ => None,
    }
}

fn headers(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(VERSION, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    let fixed = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        // A page of ours may need to allow more.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// The caller's id if it is a sane one.
fn given_id(headers: &HeaderMap) -> Option<String> {
    let sane = |id: &&str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-.:".contains(&b);
        (1..=128).contains(&id.len()) && id.bytes().all(allowed)
    };
    headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(sane).map(str::to_owned)
}

fn fresh_id(api: &ApiState) -> String {
    format!("req_{}", BASE32_NOPAD.encode(&api.engine().entropy::<10>()).to_lowercase())
}

/// The id that a problem brings, because it must be the same on each repeat.
fn own_id(response: &Response) -> Option<String> {
    response.extensions().get::<Problem>().and_then(|problem| problem.request_id.clone())
}

/// The methods that metrics tell apart; others are one, so that nobody can make up series.
pub(crate) fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}
