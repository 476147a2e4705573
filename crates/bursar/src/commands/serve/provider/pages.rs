//! The sandbox's own pages: the card form and the 3-D Secure page.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bursar_core::Context;
use bursar_engine::Engine;
use bursar_payments::ProviderError;
use bursar_payments::sandbox::{FormReply, Page, STYLESHEET, Sandbox};

use super::sandbox::SandboxProvider;

/// Far above what the form sends.
const FORM_LIMIT: usize = 16 * 1_024;

/// No script, nothing from elsewhere, in no frame. Addresses of pages are secrets: they go nowhere.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action *; frame-ancestors 'none'; base-uri 'none'",
    ),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (CACHE_CONTROL, "no-store"),
];

#[derive(Clone)]
struct Pages {
    provider: SandboxProvider,
    engine: Engine,
}

/// The routes below `/sandbox`.
pub(super) fn router(provider: &SandboxProvider, engine: Engine) -> Router {
    let pages = Pages { provider: provider.clone(), engine };
    Router::new()
        .route("/sandbox/sandbox.css", get(stylesheet))
        .route("/sandbox/setup/{secret}", get(card_form).post(submit_card))
        .route("/sandbox/challenge/{secret}", get(challenge).post(answer))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .with_state(pages)
}

async fn stylesheet() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLESHEET).into_response()
}

async fn card_form(State(pages): State<Pages>, Path(secret): Path<String>) -> Response {
    let form = async move |sandbox: &Sandbox| Ok(FormReply::Page(sandbox.card_form(&secret)));
    reply(pages.provider.ask(form).await)
}

async fn submit_card(
    State(pages): State<Pages>,
    Path(secret): Path<String>,
    body: Bytes,
) -> Response {
    let context = pages.context();
    let submit = async move |sandbox: &Sandbox| sandbox.submit_card(&secret, &body, &context);
    reply(pages.provider.ask(submit).await)
}

async fn challenge(State(pages): State<Pages>, Path(secret): Path<String>) -> Response {
    let page = async move |sandbox: &Sandbox| Ok(FormReply::Page(sandbox.challenge(&secret)));
    reply(pages.provider.ask(page).await)
}

async fn answer(State(pages): State<Pages>, Path(secret): Path<String>, body: Bytes) -> Response {
    let context = pages.context();
    let answer = async move |sandbox: &Sandbox| sandbox.answer_challenge(&secret, &body, &context);
    reply(pages.provider.ask(answer).await)
}

impl Pages {
    fn context(&self) -> Context {
        Context { now: self.engine.wall_now(), entropy: self.engine.entropy() }
    }
}

fn reply(result: Result<FormReply, ProviderError>) -> Response {
    match result {
        Ok(FormReply::Page(page)) => show(page),
        Ok(FormReply::Redirect(to)) => {
            (StatusCode::SEE_OTHER, HEADERS, [(LOCATION, to)]).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the sandbox can't keep what it was sent");
            (StatusCode::SERVICE_UNAVAILABLE, HEADERS, "Try again in a moment.").into_response()
        }
    }
}

fn show(page: Page) -> Response {
    let status = StatusCode::from_u16(page.status).unwrap_or(StatusCode::OK);
    (status, HEADERS, [(CONTENT_TYPE, "text/html; charset=utf-8")], page.html).into_response()
}
