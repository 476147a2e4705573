//! A playground to call.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use bursar_api::{ApiState, Config};
use bursar_engine::access::{Access, Mode, Scope, record};
use bursar_engine::{Clock, Engine, Options, SystemClock};
use bursar_payments::Secret;
use bursar_payments::sandbox::{Sandbox, SandboxConfig};
use bursar_portal::playground;
use bursar_store::Registry;
use bursar_store::memory::MemoryStore;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

/// The key that nobody may see.
pub(crate) const KEY: &str = "bk_test_0123456789abcdefSECRET";
pub(crate) const HOST: &str = "127.0.0.1:8080";
/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Studio {
    pub(crate) router: Router,
    pub(crate) engine: Engine,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Studio {
    pub(crate) async fn new() -> Self {
        Self::that_works_for(Duration::ZERO).await
    }

    /// One whose jobs take that long at least.
    pub(crate) async fn that_works_for(work: Duration) -> Self {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(SystemClock);
        let options = Options {
            store: store.clone(),
            catalog: Arc::new(bursar_catalog::scriptkit().unwrap()),
            clock: clock.clone(),
            provider: Arc::new(Sandbox::new(SandboxConfig {
                base_url: format!("http://{HOST}/sandbox"),
                webhook_secret: Secret::new("a secret of the sandbox"),
            })),
            vault: Arc::new(bursar_vault::Vault::memory()),
            seed: Some(7),
        };
        let engine = Engine::start(options).await.unwrap();
        let id = "key_test".parse().unwrap();
        let key = record(Mode::Test, KEY, id, "a test", &[Scope::Admin], clock.now()).unwrap();
        store.put_api_key(key).await.unwrap();
        let access = Access::new(Arc::clone(engine.store()), clock, Mode::Test);
        let api = bursar_api::router(ApiState::new(engine.clone(), access, Config::default()));
        let router = playground::router(playground::Config {
            api,
            key: KEY.to_owned(),
            engine: engine.clone(),
            hosts: Vec::new(),
            work,
        });
        Self { router, engine }
    }

    /// One with a customer on Starter, `ada`.
    pub(crate) async fn with_ada(work: Duration) -> Self {
        let studio = Self::that_works_for(work).await;
        studio.post("api/accounts", json!({"id": "ada", "name": "Ada"})).await.expect(201);
        studio.keyed("api/accounts/ada/payment_methods", json!({"token": "pm_card_visa"})).await;
        let plan = json!({"plan": "starter", "interval": "month"});
        studio.keyed("api/accounts/ada/subscription", plan).await;
        studio
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(request("GET", &format!("/playground/{path}"), None)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(request("POST", &format!("/playground/{path}"), Some(&body))).await
    }

    /// Posts what takes effect once, and expects that it does.
    pub(crate) async fn keyed(&self, path: &str, body: Value) -> Value {
        let mut request = request("POST", &format!("/playground/{path}"), Some(&body));
        let key = blake3::hash(format!("{path}{body}").as_bytes()).to_hex().to_string();
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        let reply = self.send(request).await;
        assert!(reply.status.is_success(), "{reply:?}");
        reply.json()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// What can be spent and what is held.
    pub(crate) async fn balance(&self) -> (f64, f64) {
        let body = self.get("api/accounts/ada/balance").await.expect(200);
        (body["available"].as_f64().unwrap(), body["held"].as_f64().unwrap())
    }

    /// Starts a job of `ada`'s; its id.
    pub(crate) async fn start(&self, mut order: Value) -> String {
        order["account"] = json!("ada");
        let job = self.post("jobs", order).await.expect(202);
        job["id"].as_str().unwrap().to_owned()
    }

    /// Waits until a job is at one of these stages.
    pub(crate) async fn at(&self, job: &str, stages: &[&str]) -> Value {
        let started = Instant::now();
        loop {
            let now = self.get(&format!("jobs/{job}")).await.expect(200);
            if stages.contains(&now["stage"].as_str().unwrap()) {
                return now;
            }
            assert!(started.elapsed() < PATIENCE, "not at {stages:?}: {now}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Runs a job to its end.
    pub(crate) async fn run(&self, order: Value) -> Value {
        let job = self.start(order).await;
        self.at(&job, &["done", "failed", "refused"]).await
    }
}

/// A request as the page sends it.
pub(crate) fn request(method: &str, path: &str, body: Option<&Value>) -> Request<Body> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", HOST)
        .header("sec-fetch-site", "same-origin")
        .header("x-bursar-playground", "1");
    match body {
        None => request.body(Body::empty()).unwrap(),
        Some(body) => {
            let request = request.header("content-type", "application/json");
            request
                .header("origin", format!("http://{HOST}"))
                .body(body.to_string().into())
                .unwrap()
        }
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self.json()
    }
}

/// What was asked of the API, in order: `POST holds 201`.
pub(crate) fn asked(job: &Value) -> Vec<String> {
    let said = job["exchanges"].as_array().cloned().unwrap_or_default();
    let line = |it: &Value| {
        let path = it["path"].as_str().unwrap();
        let last = path.rsplit('/').next().unwrap();
        format!("{} {last} {}", it["method"].as_str().unwrap(), it["status"])
    };
    said.iter().map(line).collect()
}
