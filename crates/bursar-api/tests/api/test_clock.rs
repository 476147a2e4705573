use bursar_api::Config;
use bursar_engine::access::Mode;
use serde_json::{Value, json};

use crate::app::{ADMIN, App, Reply, START};

const ADVANCE: &str = "/v1/test_clock/accounts/a/advance";

async fn advance(app: &App, body: Value) -> Reply {
    app.post(ADVANCE, body).send().await
}

#[tokio::test]
async fn what_falls_due_on_the_way_happens_at_its_time() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app.give("a", 100).await;
    let body = json!({"operation": "video", "ttl_seconds": 60});
    app.post("/v1/accounts/a/holds", body).key("job").send().await.expect(201);
    let reply = advance(&app, json!({"by": "1mo"})).await;
    insta::assert_json_snapshot!(reply.expect(200));
    let shown = app.get("/v1/accounts/a").send().await.expect(200);
    assert_eq!(shown["now"], "2026-02-28T10:00:00Z");
    assert_eq!(shown["version"], reply.json()["version"]);
}

#[tokio::test]
async fn a_year_has_twelve_refreshes_and_an_end_is_told() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    let advanced = advance(&app, json!({"to": "2027-01-31T10:00:00Z"})).await.expect(200);
    let events = advanced["events"].as_array().unwrap();
    let refreshes = events.iter().filter(|event| event["kind"] == "allowance_issued").count();
    assert_eq!(refreshes, 12);
    assert_eq!(advanced["subscription_state"], "active");
    let path = "/v1/accounts/a/subscription/cancel";
    app.post(path, json!({})).key("end").send().await.expect(200);
    let state = async |by: &str| {
        advance(&app, json!({"by": by})).await.expect(200)["subscription_state"].clone()
    };
    assert_eq!(state("1d").await, json!(null));
    assert_eq!(state("P1M").await, "retention");
    assert_eq!(state("30 days").await, "purged");
}

#[tokio::test]
async fn a_clock_also_runs_before_the_first_subscription() {
    let app = App::new().await;
    app.payer("a", "pm_card_visa").await;
    let advanced = advance(&app, json!({"by": "61s"})).await.expect(200);
    assert_eq!(advanced["now"], "2026-01-31T10:01:01Z");
    assert_eq!((&advanced["ahead_seconds"], &advanced["events"]), (&json!(61), &json!([])));
    app.post("/v1/accounts/a/subscription", json!({"plan": "studio", "interval": "month"}))
        .key("start")
        .send()
        .await
        .expect(200);
    let shown = app.get("/v1/accounts/a/subscription").send().await.expect(200);
    assert_eq!(shown["started_at"], "2026-01-31T10:01:01Z");
}

#[tokio::test]
async fn a_repeat_with_a_key_moves_it_once() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    let move_on = || app.post(ADVANCE, json!({"by": "1mo"})).key("month-1").send();
    let first = move_on().await;
    first.expect(200);
    advance(&app, json!({"by": "1y"})).await.expect(200);
    let again = move_on().await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn what_is_refused() {
    let app = App::new().await;
    app.account("a").await;
    let problem = advance(&app, json!({"to": "2026-01-30T00:00:00Z"})).await;
    assert_eq!(problem.problem(422, "clock_backwards")["now"], START);
    advance(&app, json!({"by": "101y"})).await.problem(422, "clock_too_far");
    advance(&app, json!({"by": "soon"})).await.problem(422, "bad_span");
    advance(&app, json!({"by": "-1d"})).await.problem(422, "clock_backwards");
    for body in [
        json!({}),
        json!({"to": "2027-01-01T00:00:00Z", "by": "1d"}),
        json!({"to": "tomorrow"}),
        json!({"by": 61}),
        json!({"days": 3}),
    ] {
        advance(&app, body).await.problem(422, "invalid_request");
    }
    let reply = app.post("/v1/test_clock/accounts/b/advance", json!({"by": "1d"})).send().await;
    reply.problem(404, "account_not_found");
    assert_eq!(app.balance("a").await.2, 1);
}

#[tokio::test]
async fn in_live_mode_time_is_real() {
    let app = App::with(Mode::Live, Config::default()).await;
    let secret = ADMIN.replace("bk_test_", "bk_live_");
    let call = app.post(ADVANCE, json!({"by": "1d"})).secret(Some(&secret));
    call.send().await.problem(403, "test_mode_only");
}
