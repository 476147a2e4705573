//! The outermost layer: gives the request its id, survives panics, writes problems, adds the headers that every
//! reply has.
//!
//! It is a service with a future of its own and no function for axum's `from_fn`, which puts route and future into
//! boxes, and copies what is within, for each layer and each request.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use data_encoding::BASE32_NOPAD;
use futures::FutureExt;
use futures::future::CatchUnwind;
use pin_project_lite::pin_project;
use tower::{Layer, Service};
use tracing::{Level, Span, field};

use crate::problem::{Code, Problem};
use crate::state::ApiState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const VERSION: HeaderName = HeaderName::from_static("bursar-version");
/// The headers that this layer adds.
const ADDED: usize = 7;

/// The id of a request, in its reply and in its problem.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Puts around a route what happens to every request.
#[derive(Clone)]
pub(crate) struct Outermost(pub(crate) ApiState);

impl<S> Layer<S> for Outermost {
    type Service = Attended<S>;

    fn layer(&self, route: S) -> Attended<S> {
        Attended { api: self.0.clone(), route }
    }
}

/// A route with what happens to every request.
#[derive(Clone)]
pub(crate) struct Attended<S> {
    api: ApiState,
    route: S,
}

impl<S> Service<Request> for Attended<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.route.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let asked = Asked::of(&self.api, &mut request);
        // Handlers run, and panic, when the future is polled.
        let answer = AssertUnwindSafe(self.route.call(request)).catch_unwind();
        Answering { answer, asked }
    }
}

pin_project! {
    /// The reply to a request, as soon as it is there.
    pub(crate) struct Answering<F> {
        #[pin]
        answer: CatchUnwind<AssertUnwindSafe<F>>,
        asked: Asked,
    }
}

impl<F> Future for Answering<F>
where
    F: Future<Output = Result<Response, Infallible>>,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = {
            let _within = this.asked.span.enter();
            match ready!(this.answer.poll(context)) {
                Ok(Ok(response)) => response,
                Ok(Err(never)) => match never {},
                Err(panic) => panicked(panic),
            }
        };
        Poll::Ready(Ok(this.asked.finish(response)))
    }
}

/// What is known of a request until it is answered.
struct Asked {
    api: ApiState,
    started: Instant,
    id: String,
    /// Is the id the caller's own?
    is_given: bool,
    method: Method,
    route: Option<MatchedPath>,
    span: Span,
}

impl Asked {
    fn of(api: &ApiState, request: &mut Request) -> Self {
        let started = Instant::now();
        let given = given_id(request.headers());
        let is_given = given.is_some();
        let id = given.unwrap_or_else(|| fresh_id(api));
        request.extensions_mut().insert(RequestId(id.clone()));
        let method = request.method().clone();
        let route = request.extensions().get::<MatchedPath>().cloned();
        // The route and not the path, which names accounts; no headers, which hold keys.
        let span = tracing::info_span!(
            "request",
            %method,
            route = name(route.as_ref()),
            request_id = id,
            status = field::Empty
        );
        Self { api: api.clone(), started, id, is_given, method, route, span }
    }

    /// Finishes the reply.
    fn finish(&mut self, response: Response) -> Response {
        if let (false, Some(own)) = (self.is_given, own_id(&response)) {
            // So that it is found under the id that the caller sees.
            self.span.in_scope(|| {
                tracing::info!(replied_as = own, "replied with a lasting request id");
            });
            self.id = own;
        }
        let mut response = finished(response, &self.id);
        headers(response.headers_mut(), &self.id);
        let status = response.status();
        if tracing::enabled!(Level::DEBUG) {
            self.span.record("status", status.as_u16());
            let took = self.started.elapsed();
            self.span.in_scope(|| tracing::debug!(?took, "replied"));
        }
        let route = name(self.route.as_ref());
        self.api.metrics().observe(&self.method, route, status, self.started.elapsed());
        response
    }
}

/// How a route is called where requests are counted.
fn name(route: Option<&MatchedPath>) -> &str {
    route.map_or("unmatched", MatchedPath::as_str)
}

/// What becomes of a handler that panicked; the panic's message is for the log.
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
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
    headers.reserve(ADDED);
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
    let mut id = String::with_capacity(20);
    id.push_str("req_");
    BASE32_NOPAD.encode_append(&api.engine().entropy::<10>(), &mut id);
    id.make_ascii_lowercase();
    id
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
