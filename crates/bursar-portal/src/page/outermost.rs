//! The outermost layer: shows problems as pages, adds the headers that every page has.

use std::any::Any;
use std::time::Instant;

use askama::Template;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::{Instrument, field};

use super::problem::PageProblem;
use super::{assets, html_as};
use crate::session::note;
use crate::state::Portal;

/// Runs a request and finishes its page.
pub(crate) async fn run(State(portal): State<Portal>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or("unmatched", MatchedPath::as_str).to_owned();
    // The route and not the address, which may hold a code; no headers, which hold cookies.
    let span = tracing::info_span!("page", %method, route, status = field::Empty);
    let has_note = note::is_kept(request.headers());
    let response = next.run(request).instrument(span.clone()).await;
    let mut response = shown(response, &portal);
    headers(response.headers_mut(), &portal);
    if has_note && is_page(&response) {
        response.headers_mut().append(SET_COOKIE, note::forget());
    }
    span.record("status", response.status().as_u16());
    span.in_scope(|| tracing::debug!(took = ?started.elapsed(), "replied"));
    response
}

/// What becomes of a handler that panicked; the panic's message is for the log.
pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let words = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
    PageProblem::defect(&words.as_deref().unwrap_or("a panic")).into_response()
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/html"))
}

/// A problem, or a bare refusal of the framework, as a page.
#[derive(Template)]
#[template(path = "page/problem.html")]
struct ProblemPage<'a> {
    product: &'a str,
    css: &'static str,
    problem: PageProblem,
}

fn shown(response: Response, portal: &Portal) -> Response {
    let problem = match response.extensions().get::<PageProblem>() {
        Some(problem) => problem.clone(),
        // A form that was refused is shown again, with what was wrong.
        None if is_page(&response) => return response,
        None => match PageProblem::bare(response.status()) {
            Some(problem) => problem,
            None => return response,
        },
    };
    let status = problem.status;
    let product = &portal.catalog().name;
    let page = ProblemPage { product, css: assets::url("page/portal.css"), problem };
    let mut rendered = html_as(status, &page)
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    for (name, value) in response.headers() {
        if *name == SET_COOKIE || *name == axum::http::header::ALLOW {
            rendered.headers_mut().append(name, value.clone());
        }
    }
    rendered
}

fn headers(headers: &mut HeaderMap, portal: &Portal) {
    let fixed = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
        (CONTENT_SECURITY_POLICY, portal.policy()),
        // What an account shows is nobody else's, also not of the next at the same browser.
        (CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.entry(name).or_insert(value);
        }
    }
}
