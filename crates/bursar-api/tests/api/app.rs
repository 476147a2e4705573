//! The whole API over an engine on the [store](crate::store) under test, with a clock that stands still.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use bursar_api::{ApiState, Config};
use bursar_core::Context;
use bursar_core::catalog::Catalog;
use bursar_core::time::Timestamp;
use bursar_engine::access::{Access, Mode, Scope, record};
use bursar_engine::clock::ManualClock;
use bursar_engine::{Engine, Options};
use bursar_payments::sandbox::{Sandbox, SandboxConfig};
use bursar_payments::{PaymentProvider, Secret, Unconfigured};
use bursar_vault::Vault;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::store::TestStore;

pub(crate) const START: &str = "2026-01-31T10:00:00Z";
/// The key that may do everything.
pub(crate) const ADMIN: &str = "bk_test_0123456789abcdefADMIN";

/// Where the sandbox's pages are.
pub(crate) const SANDBOX: &str = "http://127.0.0.1:8080/sandbox";

fn memory() -> Arc<Vault> {
    Arc::new(Vault::memory())
}

/// Snapshots are the same whichever the store is, so their names leave out the test binary's.
fn share_snapshots() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    // Until the test's thread ends.
    std::mem::forget(settings.bind_to_scope());
}

/// An API to call.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) router: Router,
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: TestStore,
    pub(crate) state: ApiState,
    pub(crate) sandbox: Arc<Sandbox>,
}

/// A request that is being put together.
pub(crate) struct Call<'a> {
    app: &'a App,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    secret: Option<String>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl App {
    pub(crate) async fn new() -> Self {
        Self::with(Mode::Test, Config::default()).await
    }

    pub(crate) async fn with(mode: Mode, config: Config) -> Self {
        let catalog = bursar_catalog::scriptkit().unwrap();
        Self::selling(mode, config, catalog).await
    }

    /// An API that sells something else.
    pub(crate) async fn selling(mode: Mode, config: Config, catalog: Catalog) -> Self {
        Self::on(TestStore::new().await, mode, config, catalog).await
    }

    /// One on a store whose commits can be made to fail.
    pub(crate) async fn failing() -> Self {
        let catalog = bursar_catalog::scriptkit().unwrap();
        Self::on(TestStore::failing().await, Mode::Test, Config::default(), catalog).await
    }

    async fn on(store: TestStore, mode: Mode, config: Config, catalog: Catalog) -> Self {
        let sandbox = Arc::new(Sandbox::new(SandboxConfig {
            base_url: SANDBOX.to_owned(),
            webhook_secret: Secret::new("a secret of the sandbox"),
        }));
        Self::of(mode, config, catalog, store, sandbox.clone(), sandbox, memory()).await
    }

    /// One without a payment provider.
    pub(crate) async fn without_provider() -> Self {
        let app = Self::new().await;
        let (store, catalog) = (TestStore::new().await, bursar_catalog::scriptkit().unwrap());
        let (config, provider) = (Config::default(), Arc::new(Unconfigured));
        Self::of(Mode::Test, config, catalog, store, provider, app.sandbox, memory()).await
    }

    /// One whose files lie somewhere else.
    pub(crate) async fn with_vault(config: Config, vault: Vault) -> Self {
        let (app, store) = (Self::new().await, TestStore::new().await);
        let (catalog, sandbox) = (bursar_catalog::scriptkit().unwrap(), app.sandbox);
        let vault = Arc::new(vault);
        Self::of(Mode::Test, config, catalog, store, sandbox.clone(), sandbox, vault).await
    }

    /// One with the same database and provider that sells something else, after this one has ended.
    pub(crate) async fn succeeded_by(&self, catalog: Catalog) -> Self {
        self.engine.shutdown().await.unwrap();
        let (store, sandbox) = (self.store.reopen().await, self.sandbox.clone());
        let (config, vault) = (Config::default(), self.engine.vault().clone());
        Self::of(Mode::Test, config, catalog, store, sandbox.clone(), sandbox, vault).await
    }

    async fn of(
        mode: Mode,
        config: Config,
        catalog: Catalog,
        store: TestStore,
        provider: Arc<dyn PaymentProvider>,
        sandbox: Arc<Sandbox>,
        vault: Arc<Vault>,
    ) -> Self {
        let catalog = Arc::new(catalog);
        let now: Timestamp = START.parse().unwrap();
        let clock = Arc::new(ManualClock::new(now));
        share_snapshots();
        let options = Options {
            store: store.handle(),
            catalog: Arc::clone(&catalog),
            clock: clock.clone(),
            provider,
            vault,
            seed: Some(7),
        };
        let engine = Engine::start(options).await.unwrap();
        let access = Access::new(store.handle(), clock.clone(), mode);
        let state = ApiState::new(engine.clone(), access, config);
        let router = bursar_api::router(state.clone());
        let app = Self { router, engine, clock, store, state, sandbox };
        let secret = ADMIN.replace("bk_test_", mode.prefix());
        app.add_key(mode, &secret, "key_admin", &[Scope::Admin]).await;
        app
    }

    /// Adds a key with these scopes.
    pub(crate) async fn add_key(&self, mode: Mode, secret: &str, id: &str, scopes: &[Scope]) {
        let now = self.engine.wall_now();
        let key = record(mode, secret, id.parse().unwrap(), "a test", scopes, now).unwrap();
        self.store.put_api_key(key).await.unwrap();
    }

    pub(crate) fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Call<'_> {
        self.call(Method::POST, path).json(&body.to_string())
    }

    pub(crate) fn call(&self, method: Method, path: &str) -> Call<'_> {
        Call {
            app: self,
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            secret: Some(ADMIN.to_owned()),
        }
    }

    /// An account on a plan; its allowance is the balance.
    pub(crate) async fn subscriber(&self, id: &str, plan: &str) {
        self.payer(id, "pm_card_visa").await;
        let body = serde_json::json!({"plan": plan, "interval": "month"});
        let call = self.post(&format!("/v1/accounts/{id}/subscription"), body);
        call.key("subscribe").send().await.expect(200);
    }

    /// An account without a plan.
    pub(crate) async fn account(&self, id: &str) {
        self.post("/v1/accounts", serde_json::json!({"id": id})).send().await.expect(201);
    }

    /// An account without a plan that pays with a test card.
    pub(crate) async fn payer(&self, id: &str, card: &str) {
        self.account(id).await;
        self.card(id, card).await.expect(201);
    }

    /// Adds a test card, which is paid with from then on.
    pub(crate) async fn card(&self, id: &str, card: &str) -> Reply {
        let body = serde_json::json!({"token": card});
        self.post(&format!("/v1/accounts/{id}/payment_methods"), body).send().await
    }

    /// Hands over the sandbox's webhooks that are due; how many were taken.
    pub(crate) async fn deliver_webhooks(&self) -> usize {
        let due = self.sandbox.due_webhooks(self.engine.wall_now()).unwrap();
        for webhook in &due {
            let mut call = self.post("/v1/provider/sandbox/webhooks", Value::Null);
            call.headers.clear();
            for (name, value) in &webhook.headers {
                call = call.header(name.as_str(), value.to_str().unwrap());
            }
            call.bytes(&webhook.body).secret(None).send().await.expect(200);
            self.sandbox.webhook_delivered(webhook.delivery).unwrap();
        }
        due.len()
    }

    /// Answers the 3-D Secure page of an address.
    pub(crate) fn authenticate(&self, action_url: &str, answer: &str) {
        let secret = action_url.strip_prefix(&format!("{SANDBOX}/challenge/")).unwrap();
        let context = Context { now: self.engine.wall_now(), entropy: [1; 10] };
        let body = format!("answer={answer}");
        self.sandbox.answer_challenge(secret, body.as_bytes(), &context).unwrap();
    }

    /// Asks until a condition holds.
    pub(crate) async fn until(&self, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..200 {
            let body = self.get(path).send().await.expect(200);
            if holds(&body) {
                return body;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{path} does not come to it")
    }

    /// The names of everything that has happened to an account.
    pub(crate) async fn store_kinds(&self, id: &str) -> Vec<&'static str> {
        let id = id.parse().unwrap();
        let history = self.store.history(&id, 0, 10_000).await.unwrap();
        let kind = |it: &bursar_store::SpendEvent| bursar_core::describe::kind(&it.recorded.event);
        history.iter().map(kind).collect()
    }

    /// Gives credits that never expire.
    pub(crate) async fn give(&self, id: &str, credits: u32) {
        let body = serde_json::json!({"credits": credits, "class": "topup", "reason": "a test"});
        let call = self.post(&format!("/v1/accounts/{id}/credits"), body);
        call.key(&format!("give-{credits}")).send().await.expect(200);
    }

    /// Time passes.
    pub(crate) fn pass(&self, seconds: u64) {
        let now = self.engine.wall_now();
        self.clock.set(now.after(std::time::Duration::from_secs(seconds)));
    }

    /// Begins a file; its id.
    pub(crate) async fn begin(
        &self,
        account: &str,
        name: &str,
        media_type: &str,
        size: u64,
    ) -> String {
        let kind = media_type.split('/').next().unwrap().replace("application", "vault");
        let body =
            serde_json::json!({"kind": kind, "name": name, "size": size, "media_type": media_type});
        let reply = self.post(&format!("/v1/accounts/{account}/assets"), body).send().await;
        reply.expect(201)["id"].as_str().unwrap().to_owned()
    }

    /// Puts the content of a file that was begun.
    pub(crate) async fn put(&self, account: &str, asset: &str, content: &[u8]) -> Reply {
        let path = format!("/v1/accounts/{account}/assets/{asset}/content");
        self.call(Method::PUT, &path).bytes(content).send().await
    }

    /// A file that is there; its id.
    pub(crate) async fn file(
        &self,
        account: &str,
        name: &str,
        media_type: &str,
        content: &[u8],
    ) -> String {
        let asset = self.begin(account, name, media_type, content.len().try_into().unwrap()).await;
        self.put(account, &asset, content).await.expect(200);
        asset
    }

    /// What can be spent and what is held, and the version.
    pub(crate) async fn balance(&self, id: &str) -> (f64, f64, u64) {
        let body = self.get(&format!("/v1/accounts/{id}/balance")).send().await.expect(200);
        (
            body["available"].as_f64().unwrap(),
            body["held"].as_f64().unwrap(),
            body["version"].as_u64().unwrap(),
        )
    }
}

impl Call<'_> {
    pub(crate) fn json(self, body: &str) -> Self {
        self.bytes(body.as_bytes()).header("Content-Type", "application/json")
    }

    pub(crate) fn bytes(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    /// As someone else, or as no one.
    pub(crate) fn secret(mut self, secret: Option<&str>) -> Self {
        self.secret = secret.map(str::to_owned);
        self
    }

    pub(crate) fn request(&self) -> Request<Body> {
        let mut request = Request::builder().method(self.method.clone()).uri(&self.path);
        if let Some(secret) = &self.secret {
            request = request.header("Authorization", format!("Bearer {secret}"));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Body::from(self.body.clone())).unwrap()
    }

    pub(crate) async fn send(self) -> Reply {
        let response = self.app.router.clone().oneshot(self.request()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Reply { status: parts.status, headers: parts.headers, body }
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}: {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body, if the status is that.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status.as_u16(), status, "{text}");
        self.json()
    }

    /// The body, if it is that problem with everything a problem has.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["type"], format!("/problems/{code}"));
        assert_eq!(body["status"], status);
        assert_eq!(body["request_id"], self.header("x-request-id"));
        assert!(body["title"].as_str().is_some_and(|title| !title.is_empty()), "{body}");
        assert!(body["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "{body}");
        body
    }
}
