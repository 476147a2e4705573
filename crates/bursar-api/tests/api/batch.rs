use serde_json::{Value, json};

use crate::app::App;

async fn run(app: &App, operations: Value) -> Vec<Value> {
    let body = json!({"operations": operations});
    let reply = app.post("/v1/batch", body).send().await.expect(200);
    reply["results"].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_result_is_that_of_the_single_call() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app.subscriber("b", "starter").await;
    let held = run(
        &app,
        json!([
            {"op": "hold", "account": "a", "idempotency_key": "1", "operation": "video",
                "audio": "on", "ttl_seconds": 60, "reference": "job-1"},
            {"op": "hold", "account": "b", "idempotency_key": "1", "credits": 5, "reason": "x"},
            {"op": "charge", "account": "a", "idempotency_key": "2", "operation": "image"},
        ]),
    )
    .await;
    let statuses: Vec<_> = held.iter().map(|result| result["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [201, 201, 201]);
    assert!(held.iter().all(|result| result["replayed"] == false));
    let body = json!({"operation": "video", "audio": "on", "ttl_seconds": 60,
        "reference": "job-1"});
    let single = app.post("/v1/accounts/a/holds", body).key("1").send().await;
    assert_eq!(single.header("idempotency-replayed"), "true");
    assert_eq!(single.expect(201), held[0]["body"]);
    let ended = run(
        &app,
        json!([
            {"op": "capture", "account": "a", "idempotency_key": "3", "units": 4,
                "hold": held[0]["body"]["id"]},
            {"op": "release", "account": "b", "idempotency_key": "2",
                "hold": held[1]["body"]["id"]},
            {"op": "charge", "account": "a", "idempotency_key": "2", "operation": "image"},
        ]),
    )
    .await;
    assert_eq!((&ended[0]["status"], &ended[0]["body"]["captured"]), (&json!(200), &json!(44)));
    assert_eq!((&ended[1]["status"], &ended[1]["body"]["returned"]), (&json!(200), &json!(5)));
    assert_eq!((&ended[2]["replayed"], &ended[2]["body"]), (&json!(true), &held[2]["body"]));
    assert_eq!(app.balance("a").await, (355.0, 0.0, 12));
    assert_eq!(app.balance("b").await, (400.0, 0.0, 11));
}

#[tokio::test]
async fn a_bad_operation_spoils_no_other() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    let charge = |more: Value| {
        let mut operation = json!({"op": "charge", "account": "a", "idempotency_key": "key",
            "operation": "image"});
        let Value::Object(more) = more else {
            return more;
        };
        operation.as_object_mut().unwrap().extend(more);
        operation
    };
    let cases = [
        (json!(7), 422, "invalid_request"),
        (json!([]), 422, "invalid_request"),
        (json!({"op": null}), 422, "invalid_request"),
        (json!({"op": "refund"}), 422, "invalid_request"),
        (json!({"account": null}), 422, "invalid_request"),
        (json!({"account": "nobody"}), 404, "account_not_found"),
        (json!({"account": "no body"}), 404, "account_not_found"),
        (json!({"idempotency_key": null}), 400, "idempotency_key_required"),
        (json!({"idempotency_key": "a b"}), 400, "invalid_idempotency_key"),
        (json!({"operation": "nothing"}), 422, "unknown_operation"),
        (json!({"hold": "hold_1"}), 422, "unknown_attribute"),
        (json!({"units": 1e30}), 422, "invalid_request"),
        (json!({"op": "capture", "operation": null}), 422, "invalid_request"),
        (json!({"op": "release", "operation": null, "hold": "x"}), 404, "hold_not_found"),
        (json!({"operation": "video", "units": 41}), 402, "insufficient_credits"),
    ];
    let mut operations: Vec<Value> = cases.iter().map(|(more, ..)| charge(more.clone())).collect();
    operations.push(charge(json!({"idempotency_key": "good"})));
    let text = operations.clone();
    let results = run(&app, json!(operations)).await;
    for ((result, (_, status, code)), sent) in results.iter().zip(&cases).zip(text) {
        assert_eq!(result["body"]["code"], *code, "{sent}: {result}");
        assert_eq!((&result["status"], &result["replayed"]), (&json!(status), &json!(false)));
        assert!(result["body"]["request_id"].is_string());
    }
    assert_eq!(results.last().unwrap()["status"], 201);
    assert_eq!(app.balance("a").await, (399.0, 0.0, 10));
}

#[tokio::test]
async fn operations_on_one_account_are_done_in_order() {
    let app = App::new().await;
    app.account("a").await;
    app.give("a", 3).await;
    let operations: Vec<Value> = (0..5)
        .map(|number| {
            json!({"op": "charge", "account": "a", "idempotency_key": number.to_string(),
                "credits": 1, "reason": "x"})
        })
        .collect();
    let results = run(&app, json!(operations)).await;
    let statuses: Vec<_> = results.iter().map(|it| it["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [201, 201, 201, 402, 402]);
}

#[tokio::test]
async fn what_the_whole_is_refused_for() {
    let app = App::new().await;
    let send = async |body: Value| app.post("/v1/batch", body).send().await;
    for body in [
        json!({}),
        json!({"operations": {}}),
        json!({"operations": 7}),
        json!({"operations": [], "atomic": true}),
        json!([]),
    ] {
        send(body).await.problem(422, "invalid_request");
    }
    let operations: Vec<Value> = (0..1_001).map(|_| json!({})).collect();
    send(json!({"operations": operations})).await.problem(422, "invalid_request");
    assert_eq!(run(&app, json!([])).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_batch_may_be_larger_than_other_bodies() {
    let app = App::new().await;
    let padding = " ".repeat(3 * 1_048_576);
    let body = format!("{{\"operations\": []{padding}}}");
    app.call(axum::http::Method::POST, "/v1/batch").json(&body).send().await.expect(200);
    let body = format!("{{\"operations\": []{padding}{padding}}}");
    let call = app.call(axum::http::Method::POST, "/v1/batch").json(&body);
    call.send().await.problem(413, "body_too_large");
}
