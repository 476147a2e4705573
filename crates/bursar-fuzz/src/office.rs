//! An engine in memory with an account that has everything, and the API and the portal in front of it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use bursar_api::{ApiState, Config};
use bursar_core::id::AccountId;
use bursar_engine::access::{Access, Mode, Scope, record};
use bursar_engine::clock::ManualClock;
use bursar_engine::{Engine, Options};
use bursar_payments::Secret;
use bursar_payments::sandbox::{Sandbox, SandboxConfig};
use bursar_portal::Portal;
use bursar_store::audit::Audit;
use bursar_store::memory::MemoryStore;
use bursar_store::{JournalPosition, Registry, Store};
use http::{Request, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// The key that may do everything.
pub(crate) const KEY: &str = "bk_test_0123456789abcdefADMIN";
/// Signs the messages of the sandbox.
pub(crate) const SANDBOX_SECRET: &str = "a secret of the sandbox";
pub(crate) const START: &str = "2026-01-31T10:00:00Z";

/// What stands for something in an input, and what it stands for.
pub(crate) type Named = (&'static str, String);

pub(crate) struct Office {
    pub(crate) engine: Engine,
    /// The API.
    pub(crate) router: Router,
    /// The customer's pages.
    pub(crate) pages: Router,
    pub(crate) sandbox: Arc<Sandbox>,
    store: Arc<MemoryStore>,
}

impl Office {
    pub(crate) async fn open() -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(ManualClock::new(START.parse().expect("a time")));
        let catalog = Arc::new(bursar_catalog::scriptkit().expect("our catalog"));
        let provider = Arc::new(Sandbox::new(SandboxConfig {
            base_url: "http://127.0.0.1:8080/sandbox".to_owned(),
            webhook_secret: Secret::new(SANDBOX_SECRET),
        }));
        let vault = Arc::new(bursar_vault::Vault::memory());
        let (shared, seed): (Arc<dyn Store>, _) = (store.clone(), Some(7));
        let options = Options {
            store: Arc::clone(&shared),
            catalog,
            clock: clock.clone(),
            provider: provider.clone(),
            vault,
            seed,
        };
        let engine = Engine::start(options).await.expect("an engine");
        let id = "key_admin".parse().expect("an id");
        let key = record(Mode::Test, KEY, id, "fuzz", &[Scope::Admin], engine.wall_now());
        store.put_api_key(key.expect("a key")).await.expect("room for a key");
        let access = Access::new(shared, clock, Mode::Test);
        let router = bursar_api::router(ApiState::new(engine.clone(), access, Config::default()));
        let portal = bursar_portal::Config::new("http://127.0.0.1:8080", Mode::Test);
        let pages = bursar_portal::router(&Portal::new(engine.clone(), portal));
        Self { engine, router, pages, sandbox: provider, store }
    }

    /// Gives an account `a` one of everything, and names for it.
    pub(crate) async fn furnish(&self) -> Vec<Named> {
        let mut named = Vec::new();
        for (path, body, at, name) in [
            ("", r#"{"id": "a"}"#, "/id", "$ACCOUNT"),
            ("/payment_methods", r#"{"token": "pm_card_visa"}"#, "/id", "$METHOD"),
            (
                "/subscription",
                r#"{"plan": "professional", "interval": "month"}"#,
                "/invoice/id",
                "$INVOICE",
            ),
            ("/topups", r#"{"pack": "small"}"#, "/invoice/id", "$TOPUP"),
            ("/quotes", r#"{"operation": "image"}"#, "/id", "$QUOTE"),
            ("/holds", r#"{"operation": "video", "units": 2}"#, "/id", "$HOLD"),
            ("/charges", r#"{"credits": 1, "reason": "one"}"#, "/id", "$CHARGE"),
            ("/setup_sessions", "{}", "/id", "$SESSION"),
            (
                "/subscription/preview",
                r#"{"plan": "studio", "interval": "month"}"#,
                "/preview",
                "$PREVIEW",
            ),
            (
                "/assets",
                r#"{"kind": "vault", "name": "a", "size": 9, "media_type": "text/plain"}"#,
                "/id",
                "$UPLOAD",
            ),
            (
                "/assets",
                r#"{"kind": "vault", "name": "b", "size": 9, "media_type": "text/plain"}"#,
                "/id",
                "$ASSET",
            ),
        ] {
            let path = if path.is_empty() { String::new() } else { format!("/a{path}") };
            let reply = self.post_as(&format!("/v1/accounts{path}"), name, body).await;
            let value = reply.pointer(at).and_then(Value::as_str);
            let value = value.unwrap_or_else(|| panic!("{path} has no {at}: {reply}"));
            named.push((name, value.to_owned()));
            if name == "$SESSION" {
                let url = reply.get("url").and_then(Value::as_str).unwrap_or_default();
                named.push(("$SECRET", url.rsplit('/').next().unwrap_or_default().to_owned()));
            }
            if name == "$ASSET" {
                self.put(&format!("/v1/accounts/a/assets/{value}/content"), "a content").await;
            }
        }
        named
    }

    /// Posts what must work, and returns the reply.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Value {
        self.post_as(path, path, body).await
    }

    /// The same with a key of its own.
    async fn post_as(&self, path: &str, key: &str, body: &str) -> Value {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", format!("furnish:{}", key.trim_start_matches('$')));
        self.send(path, request, body).await
    }

    async fn put(&self, path: &str, body: &str) {
        self.send(path, Request::put(path), body).await;
    }

    async fn send(&self, path: &str, request: http::request::Builder, body: &str) -> Value {
        let request = request.header(header::AUTHORIZATION, format!("Bearer {KEY}"));
        let request = request.body(Body::from(body.to_owned()));
        let Ok(response) = self.router.clone().oneshot(request.expect("a request")).await;
        let status = response.status();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        assert!(status.is_success(), "{path}: {status}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("JSON")
    }

    /// Proves the journal, and that the accounts are what it makes of them.
    pub(crate) async fn close(self) {
        let mut audit = Audit::new();
        let mut after = JournalPosition::default();
        loop {
            let page = self.store.journal(after, 1_000).await.expect("the journal");
            let Some((last, _)) = page.last() else {
                break;
            };
            after = *last;
            for (position, entry) in &page {
                if let Err(finding) = audit.add(*position, entry) {
                    panic!("the journal is wrong: {finding:?}");
                }
            }
        }
        for proved in audit.accounts() {
            let id: &AccountId = &proved.id;
            let kept = self.store.account(id).await.expect("an answer");
            assert_eq!(kept.as_deref(), Some(proved), "account {id}");
        }
        self.engine.shutdown().await.expect("an end");
    }
}

/// Runs something to its end on a runtime of its own.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}
