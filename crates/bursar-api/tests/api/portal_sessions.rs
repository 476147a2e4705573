//! `/v1/portal_sessions`

use bursar_engine::access::{Mode, Scope};
use serde_json::json;

use crate::app::App;

const PATH: &str = "/v1/portal_sessions";

#[tokio::test]
async fn a_link_leads_to_the_public_address_for_five_minutes() {
    let app = App::new().await;
    app.account("ada").await;
    let body = json!({"account": "ada", "return_url": "https://app.example/settings"});
    let session = app.post(PATH, body.clone()).send().await.expect(201);
    let url = session["url"].as_str().unwrap();
    assert!(url.starts_with("http://127.0.0.1:8080/portal/enter?code="), "{url}");
    assert_eq!(session["expires_at"], "2026-01-31T10:05:00Z");
    let again = app.post(PATH, body).send().await.expect(201);
    assert_ne!(again["url"], session["url"]);
}

#[tokio::test]
async fn a_link_is_for_an_account_that_there_is_and_leads_back_to_a_safe_place() {
    let app = App::new().await;
    app.account("ada").await;
    for account in ["eve", "no id"] {
        let reply = app.post(PATH, json!({"account": account})).send().await;
        reply.problem(404, "account_not_found");
    }
    for body in [
        json!({}),
        json!({"account": 7}),
        json!({"account": "ada", "return_url": "javascript:alert(1)"}),
        json!({"account": "ada", "return_url": "http://app.example/"}),
        json!({"account": "ada", "returnurl": "https://app.example/"}),
    ] {
        app.post(PATH, body).send().await.problem(422, "invalid_request");
    }
    app.add_key(Mode::Test, "bk_test_0123456789abcdefREAD", "key_read", &[Scope::Read]).await;
    let call = app.post(PATH, json!({"account": "ada"}));
    let reply = call.secret(Some("bk_test_0123456789abcdefREAD")).send().await;
    reply.problem(403, "missing_scope");
}
