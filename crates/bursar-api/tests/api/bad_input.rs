//! Whatever comes in: a documented problem, never a 500, and nothing changed.

use axum::http::Method;
use serde_json::json;

use crate::app::{ADMIN, App, Call};

async fn subscriber() -> App {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app
}

/// Sends a body to all that spend, and sees that it is refused and changes nothing.
async fn check(body: &[u8], status: u16, code: &str) {
    let app = subscriber().await;
    let before = app.balance("a").await;
    for path in ["holds", "charges", "credits", "subscription"] {
        let path = format!("/v1/accounts/a/{path}");
        let call = app.call(Method::POST, &path).bytes(body).key("bad");
        let reply = call.header("Content-Type", "application/json; charset=utf-8").send().await;
        reply.problem(status, code);
    }
    assert_eq!(app.balance("a").await, before);
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    check(b"{\"operation\": \"vid", 400, "malformed_json").await;
    check(b"{\"operation\": \"video\",}", 400, "malformed_json").await;
    check(b"operation=video", 400, "malformed_json").await;
    check(b"{} {}", 400, "malformed_json").await;
    check(b"{\"operation\": \"\xff\xfe\"}", 400, "malformed_json").await;
    check(b"\xef\xbb\xbf{}", 400, "malformed_json").await;
    check(b"[]", 422, "invalid_request").await;
    check(b"null", 422, "invalid_request").await;
    let deep = "[".repeat(100_000);
    check(format!("{{\"credits\": {deep}").as_bytes(), 400, "malformed_json").await;
}

#[tokio::test]
async fn numbers_that_are_no_credits() {
    let app = subscriber().await;
    let before = app.balance("a").await;
    let numbers = [
        "-1",
        "1e30",
        "-1e30",
        "1e999999999999",
        "0.0000001",
        "\"80\"",
        "NaN",
        "Infinity",
        "true",
        "[1]",
        "1000000000.000001",
        "9223372036854775808",
        "0",
    ];
    for number in numbers {
        for (path, more) in [("holds", ""), ("charges", ""), ("credits", ", \"class\": \"promo\"")]
        {
            if path == "credits" && number == "-1" {
                continue;
            }
            let body = format!("{{\"reason\": \"x\", \"credits\": {number}{more}}}");
            let call = app.call(Method::POST, &format!("/v1/accounts/a/{path}")).json(&body);
            let problem = call.key("bad").send().await.problem(422, "invalid_request");
            assert_eq!(problem["field"], "credits", "{number}: {problem}");
        }
    }
    assert_eq!(app.balance("a").await, before);
}

#[tokio::test]
async fn credits_with_six_decimals_are_exact() {
    let app = App::new().await;
    app.account("a").await;
    let body = r#"{"credits": 999999999.999999, "class": "topup", "reason": "x"}"#;
    let call = app.call(Method::POST, "/v1/accounts/a/credits").json(body).key("much");
    let reply = String::from_utf8(call.send().await.body).unwrap();
    assert!(reply.contains("\"available\":999999999.999999"), "{reply}");
}

#[tokio::test]
async fn a_body_of_5_mb() {
    let app = subscriber().await;
    let before = app.balance("a").await;
    let body = format!("{{\"operation\": \"{}\"}}", "x".repeat(5_000_000));
    for path in ["/v1/accounts", "/v1/accounts/a/holds", "/v1/accounts/a/quotes", "/v1/batch"] {
        let call = app.call(Method::POST, path).json(&body).key("bad");
        call.send().await.problem(413, "body_too_large");
    }
    assert_eq!(app.balance("a").await, before);
}

#[tokio::test]
async fn a_body_of_another_type() {
    let app = subscriber().await;
    let send = |media_type: &str| {
        let body = b"{\"operation\": \"image\"}";
        let call = app.call(Method::POST, "/v1/accounts/a/charges").bytes(body).key("bad");
        call.header("Content-Type", media_type).send()
    };
    for media_type in ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""] {
        send(media_type).await.problem(415, "unsupported_media_type");
    }
    send("Application/JSON").await.expect(201);
}

#[tokio::test]
async fn keys_that_are_none() {
    let app = subscriber().await;
    let before = app.balance("a").await;
    let call = || app.post("/v1/accounts/a/charges", json!({"operation": "image"}));
    call().send().await.problem(400, "idempotency_key_required");
    let long = "x".repeat(256);
    for key in ["", "a b", "ä", long.as_str()] {
        call().key(key).send().await.problem(400, "invalid_idempotency_key");
    }
    call().key("a").key("b").send().await.problem(400, "invalid_idempotency_key");
    assert_eq!(app.balance("a").await, before);
}

#[tokio::test]
async fn addresses_and_methods_that_are_none() {
    let app = subscriber().await;
    for path in ["/", "/v1", "/v1/account", "/v1/accounts/a/", "/v1/accounts/a/payments", "/v2"] {
        let problem = app.get(path).send().await.problem(404, "route_not_found");
        assert_eq!(problem["status"], 404);
    }
    let put = |path: &str| app.call(Method::PUT, path).send();
    let reply = put("/v1/accounts/a/holds").await;
    reply.problem(405, "method_not_allowed");
    let allowed: Vec<&str> = reply.header("allow").split(',').collect();
    assert!(allowed.contains(&"GET") && allowed.contains(&"POST"), "{allowed:?}");
    put("/v1/batch").await.problem(405, "method_not_allowed");
    put("/healthz").await.problem(405, "method_not_allowed");
}

#[tokio::test]
async fn every_reply_has_the_headers_that_all_have() {
    let app = subscriber().await;
    let calls: [Call<'_>; 4] = [
        app.get("/v1/accounts/a"),
        app.get("/v1/accounts/b"),
        app.get("/nothing"),
        app.get("/docs"),
    ];
    for call in calls {
        let reply = call.header("X-Request-Id", "trace-7.a:b").send().await;
        assert_eq!(reply.header("x-request-id"), "trace-7.a:b");
        assert_eq!(reply.header("bursar-version"), env!("CARGO_PKG_VERSION"));
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("x-frame-options"), "DENY");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
        assert!(reply.header("content-security-policy").contains("default-src 'none'"));
        assert!(!reply.header("cache-control").is_empty());
    }
    let long = "x".repeat(129);
    for id in ["", "a b", long.as_str(), "<script>"] {
        let reply = app.get("/healthz").header("X-Request-Id", id).send().await;
        assert!(reply.header("x-request-id").starts_with("req_"), "{id}");
    }
}

#[tokio::test]
async fn no_refusal_repeats_a_secret() {
    let app = subscriber().await;
    let call = app.get("/v1/accounts/a").secret(Some(&ADMIN.replace("ADMIN", "WRONG")));
    let reply = call.send().await;
    assert!(!String::from_utf8(reply.body).unwrap().contains("WRONG"));
}
