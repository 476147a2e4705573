use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn a_running_server_is_alive_and_ready() {
    let app = App::new().await;
    for path in ["/healthz", "/readyz"] {
        let reply = app.get(path).secret(None).send().await;
        assert_eq!(reply.expect(200), json!({"status": "ok"}));
    }
}

#[tokio::test]
async fn a_server_that_shuts_down_is_not_ready_and_says_so() {
    let app = App::new().await;
    app.account("a").await;
    app.engine.shutdown().await.unwrap();
    let reply = app.get("/readyz").send().await;
    reply.problem(503, "shutting_down");
    assert_eq!(reply.header("retry-after"), "1");
    app.get("/healthz").send().await.expect(200);
}

#[tokio::test]
async fn a_full_disk_stops_writes_with_a_clear_refusal() {
    let app = App::failing().await;
    app.account("a").await;
    app.store.refuse_commits().await;
    let body = json!({"credits": 5, "class": "promo", "reason": "a test"});
    let send = || app.post("/v1/accounts/a/credits", body.clone()).key("gift").send();
    let reply = send().await;
    let problem = reply.problem(503, "storage_unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("nothing was changed"), "{problem}");
    assert_eq!(reply.header("retry-after"), "1");
    assert_eq!(app.balance("a").await, (0.0, 0.0, 1));
    app.store.mend().await;
    let reply = send().await;
    assert_eq!(reply.header("idempotency-replayed"), "");
    assert_eq!(app.balance("a").await, (5.0, 0.0, 2));
}

#[tokio::test]
async fn an_unknown_outcome_is_known_by_sending_the_key_again() {
    let app = App::failing().await;
    app.account("a").await;
    app.store.lose_the_answer();
    let body = json!({"credits": 5, "class": "promo", "reason": "a test"});
    let send = || app.post("/v1/accounts/a/credits", body.clone()).key("gift").send();
    send().await.problem(503, "outcome_unknown");
    app.store.mend().await;
    let reply = send().await;
    reply.expect(200);
    assert_eq!(reply.header("idempotency-replayed"), "true");
    assert_eq!(app.balance("a").await, (5.0, 0.0, 2));
}

#[tokio::test]
async fn metrics_count_requests_by_route() {
    let app = App::new().await;
    app.account("a").await;
    app.get("/v1/accounts/a").send().await.expect(200);
    app.get("/v1/accounts/b").send().await.problem(404, "account_not_found");
    app.get("/wp-login.php").send().await.problem(404, "route_not_found");
    let reply = app.get("/metrics").secret(None).send().await;
    let text = String::from_utf8(reply.body).unwrap();
    for line in [
        "bursar_http_requests_total{method=\"GET\",route=\"/v1/accounts/{id}\",status=\"200\"} 1",
        "bursar_http_requests_total{method=\"GET\",route=\"/v1/accounts/{id}\",status=\"404\"} 1",
        "bursar_http_requests_total{method=\"GET\",route=\"unmatched\",status=\"404\"} 1",
        "bursar_commands_total{command=\"open\",outcome=\"committed\"} 1",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(text.contains("bursar_http_request_duration_seconds_bucket"), "{text}");
    assert!(!text.contains("wp-login"), "{text}");
}
