use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn a_balance_shows_its_lots_in_the_order_they_burn() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app.give("a", 100).await;
    let body = json!({"credits": 0.5, "class": "promo", "reason": "hello",
        "expires_at": "2026-02-01T00:00:00Z"});
    app.post("/v1/accounts/a/credits", body).key("promo").send().await.expect(200);
    let body = json!({"credits": 10.5, "reason": "a job"});
    app.post("/v1/accounts/a/holds", body).key("hold").send().await.expect(201);
    let balance = app.get("/v1/accounts/a/balance").send().await.expect(200);
    insta::assert_json_snapshot!(balance);
}

#[tokio::test]
async fn a_balance_that_is_known_is_not_sent() {
    let app = App::new().await;
    app.account("a").await;
    let call = app.get("/v1/accounts/a/balance").header("If-None-Match", "\"1\"");
    assert_eq!(call.send().await.status.as_u16(), 304);
}

#[tokio::test]
async fn a_hold_whose_time_ran_out_is_back_at_exactly_that_time() {
    let app = App::new().await;
    app.account("a").await;
    app.give("a", 10).await;
    let body = json!({"credits": 4, "reason": "a job", "ttl_seconds": 60});
    app.post("/v1/accounts/a/holds", body).key("hold").send().await.expect(201);
    let at = |time: &str| app.clock.set(time.parse().unwrap());
    at("2026-01-31T10:00:59.999999Z");
    assert_eq!(app.balance("a").await, (6.0, 4.0, 3));
    at("2026-01-31T10:01:00Z");
    assert_eq!(app.balance("a").await, (10.0, 0.0, 4));
}

#[tokio::test]
async fn an_unknown_account_has_none() {
    let app = App::new().await;
    app.get("/v1/accounts/a/balance").send().await.problem(404, "account_not_found");
}
