use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, Reply};

const PLAN: &str = "/v1/accounts/a/custom_plan";

fn plan() -> Value {
    json!({
        "name": "Team", "price_month": {"amount": 49_900, "currency": "USD"},
        "price_year": {"amount": 538_900, "currency": "USD"}, "allowance": 10_000,
        "storage_bytes": 200_000_000_000_u64, "features": ["video_editor"],
        "highlights": ["A person to call"]
    })
}

async fn put(app: &App, body: &Value) -> Reply {
    app.call(Method::PUT, PLAN).json(&body.to_string()).send().await
}

#[tokio::test]
async fn an_account_subscribes_to_its_own_plan() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app.account("b").await;
    let set = put(&app, &plan()).await.expect(200);
    assert_eq!(
        (&set["plan"]["key"], &set["plan"]["allowance"]),
        (&json!("custom"), &json!(10_000))
    );
    let change = json!({"plan": "custom", "interval": "month"});
    let path = "/v1/accounts/a/subscription";
    let done = app.post(path, change.clone()).key("own").send().await.expect(200);
    assert_eq!((&done["kind"], &done["status"]), (&json!("upgrade"), &json!("succeeded")));
    let shown = app.get(path).send().await.expect(200);
    assert_eq!((&shown["plan"], &shown["plan_name"]), (&json!("custom"), &json!("Team")));
    assert_eq!(shown["next_charge"], json!({"amount": 49_900, "currency": "USD"}));
    app.call(Method::DELETE, PLAN).send().await.problem(409, "on_custom_plan");
    let path = "/v1/accounts/b/subscription/preview";
    app.post(path, change).send().await.problem(422, "unknown_plan");
}

#[tokio::test]
async fn what_is_refused() {
    let app = App::new().await;
    app.account("a").await;
    app.call(Method::DELETE, PLAN).send().await.problem(404, "no_custom_plan");
    let with = |field: &str, value: Value| {
        let mut body = plan();
        body[field] = value;
        body
    };
    let body = with("features", json!(["flying"]));
    put(&app, &body).await.problem(422, "unknown_feature");
    let body = with("price_month", json!({"amount": 1, "currency": "EUR"}));
    put(&app, &body).await.problem(422, "bad_custom_plan");
    for body in [
        with("allowance", json!(-1)),
        with("storage_bytes", json!(1_u64 << 63)),
        with("price_year", json!(5)),
        with("name", json!("")),
        with("key", json!("team")),
        json!({"name": "Team"}),
    ] {
        put(&app, &body).await.problem(422, "invalid_request");
    }
    put(&app, &plan()).await.expect(200);
    let gone = app.call(Method::DELETE, PLAN).send().await.expect(200);
    assert_eq!(gone["plan"], json!(null));
}
