use serde_json::{Value, json};

use crate::app::App;

const CREDITS: &str = "/v1/accounts/a/credits";

#[tokio::test]
async fn support_gives_credits_with_a_reason() {
    let app = App::new().await;
    app.account("a").await;
    let body = json!({"credits": 12.5, "class": "promo", "reason": "apology for the outage",
        "expires_at": "2026-06-01T00:00:00+02:00"});
    let reply = app.post(CREDITS, body.clone()).key("ticket-7").send().await;
    insta::assert_json_snapshot!(reply.expect(200));
    let again = app.post(CREDITS, body).key("ticket-7").send().await;
    assert_eq!((again.status, &again.body), (reply.status, &reply.body));
    assert_eq!(app.balance("a").await, (12.5, 0.0, 2));
}

#[tokio::test]
async fn support_takes_credits_with_a_reason() {
    let app = App::new().await;
    app.account("a").await;
    app.give("a", 100).await;
    let body = json!({"credits": -30, "class": "topup", "reason": "given twice"});
    let taken = app.post(CREDITS, body).key("ticket-8").send().await.expect(200);
    assert_eq!(taken["credits"], -30);
    assert_eq!(taken["lots"][0]["credits"], 30);
    assert_eq!(app.balance("a").await, (70.0, 0.0, 3));
}

#[tokio::test]
async fn what_is_refused() {
    let app = App::new().await;
    app.account("a").await;
    app.give("a", 10).await;
    let cases = [
        (json!({"credits": 0}), 422, "invalid_request"),
        (json!({"credits": 1e10}), 422, "invalid_request"),
        (json!({"credits": "5"}), 422, "invalid_request"),
        (json!({"class": "gold"}), 422, "invalid_request"),
        (json!({"class": null}), 422, "invalid_request"),
        (json!({"reason": null}), 422, "invalid_request"),
        (json!({"note": "x"}), 422, "invalid_request"),
        (json!({"expires_at": "tomorrow"}), 422, "invalid_request"),
        (json!({"expires_at": "2026-01-31T10:00:00Z"}), 422, "expiry_in_the_past"),
        (json!({"credits": -1, "expires_at": "2027-01-01T00:00:00Z"}), 422, "expiry_of_taking"),
        (
            json!({"class": "topup", "expires_at": "2027-01-01T00:00:00Z"}),
            422,
            "topups_never_expire",
        ),
        (json!({"class": "plan"}), 409, "plan_credits_without_period"),
        (json!({"credits": -11, "class": "topup"}), 409, "not_enough_to_take"),
    ];
    for (change, status, code) in cases {
        let mut body = json!({"credits": 5, "class": "promo", "reason": "a test"});
        let Value::Object(changes) = change else { unreachable!() };
        body.as_object_mut().unwrap().extend(changes);
        let text = body.to_string();
        let reply = app.post(CREDITS, body).key("key").send().await;
        assert_eq!(reply.json()["code"], code, "{text}");
        reply.problem(status, code);
    }
    let body = json!({"credits": 5, "class": "promo", "reason": "a test"});
    app.post(CREDITS, body.clone()).send().await.problem(400, "idempotency_key_required");
    let reply = app.post("/v1/accounts/b/credits", body).key("key").send().await;
    reply.problem(404, "account_not_found");
    assert_eq!(app.balance("a").await, (10.0, 0.0, 2));
}
