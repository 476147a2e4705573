use axum::http::Method;
use bursar_api::Config;
use bursar_core::time::Timestamp;
use bursar_engine::access::{Mode, Scope};
use serde_json::json;

use crate::app::{ADMIN, App, START};

const READER: &str = "bk_test_0123456789abcdefREADER";

#[tokio::test]
async fn a_wrong_or_missing_key_is_refused() {
    let app = App::new().await;
    app.account("a").await;
    let get = |secret: Option<&str>| app.get("/v1/accounts/a").secret(secret).send();
    let reply = get(None).await;
    reply.problem(401, "api_key_missing");
    assert_eq!(reply.header("www-authenticate"), "Bearer realm=\"bursar\"");
    let other = ADMIN.replace("ADMIN", "OTHER");
    let live = ADMIN.replace("bk_test_", "bk_live_");
    for secret in [other.as_str(), &live, "", "bk_test_", "x y"] {
        let reply = get(Some(secret)).await;
        reply.problem(401, "api_key_unknown");
        assert!(!reply.header("www-authenticate").is_empty());
        assert!(secret.is_empty() || !String::from_utf8(reply.body).unwrap().contains(secret));
    }
    let call = app.get("/v1/accounts/a").secret(None).header("Authorization", "Basic abc");
    call.send().await.problem(401, "api_key_missing");
    let call = app.get("/v1/accounts/a").secret(None);
    let call = call.header("Authorization", &format!("bearer {ADMIN}"));
    call.send().await.expect(200);
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say() {
    let app = App::new().await;
    app.account("a").await;
    app.add_key(Mode::Test, READER, "key_reader", &[Scope::Read]).await;
    app.get("/v1/accounts/a").secret(Some(READER)).send().await.expect(200);
    let routes = [
        (Method::POST, "/v1/accounts", "accounts"),
        (Method::POST, "/v1/accounts/a/holds", "spend"),
        (Method::POST, "/v1/accounts/a/charges", "spend"),
        (Method::POST, "/v1/batch", "spend"),
        (Method::POST, "/v1/accounts/a/credits", "adjust"),
        (Method::POST, "/v1/accounts/a/subscription", "subscriptions"),
        (Method::POST, "/v1/accounts/a/subscription/cancel", "subscriptions"),
        (Method::DELETE, "/v1/accounts/a/subscription/scheduled_change", "subscriptions"),
        (Method::POST, "/v1/test_clock/accounts/a/advance", "test_clock"),
    ];
    for (method, path, scope) in routes {
        let call = app.call(method, path).json("{}").key("key").secret(Some(READER));
        let problem = call.send().await.problem(403, "missing_scope");
        assert_eq!(problem["scope"], scope, "{path}");
    }
    assert_eq!(app.balance("a").await.2, 1);
}

#[tokio::test]
async fn an_expired_key_stops_working() {
    let app = App::new().await;
    app.add_key(Mode::Test, READER, "key_reader", &[Scope::Read]).await;
    let get = || app.get("/v1/catalog").secret(Some(READER)).send();
    get().await.expect(200);
    let mut keys = app.store.api_keys().await.unwrap();
    let mut key = keys.pop().unwrap();
    let start: Timestamp = START.parse().unwrap();
    key.expires_at = Some(start.after(std::time::Duration::from_secs(3)));
    app.store.put_api_key(key).await.unwrap();
    app.clock.set(start.after(std::time::Duration::from_secs(3)));
    get().await.problem(401, "api_key_unknown");
}

#[tokio::test]
async fn live_keys_work_in_live_mode_only() {
    let app = App::with(Mode::Live, Config::default()).await;
    let live = ADMIN.replace("bk_test_", "bk_live_");
    app.get("/v1/catalog").secret(Some(&live)).send().await.expect(200);
    app.get("/v1/catalog").send().await.problem(401, "api_key_unknown");
}

#[tokio::test]
async fn the_journal_knows_which_key_did_it() {
    let app = App::new().await;
    let secret = ADMIN.replace("ADMIN", "OPENER");
    app.add_key(Mode::Test, &secret, "key_opener", &[Scope::Accounts]).await;
    let call = app.post("/v1/accounts", json!({"id": "a"})).secret(Some(&secret));
    call.send().await.expect(201);
    let journal = app.engine.store().journal(Default::default(), 1).await.unwrap();
    let actor = &journal[0].1.actor;
    assert_eq!(format!("{actor:?}"), "ApiKey(\"key_opener\")");
}
