use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, Reply};

const DETAILS: &str = "/v1/accounts/a/billing_details";

async fn put(app: &App, body: &Value, key: &str) -> Reply {
    app.call(Method::PUT, DETAILS).json(&body.to_string()).key(key).send().await
}

#[tokio::test]
async fn details_are_kept_as_revisions() {
    let app = App::new().await;
    app.account("a").await;
    let none = app.get(DETAILS).send().await.expect(200);
    assert_eq!((&none["revision"], &none["name"]), (&json!(0), &json!(null)));
    let body = json!({
        "name": "Ada Lovelace", "company": "Engines GmbH",
        "address": ["Hauptstraße 1", "", "10115 Berlin"], "country": "DE",
        "vat_id": "de 123.456.789"
    });
    let reply = put(&app, &body, "one").await;
    let set = reply.expect(200);
    assert_eq!((&set["revision"], &set["vat_id"]), (&json!(1), &json!("DE123456789")));
    assert_eq!(set["address"], json!(["Hauptstraße 1", "10115 Berlin"]));
    assert_eq!(app.get(DETAILS).send().await.expect(200), set);
    assert_eq!(put(&app, &json!({"country": "FR"}), "two").await.expect(200)["revision"], 2);
    let again = put(&app, &body, "one").await;
    assert_eq!((again.status, &again.body), (reply.status, &reply.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(put(&app, &json!({}), "three").await.expect(200)["revision"], 3, "no gap");
    put(&app, &json!({"name": "Eve"}), "one").await.problem(422, "idempotency_key_reused");
}

/// They are replaced by what is sent, so a body that got lost on the way must not empty them.
#[tokio::test]
async fn no_body_empties_nothing() {
    let app = App::new().await;
    app.account("a").await;
    put(&app, &json!({"name": "Ada"}), "one").await.expect(200);
    for blank in ["", " \n"] {
        let reply = app.call(Method::PUT, DETAILS).json(blank).key("two").send().await;
        reply.problem(422, "invalid_request");
    }
    let reply = app.call(Method::PUT, DETAILS).key("two").send().await;
    assert!(reply.problem(422, "invalid_request")["fix"].is_string());
    assert_eq!(app.get(DETAILS).send().await.expect(200)["name"], "Ada");
    put(&app, &json!({}), "two").await.expect(200);
    assert_eq!(app.get(DETAILS).send().await.expect(200)["name"], json!(null));
}

#[tokio::test]
async fn what_is_refused() {
    let app = App::new().await;
    app.account("a").await;
    for (field, body) in [
        ("country", json!({"country": "Germany"})),
        ("vat_id", json!({"vat_id": "123", "country": "DE"})),
        ("vat_id", json!({"vat_id": "FR12345678901", "country": "DE"})),
        ("vat_id", json!({"vat_id": "DE123456789"})),
        ("address", json!({"address": "Hauptstraße 1"})),
        ("address", json!({"address": ["1", "2", "3", "4", "5", "6", "7"]})),
        ("name", json!({"name": "x".repeat(201)})),
        ("zip", json!({"zip": "10115"})),
    ] {
        let problem = put(&app, &body, "x").await.problem(422, "invalid_request");
        assert_eq!(problem["field"], field, "{problem}");
    }
    put(&app, &json!({"country": "GR", "vat_id": "EL123456789"}), "y").await.expect(200);
    let call = app.call(Method::PUT, "/v1/accounts/b/billing_details");
    call.json("{}").send().await.problem(404, "account_not_found");
}
