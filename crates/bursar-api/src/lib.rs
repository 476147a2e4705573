//! The HTTP API: JSON routes, problem details, OpenAPI 3.1 and an offline docs page.
//!
//! **Architecture invariant:** this crate knows the engine and no adapter. Bodies are parsed at the
//! edge into the core's commands, which can't be wrong in form; a reply to a change is made of its
//! journal entry alone, so that a repeated request gets the same one. What takes money has two, and
//! its reply is made of the one in which the payment was settled (`purchase.rs`). No rule is decided
//! here.
//!
//! **Architecture invariant:** no card number passes through here. Tokens are parsed into a type that
//! can't hold one, and nothing that looks like one is repeated in a problem (`redact.rs`).
//!
//! One resource is one file in `routes/`, named like its URL; the table in `routes/mod.rs` says
//! which scope each takes and how it can refuse.

pub mod archive;
pub mod content;
mod disposition;
pub mod documents;
mod execute;
mod extract;
mod fields;
mod middleware;
mod openapi;
mod page;
mod problem;
mod purchase;
mod redact;
mod reply;
mod return_url;
mod routes;
mod spending;
mod state;
mod upload;
mod wire;

use axum::Router;
use axum::extract::DefaultBodyLimit;

use middleware::outermost::Outermost;
pub use problem::Code;
pub use state::{ApiState, Config, RateLimit};
pub use wire::explain;

/// The whole API over a running engine.
pub fn router(state: ApiState) -> Router {
    let (api, document) = routes::all(&state).split_for_parts();
    state.keep_document(&document);
    finished(routes::pages(api), state)
}

/// Puts what happens to every request around the routes.
fn finished(routes: Router<ApiState>, state: ApiState) -> Router {
    // As one layer: each that is added by itself puts the route into a box of its own.
    let limit = DefaultBodyLimit::max(state.config().body_limit);
    routes.layer((Outermost(state.clone()), limit)).with_state(state)
}

/// The OpenAPI 3.1 document of [`router`].
pub fn document(state: &ApiState) -> utoipa::openapi::OpenApi {
    routes::all(state).into_openapi()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use axum::routing::get;
    use bursar_engine::access::{Access, Mode};
    use bursar_engine::{Engine, Options, SystemClock};
    use bursar_payments::Secret;
    use bursar_payments::sandbox::{Sandbox, SandboxConfig};
    use bursar_store::Store;
    use bursar_store::memory::MemoryStore;
    use tower::ServiceExt;

    use super::*;

    async fn state() -> ApiState {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let clock = Arc::new(SystemClock);
        let config = SandboxConfig {
            base_url: "http://127.0.0.1/sandbox".to_owned(),
            webhook_secret: Secret::new("a secret"),
        };
        let options = Options {
            provider: Arc::new(Sandbox::new(config)),
            store: Arc::clone(&store),
            catalog: Arc::new(bursar_catalog::scriptkit().unwrap()),
            clock: clock.clone(),
            vault: Arc::new(bursar_vault::Vault::memory()),
            seed: Some(1),
        };
        let engine = Engine::start(options).await.unwrap();
        ApiState::new(engine, Access::new(store, clock, Mode::Test), Config::default())
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_without_details() {
        async fn fails() {
            panic!("the secret is 7")
        }
        let router = finished(Router::new().route("/panic", get(fails)), state().await);
        let request = Request::builder().uri("/panic").body(Body::empty());
        let response = router.oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status().as_u16(), 500);
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["code"], "internal");
        assert!(problem["request_id"].as_str().unwrap().starts_with("req_"));
        assert!(!problem.to_string().contains("secret"), "{problem}");
    }
}
