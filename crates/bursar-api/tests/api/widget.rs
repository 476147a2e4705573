//! `/v1/widget_tokens` and what such a token opens.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use bursar_core::time::Timestamp;
use bursar_engine::access::{Mode, Scope};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::{App, START};

async fn token(app: &App, body: Value) -> String {
    let reply = app.post("/v1/widget_tokens", body).send().await.expect(201);
    reply["token"].as_str().unwrap().to_owned()
}

async fn token_of(app: &App, account: &str) -> String {
    token(app, json!({"account": account})).await
}

fn wait(app: &App, seconds: u64) {
    app.clock.set(app.engine.wall_now().after(Duration::from_secs(seconds)));
}

#[tokio::test]
async fn a_token_shows_the_balance_of_one_account() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app.account("b").await;
    app.give("b", 7).await;
    let body = json!({"credits": 80, "reason": "a job"});
    app.post("/v1/accounts/a/holds", body).key("job").send().await.expect(201);
    let (of_a, of_b) = (token_of(&app, "a").await, token_of(&app, "b").await);
    let balance = app.get("/v1/widget/balance").secret(Some(&of_a)).send().await.expect(200);
    let version = balance["version"].as_u64().unwrap();
    assert_eq!(
        balance,
        json!({"available": 320, "held": 80, "next_refresh_at": "2026-02-28T10:00:00Z",
            "version": version})
    );
    let balance = app.get("/v1/widget/balance").secret(Some(&of_b)).send().await.expect(200);
    assert_eq!(balance["available"], 7);
    assert_eq!(balance["next_refresh_at"], Value::Null);
}

/// Whatever is changed of a token, it opens nothing: least of all another account.
#[tokio::test]
async fn no_token_can_be_made_of_another() {
    let app = App::new().await;
    app.account("a").await;
    app.account("b").await;
    let (of_a, of_b) = (token_of(&app, "a").await, token_of(&app, "b").await);
    let half = of_a.len() / 2;
    let mut forged = vec![
        format!("{}{}", &of_b[..half], &of_a[half..]),
        of_a.replacen("widget_", "quote_", 1),
        of_a.replacen("widget_", "", 1),
        format!("{of_a}A"),
        "widget_".to_owned(),
        crate::app::ADMIN.to_owned(),
    ];
    for at in "widget_".len()..of_a.len() {
        let other = if of_a.as_bytes()[at] == b'A' { "B" } else { "A" };
        forged.push(format!("{}{other}{}", &of_a[..at], &of_a[at + 1..]));
    }
    for token in forged {
        for path in ["/v1/widget/balance", "/v1/widget/events"] {
            let reply = app.get(path).secret(Some(&token)).send().await;
            reply.problem(401, "widget_token_unknown");
        }
    }
    let reply = app.get("/v1/widget/balance").secret(None).send().await;
    reply.problem(401, "widget_token_unknown");
    assert!(reply.header("www-authenticate").starts_with("Bearer"));
}

/// A quote is sealed by the same key, and is something else.
#[tokio::test]
async fn a_token_of_another_kind_is_none() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    let body = json!({"operation": "video"});
    let quote = app.post("/v1/accounts/a/quotes", body).send().await.expect(200);
    let quote = quote["id"].as_str().unwrap();
    for token in [quote.to_owned(), quote.replacen("quote_", "widget_", 1)] {
        let reply = app.get("/v1/widget/balance").secret(Some(&token)).send().await;
        reply.problem(401, "widget_token_unknown");
    }
    let widget = token_of(&app, "a").await.replacen("widget_", "quote_", 1);
    let body = json!({"quote": widget});
    app.post("/v1/accounts/a/holds", body).key("q").send().await.problem(422, "unknown_quote");
}

#[tokio::test]
async fn it_is_no_api_key() {
    let app = App::new().await;
    app.account("a").await;
    let token = token_of(&app, "a").await;
    for path in ["/v1/accounts/a", "/v1/accounts/a/balance", "/v1/accounts/a/events"] {
        app.get(path).secret(Some(&token)).send().await.problem(401, "api_key_unknown");
    }
}

#[tokio::test]
async fn it_works_for_as_long_as_was_asked_for() {
    let app = App::new().await;
    app.account("a").await;
    let check = async |body: Value, seconds: u64| {
        let reply = app.post("/v1/widget_tokens", body).send().await.expect(201);
        let until: Timestamp = reply["expires_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(until.since(app.engine.wall_now()).as_secs(), seconds);
    };
    check(json!({"account": "a"}), 3_600).await;
    check(json!({"account": "a", "ttl_seconds": 60}), 60).await;
    check(json!({"account": "a", "ttl_seconds": 86_400}), 86_400).await;
    for seconds in [0, 59, 86_401] {
        let body = json!({"account": "a", "ttl_seconds": seconds});
        let problem = app.post("/v1/widget_tokens", body).send().await;
        assert_eq!(problem.problem(422, "invalid_request")["field"], "ttl_seconds");
    }
    let missing = app.post("/v1/widget_tokens", json!({"account": "nobody"})).send().await;
    missing.problem(404, "account_not_found");

    let token = token(&app, json!({"account": "a", "ttl_seconds": 60})).await;
    wait(&app, 59);
    app.get("/v1/widget/balance").secret(Some(&token)).send().await.expect(200);
    wait(&app, 1);
    for path in ["/v1/widget/balance", "/v1/widget/events"] {
        let problem = app.get(path).secret(Some(&token)).send().await;
        let problem = problem.problem(401, "widget_token_expired");
        assert_eq!(problem["at"], "2026-01-31T10:01:00Z", "{START} and a minute");
    }
}

/// A test clock moves an account, not the browsers of people.
#[tokio::test]
async fn a_test_clock_expires_no_token() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    let token = token_of(&app, "a").await;
    let path = "/v1/test_clock/accounts/a/advance";
    app.post(path, json!({"by": "20d"})).key("t").send().await.expect(200);
    app.get("/v1/widget/balance").secret(Some(&token)).send().await.expect(200);
}

#[tokio::test]
async fn a_key_needs_the_scope_to_read() {
    let app = App::new().await;
    app.account("a").await;
    let secret = "bk_test_0123456789abcdefSPEND";
    app.add_key(Mode::Test, secret, "key_spend", &[Scope::Spend]).await;
    let call = app.post("/v1/widget_tokens", json!({"account": "a"})).secret(Some(secret));
    call.send().await.problem(403, "missing_scope");
    let secret = "bk_test_0123456789abcdefREAD1";
    app.add_key(Mode::Test, secret, "key_read", &[Scope::Read]).await;
    let call = app.post("/v1/widget_tokens", json!({"account": "a"})).secret(Some(secret));
    call.send().await.expect(201);
}

#[tokio::test]
async fn pages_of_any_origin_may_ask_for_this_and_nothing_else() {
    let app = App::new().await;
    app.account("a").await;
    let origin = "https://shop.example";
    let preflight = |path: &'static str| {
        let call = app.call(Method::OPTIONS, path).secret(None).header("Origin", origin);
        let call = call.header("Access-Control-Request-Method", "GET");
        call.header("Access-Control-Request-Headers", "authorization").send()
    };
    for path in ["/v1/widget/balance", "/v1/widget/events"] {
        let reply = preflight(path).await;
        assert_eq!(reply.status.as_u16(), 200, "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reply.header("access-control-allow-methods"), "GET");
        assert_eq!(reply.header("access-control-allow-headers"), "authorization");
        assert_eq!(reply.header("access-control-max-age"), "7200");
        assert_eq!(reply.header("access-control-allow-credentials"), "");
    }
    for path in ["/v1/accounts/a/balance", "/v1/accounts/a/events", "/v1/widget_tokens"] {
        let reply = preflight(path).await;
        assert_eq!(reply.header("access-control-allow-origin"), "", "{path}");
    }
    let token = token_of(&app, "a").await;
    let call = app.get("/v1/widget/balance").secret(Some(&token)).header("Origin", origin);
    let reply = call.send().await;
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert_eq!(reply.header("cache-control"), "no-store");
    // A page must be able to read why not.
    let call = app.get("/v1/widget/balance").secret(None).header("Origin", origin);
    assert_eq!(call.send().await.header("access-control-allow-origin"), "*");
    let call = app.get("/v1/accounts/a/balance").header("Origin", origin);
    assert_eq!(call.send().await.header("access-control-allow-origin"), "");
}

/// A stream that is being read.
struct Listener(Body, String);

impl Listener {
    async fn of(app: &App, token: &str) -> Self {
        let request = app.get("/v1/widget/events").secret(Some(token)).request();
        let response = app.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self(response.into_body(), String::new())
    }

    /// The next event's name and data; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.1.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.1 = rest;
                let field = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
                };
                if let (Some(name), Some(data)) = (field("event:"), field("data:")) {
                    return Some((name.to_owned(), serde_json::from_str(data).unwrap()));
                }
                continue;
            }
            let frame = self.0.frame().await?.unwrap();
            self.1.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn a_stream_tells_each_change_of_its_account() {
    let app = App::new().await;
    app.account("a").await;
    app.account("b").await;
    let mut listener = Listener::of(&app, &token_of(&app, "a").await).await;
    let (name, data) = listener.next().await.unwrap();
    assert_eq!((name.as_str(), &data["available"]), ("balance", &json!(0)));
    app.give("b", 5).await;
    app.give("a", 9).await;
    let (_, data) = listener.next().await.unwrap();
    assert_eq!(data["available"], 9);
    app.engine.shutdown().await.unwrap();
    assert_eq!(listener.next().await, None);
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let app = App::new().await;
    app.account("a").await;
    let token = token(&app, json!({"account": "a", "ttl_seconds": 60})).await;
    let mut listener = Listener::of(&app, &token).await;
    listener.next().await.unwrap();
    wait(&app, 60);
    app.give("a", 9).await;
    assert_eq!(listener.next().await, Some(("expired".to_owned(), json!({}))));
    assert_eq!(listener.next().await, None);
}

/// Also when nothing happens.
#[tokio::test]
async fn a_silent_stream_ends_with_its_token() {
    let app = App::new().await;
    app.account("a").await;
    let soon = app.engine.wall_now().after(Duration::from_millis(100));
    let token = app.engine.seal().widget(&"a".parse().unwrap(), soon);
    let mut listener = Listener::of(&app, &token).await;
    listener.next().await.unwrap();
    assert_eq!(listener.next().await, Some(("expired".to_owned(), json!({}))));
    assert_eq!(listener.next().await, None);
}
