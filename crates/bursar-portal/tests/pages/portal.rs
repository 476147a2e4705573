//! The whole portal and the API beside it over an engine in memory, with a clock that stands still.
#![allow(dead_code, reason = "each test uses what it needs")]

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use bursar_api::ApiState;
use bursar_core::Context;
use bursar_core::catalog::Catalog;
use bursar_core::time::Timestamp;
use bursar_engine::access::{Access, Mode, Scope, record};
use bursar_engine::clock::ManualClock;
use bursar_engine::{Engine, Options};
use bursar_payments::Secret;
use bursar_payments::sandbox::{FormReply, Sandbox, SandboxConfig};
use bursar_portal::{Config, Portal};
use bursar_store::memory::MemoryStore;
use bursar_store::{Contact, Registry, Store};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::html::{self, Element};

pub(crate) const START: &str = "2026-01-31T10:00:00Z";
pub(crate) const BACK: &str = "https://app.example/settings";
const KEY: &str = "bk_test_0123456789abcdefADMIN";
const URL: &str = "http://127.0.0.1:8080";
/// A page with everything that a browser loads for it, uncompressed.
const MOST_BYTES: usize = 60 * 1_024;

/// A portal to look at.
#[derive(Clone)]
pub(crate) struct TestPortal {
    pub(crate) router: Router,
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) sandbox: Arc<Sandbox>,
}

/// A customer with a browser.
pub(crate) struct Browser<'a> {
    portal: &'a TestPortal,
    pub(crate) cookies: Vec<(String, String)>,
    /// Headers that go with each request.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl TestPortal {
    pub(crate) async fn new() -> Self {
        Self::selling(bursar_catalog::scriptkit().unwrap()).await
    }

    /// One that sells something else.
    pub(crate) async fn selling(catalog: Catalog) -> Self {
        Self::with(catalog, Config::new(URL, Mode::Test)).await
    }

    pub(crate) async fn with(catalog: Catalog, config: Config) -> Self {
        let sandbox = Arc::new(Sandbox::new(SandboxConfig {
            base_url: format!("{URL}/sandbox"),
            webhook_secret: Secret::new("a secret of the sandbox"),
        }));
        let store = Arc::new(MemoryStore::new());
        let now: Timestamp = START.parse().unwrap();
        let clock = Arc::new(ManualClock::new(now));
        let port: Arc<dyn Store> = store.clone();
        let options = Options {
            store: Arc::clone(&port),
            catalog: Arc::new(catalog),
            clock: clock.clone(),
            provider: sandbox.clone(),
            vault: Arc::new(bursar_vault::Vault::memory()),
            seed: Some(7),
        };
        let engine = Engine::start(options).await.unwrap();
        let key = record(Mode::Test, KEY, "key_admin".parse().unwrap(), "x", &[Scope::Admin], now);
        store.put_api_key(key.unwrap()).await.unwrap();
        let access = Access::new(port, clock.clone(), Mode::Test);
        let api =
            bursar_api::Config { public_url: URL.to_owned(), ..bursar_api::Config::default() };
        let api = bursar_api::router(ApiState::new(engine.clone(), access, api));
        let portal = Portal::new(engine.clone(), config);
        let router = api.merge(bursar_portal::router(&portal));
        Self { router, engine, clock, store, sandbox }
    }

    /// Calls the API, as the app would.
    pub(crate) async fn api(&self, method: Method, path: &str, body: Value) -> Value {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("Authorization", format!("Bearer {KEY}"))
            .header("Content-Type", "application/json")
            .header(
                "Idempotency-Key",
                format!("{:?}", self.engine.entropy::<8>())
                    .replace(' ', "")
                    .replace(['[', ']'], ""),
            );
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let reply = send(&self.router, request.body(Body::from(body)).unwrap()).await;
        assert!(reply.status.is_success(), "{path}: {}", reply.text());
        serde_json::from_slice(&reply.body).unwrap_or_default()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.api(Method::POST, path, body).await
    }

    /// Puts the content of a file.
    pub(crate) async fn put(&self, path: &str, content: &str) {
        let request = Request::builder()
            .method(Method::PUT)
            .uri(path)
            .header("Authorization", format!("Bearer {KEY}"))
            .body(Body::from(content.to_owned()));
        let reply = send(&self.router, request.unwrap()).await;
        assert!(reply.status.is_success(), "{path}: {}", reply.text());
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.api(Method::GET, path, Value::Null).await
    }

    /// An account without a plan.
    pub(crate) async fn account(&self, id: &str) {
        self.post("/v1/accounts", json!({"id": id})).await;
    }

    /// An account without a plan that pays with a test card.
    pub(crate) async fn payer(&self, id: &str, card: &str) {
        self.account(id).await;
        self.card(id, card).await;
    }

    /// Adds a test card, which is paid with from then on.
    pub(crate) async fn card(&self, id: &str, card: &str) {
        self.post(&format!("/v1/accounts/{id}/payment_methods"), json!({"token": card})).await;
    }

    /// An account on a monthly plan; its allowance is the balance.
    pub(crate) async fn subscriber(&self, id: &str, plan: &str) {
        self.payer(id, "pm_card_visa").await;
        let body = json!({"plan": plan, "interval": "month"});
        self.post(&format!("/v1/accounts/{id}/subscription"), body).await;
    }

    /// Spends credits on something of no operation.
    pub(crate) async fn spend(&self, id: &str, credits: u32) -> Value {
        let body = json!({"credits": credits, "reason": "a test"});
        self.post(&format!("/v1/accounts/{id}/charges"), body).await
    }

    /// Moves an account's test clock: `1mo`, `3d`.
    pub(crate) async fn advance(&self, id: &str, by: &str) -> Value {
        self.post(&format!("/v1/test_clock/accounts/{id}/advance"), json!({"by": by})).await
    }

    /// Waits until the provider has refused the renewal.
    pub(crate) async fn until_past_due(&self, id: &str) {
        self.until(id, |account| account["subscription"]["state"] == "past_due").await;
    }

    /// Waits until no payment is under way.
    pub(crate) async fn until_paid(&self, id: &str) {
        let settled = |account: &Value| {
            account["open_payments"] == json!([]) && account["subscription"]["state"] == "active"
        };
        self.until(id, settled).await;
    }

    async fn until(&self, id: &str, holds: impl Fn(&Value) -> bool) {
        for _ in 0..500 {
            let account = self.get(&format!("/v1/accounts/{id}")).await;
            if holds(&account) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{id} does not come to it")
    }

    pub(crate) async fn rename(&self, id: &str, name: &str) {
        let contact = Contact { name: Some(name.to_owned()), email: None };
        self.store.put_contact(&id.parse().unwrap(), contact).await.unwrap();
    }

    /// Answers the 3-D Secure page of an address.
    /// Where it leads.
    pub(crate) fn authenticate(&self, action_url: &str, answer: &str) -> String {
        let secret = action_url.strip_prefix(&format!("{URL}/sandbox/challenge/")).unwrap();
        let context = Context { now: self.engine.wall_now(), entropy: [1; 10] };
        let body = format!("answer={answer}");
        redirect(self.sandbox.answer_challenge(secret, body.as_bytes(), &context).unwrap())
    }

    /// Fills in the card form of an address. Where it leads.
    pub(crate) fn enter_card(&self, form_url: &str, number: &str) -> String {
        let secret = form_url.rsplit('/').next().unwrap();
        let context = Context { now: self.engine.wall_now(), entropy: [2; 10] };
        let body = format!("number={number}&expiry=12/34&cvc=123");
        redirect(self.sandbox.submit_card(secret, body.as_bytes(), &context).unwrap())
    }

    /// Real time passes.
    pub(crate) fn wait(&self, seconds: u64) {
        self.clock.set(self.engine.wall_now().after(std::time::Duration::from_secs(seconds)));
    }

    /// A browser that nobody is signed in with.
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser { portal: self, cookies: Vec::new(), headers: Vec::new() }
    }

    /// The address of a link into an account's pages, without the origin.
    pub(crate) async fn link(&self, id: &str) -> String {
        let body = json!({"account": id, "return_url": BACK});
        let session = self.post("/v1/portal_sessions", body).await;
        session["url"].as_str().unwrap().strip_prefix(URL).unwrap().to_owned()
    }

    /// A browser in which the customer of an account is signed in.
    pub(crate) async fn sign_in(&self, id: &str) -> Browser<'_> {
        let mut browser = self.browser();
        let reply = browser.get(&self.link(id).await).await;
        assert_eq!(reply.location(), "/portal", "{}", reply.text());
        browser
    }
}

#[track_caller]
fn redirect(reply: FormReply) -> String {
    match reply {
        FormReply::Redirect(url) => url,
        FormReply::Page(page) => panic!("no way on: {page:?}"),
    }
}

async fn send(router: &Router, request: Request<Body>) -> Reply {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Reply { status: parts.status, headers: parts.headers, body }
}

impl Browser<'_> {
    /// A request with the browser's cookies and headers.
    pub(crate) fn request(&self, method: Method, path: &str, body: String) -> Request<Body> {
        let mut request =
            Request::builder().method(method).uri(path).header("host", "127.0.0.1:8080");
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, it)| format!("{name}={it}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(Body::from(body)).unwrap()
    }

    async fn send(&mut self, request: Request<Body>) -> Reply {
        let reply = send(&self.portal.router, request).await;
        for cookie in reply.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !cookie.contains("Max-Age=0") {
                let value = rest.split(';').next().unwrap();
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        reply
    }

    pub(crate) async fn get(&mut self, path: &str) -> Reply {
        let request = self.request(Method::GET, path, String::new());
        self.send(request).await
    }

    /// A page, which must be there and keep what holds for all pages.
    pub(crate) async fn page(&mut self, path: &str) -> Element {
        let reply = self.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
        let page = reply.html();
        page_rules(&page);
        let files = page.select("link").into_iter().map(|it| it.attr("href"));
        let files = files.chain(page.select("script").into_iter().map(|it| it.attr("src")));
        let mut bytes = reply.body.len();
        for file in files.filter(|file| file.starts_with('/')) {
            let file = self.get(file).await;
            assert_eq!(file.status, StatusCode::OK);
            bytes += file.body.len();
        }
        assert!(bytes <= MOST_BYTES, "{path} takes {bytes} bytes");
        page
    }

    /// Sends the form of a page whose action it is, with these fields besides those that it has already
    /// (hidden ones, chosen ones).
    pub(crate) async fn submit(
        &mut self,
        page: &Element,
        action: &str,
        fields: &[(&str, &str)],
    ) -> Reply {
        let forms = page.select("form");
        let form = forms.iter().find(|form| form.attr("action") == action);
        let form = form.unwrap_or_else(|| panic!("no form to {action} in {}", page.text()));
        let mut sent: Vec<(String, String)> = Vec::new();
        for input in form.select("input") {
            let is_chosen =
                !matches!(input.attr("type"), "checkbox" | "radio") || input.has("checked");
            let is_given = fields.iter().any(|(name, _)| *name == input.attr("name"));
            if is_chosen && !is_given && !input.attr("name").is_empty() {
                sent.push((input.attr("name").to_owned(), input.attr("value").to_owned()));
            }
        }
        sent.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(action, &sent).await
    }

    /// Sends fields as a form.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(String, String)]) -> Reply {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let mut request = self.request(Method::POST, path, body.finish());
        let media_type = "application/x-www-form-urlencoded".parse().unwrap();
        request.headers_mut().insert("content-type", media_type);
        self.send(request).await
    }
}

/// What holds for every page.
#[track_caller]
pub(crate) fn page_rules(page: &Element) {
    let all = page.all();
    for element in &all {
        assert!(!element.has("style"), "a style attribute on {}", element.name);
        assert!(element.name != "style", "a style in the page");
        let inline = element.attributes.iter().find(|(name, _)| name.starts_with("on"));
        assert_eq!(inline, None, "a script in an attribute");
        if element.name == "script" {
            assert!(element.attr("src").starts_with("/static/") && element.text().is_empty());
        }
        if matches!(element.name.as_str(), "img" | "link" | "script") {
            let address = format!("{}{}", element.attr("src"), element.attr("href"));
            assert!(address.starts_with('/') || address.starts_with("data:"), "{address}");
        }
        if element.name == "form" && element.attr("method") == "post" {
            assert!(!element.one("[name=mark]").attr("value").is_empty());
        }
    }
    page.one("main");
    page.one("h1");
    assert!(!page.one("head title").text().is_empty());
    assert_eq!(page.one("html").attr("lang"), "en");
    let mut ids: Vec<&str> =
        all.iter().map(|it| it.attr("id")).filter(|id| !id.is_empty()).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "an id twice in {ids:?}");
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn html(&self) -> Element {
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        html::parse(&self.text())
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where it leads.
    pub(crate) fn location(&self) -> &str {
        self.headers.get(LOCATION).map_or("", |value| value.to_str().unwrap())
    }
}
