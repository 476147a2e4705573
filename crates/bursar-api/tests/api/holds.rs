use serde_json::{Value, json};

use crate::app::{App, Reply};

const HOLDS: &str = "/v1/accounts/a/holds";

async fn subscriber() -> App {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app
}

async fn hold(app: &App, key: &str, body: Value) -> Value {
    app.post(HOLDS, body).key(key).send().await.expect(201)
}

/// What is done to a hold of 50 credits.
async fn after(app: &App, hold: &Value, what: &str, key: &str, body: Value) -> Reply {
    let id = hold["id"].as_str().unwrap();
    app.post(&format!("{HOLDS}/{id}/{what}"), body).key(key).send().await
}

#[tokio::test]
async fn a_hold_reserves_credits() {
    let app = subscriber().await;
    let body = json!({"operation": "video", "ttl_seconds": 60, "reference": "job-9"});
    let reply = app.post(HOLDS, body).key("job-9").send().await;
    let hold = reply.expect(201);
    insta::assert_json_snapshot!(hold, {".rate_card_version" => "…"});
    let address = format!("/v1/accounts/a/receipts/{}", hold["id"].as_str().unwrap());
    assert_eq!(reply.header("location"), address);
    assert_eq!(reply.header("etag"), "\"10\"");
    assert_eq!(app.balance("a").await, (350.0, 50.0, 10));
}

#[tokio::test]
async fn a_hold_is_for_exactly_one_thing() {
    let app = subscriber().await;
    let amount = hold(&app, "amount", json!({"credits": 0.25, "reason": "a job"})).await;
    assert_eq!((&amount["credits"], &amount["reason"]), (&json!(0.25), &json!("a job")));
    assert_eq!(amount["operation"], json!(null));
    let wrong = [
        json!({}),
        json!({"credits": 5}),
        json!({"reason": "a job"}),
        json!({"operation": "video", "credits": 5, "reason": "a job"}),
        json!({"operation": "video", "reason": "a job"}),
        json!({"operation": "video", "quote": "quote_x"}),
        json!({"credits": 5, "reason": "a job", "model": "lantern-1"}),
        json!({"credits": 5, "reason": " "}),
        json!({"credits": 5, "reason": "a job", "reference": "job 9"}),
        json!({"operation": "video", "ttl_seconds": 0}),
        json!({"operation": "video", "ttl_seconds": "60"}),
        json!({"operation": "video", "ttl_seconds": 1.5}),
    ];
    for (number, body) in wrong.into_iter().enumerate() {
        let text = body.to_string();
        let reply = app.post(HOLDS, body).key(&format!("wrong-{number}")).send().await;
        assert_eq!(reply.status.as_u16(), 422, "{text}");
        reply.problem(422, "invalid_request");
    }
    assert_eq!(app.balance("a").await, (399.75, 0.25, 10));
}

#[tokio::test]
async fn what_a_hold_is_refused_for() {
    let app = subscriber().await;
    let place = async |body| app.post(HOLDS, body).key("key").send().await;
    let problem = place(json!({"operation": "video", "units": 41})).await;
    let problem = problem.problem(402, "insufficient_credits");
    insta::assert_json_snapshot!(problem, {".request_id" => "req_…"});
    let body = json!({"operation": "video", "model": "longtake-3"});
    place(body).await.problem(403, "feature_not_in_plan");
    let body = json!({"operation": "video", "ttl_seconds": 86_401});
    let problem = place(body).await.problem(422, "ttl_out_of_range");
    assert_eq!(problem["most_seconds"], 86_400);
    let body = json!({"credits": 1_000_001, "reason": "a job"});
    let problem = place(body).await.problem(422, "too_many_credits");
    assert_eq!(problem["most_credits"], 1_000_000);
    place(json!({"operation": "nothing"})).await.problem(422, "unknown_operation");
    let reply = app.post(HOLDS, json!({"operation": "video"})).send().await;
    reply.problem(400, "idempotency_key_required");
    assert_eq!(app.balance("a").await, (400.0, 0.0, 9));
}

#[tokio::test]
async fn a_capture_spends_the_actual_cost_and_returns_the_rest() {
    let app = subscriber().await;
    let hold = hold(&app, "job", json!({"operation": "video"})).await;
    let reply = after(&app, &hold, "capture", "job:done", json!({"units": 4})).await;
    insta::assert_json_snapshot!(reply.expect(200));
    assert_eq!(app.balance("a").await, (360.0, 0.0, 11));
    let problem = after(&app, &hold, "capture", "job:again", json!({})).await;
    let problem = problem.problem(409, "hold_ended");
    assert_eq!(problem["how"], "captured");
    assert_eq!(problem["at"], crate::app::START);
    after(&app, &hold, "release", "job:late", json!({})).await.problem(409, "hold_ended");
    assert_eq!(app.balance("a").await, (360.0, 0.0, 11));
}

#[tokio::test]
async fn a_capture_without_a_body_takes_all() {
    let app = subscriber().await;
    let hold = hold(&app, "job", json!({"operation": "video"})).await;
    let path = format!("{HOLDS}/{}/capture", hold["id"].as_str().unwrap());
    let call = app.call(axum::http::Method::POST, &path).key("done");
    let captured = call.send().await.expect(200);
    assert_eq!((&captured["captured"], &captured["returned"]), (&json!(50), &json!(0)));
}

#[tokio::test]
async fn a_capture_may_be_partial_until_it_is_final() {
    let app = subscriber().await;
    let hold = hold(&app, "job", json!({"operation": "video"})).await;
    let body = json!({"credits": 12.5, "final": false});
    let first = after(&app, &hold, "capture", "one", body).await.expect(200);
    assert_eq!((&first["captured"], &first["final"]), (&json!(12.5), &json!(false)));
    let last = after(&app, &hold, "capture", "two", json!({"credits": 0})).await.expect(200);
    assert_eq!((&last["captured"], &last["returned"]), (&json!(0), &json!(37.5)));
    assert_eq!(last["final"], true);
}

#[tokio::test]
async fn a_capture_beyond_the_hold_must_be_allowed() {
    let app = subscriber().await;
    let hold = hold(&app, "job", json!({"operation": "video"})).await;
    let problem = after(&app, &hold, "capture", "a", json!({"credits": 60})).await;
    let problem = problem.problem(409, "exceeds_hold");
    assert_eq!((&problem["need"], &problem["reserved"]), (&json!(60), &json!(50)));
    let body = json!({"credits": 500, "allow_overage": true});
    let problem = after(&app, &hold, "capture", "b", body).await;
    problem.problem(402, "insufficient_credits");
    let body = json!({"credits": 60, "allow_overage": true});
    let captured = after(&app, &hold, "capture", "c", body).await.expect(200);
    assert_eq!((&captured["captured"], &captured["overage"]), (&json!(60), &json!(10)));
}

#[tokio::test]
async fn what_a_capture_is_refused_for() {
    let app = subscriber().await;
    let video = hold(&app, "video", json!({"operation": "video"})).await;
    let amount = hold(&app, "amount", json!({"credits": 5, "reason": "a job"})).await;
    let capture = async |hold: &Value, body| after(&app, hold, "capture", "key", body).await;
    capture(&amount, json!({"units": 1})).await.problem(422, "units_without_rate");
    for body in [
        json!({"units": 1, "credits": 1}),
        json!({"credits": -1}),
        json!({"units": -1}),
        json!({"final": "yes"}),
        json!({"allow_overdraft": true}),
    ] {
        capture(&video, body).await.problem(422, "invalid_request");
    }
    let other = json!({"id": "hold_00000000000000000000000000000000"});
    capture(&other, json!({})).await.problem(404, "hold_not_found");
    capture(&json!({"id": "hold_7"}), json!({})).await.problem(404, "hold_not_found");
    let path = format!("/v1/accounts/b/holds/{}/capture", video["id"].as_str().unwrap());
    let reply = app.post(&path, json!({})).key("key").send().await;
    reply.problem(404, "account_not_found");
}

#[tokio::test]
async fn a_release_returns_all() {
    let app = subscriber().await;
    let hold = hold(&app, "job", json!({"operation": "video"})).await;
    let body = json!({"reason": "the model failed"});
    let reply = after(&app, &hold, "release", "job:failed", body).await;
    insta::assert_json_snapshot!(reply.expect(200));
    assert_eq!(app.balance("a").await, (400.0, 0.0, 11));
    let problem = after(&app, &hold, "extend", "more", json!({"ttl_seconds": 60})).await;
    assert_eq!(problem.problem(409, "hold_ended")["how"], "released");
}

#[tokio::test]
async fn a_hold_can_be_extended_but_not_shortened() {
    let app = subscriber().await;
    let hold = hold(&app, "job", json!({"operation": "video"})).await;
    assert_eq!(hold["expires_at"], "2026-01-31T10:15:00Z");
    let body = json!({"ttl_seconds": 3_600});
    let extended = after(&app, &hold, "extend", "more", body).await.expect(200);
    assert_eq!(extended["expires_at"], "2026-01-31T11:00:00Z");
    let body = json!({"ttl_seconds": 60});
    let extended = after(&app, &hold, "extend", "less", body).await.expect(200);
    assert_eq!(extended["expires_at"], "2026-01-31T11:00:00Z");
    let body = json!({"ttl_seconds": 86_401});
    after(&app, &hold, "extend", "long", body).await.problem(422, "ttl_out_of_range");
    after(&app, &hold, "extend", "none", json!({})).await.problem(422, "invalid_request");
}

#[tokio::test]
async fn a_hold_that_timed_out_says_so() {
    let app = subscriber().await;
    let hold = hold(&app, "job", json!({"operation": "video", "ttl_seconds": 60})).await;
    app.clock.set("2026-01-31T10:02:00Z".parse().unwrap());
    let problem = after(&app, &hold, "capture", "late", json!({})).await;
    let problem = problem.problem(409, "hold_ended");
    assert_eq!((&problem["how"], &problem["at"]), (&json!("timed_out"), &hold["expires_at"]));
}

#[tokio::test]
async fn each_change_repeats_its_reply() {
    let app = subscriber().await;
    let place = || app.post(HOLDS, json!({"operation": "video"})).key("job").send();
    let first = place().await;
    let hold = first.expect(201);
    let done = after(&app, &hold, "capture", "job:done", json!({"units": 5.0})).await;
    app.give("a", 7).await;
    let again = place().await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(first.header("idempotency-replayed"), "");
    // The same request, however its JSON is written.
    let again = after(&app, &hold, "capture", "job:done", json!({"units": 5})).await;
    assert_eq!((again.status, &again.body), (done.status, &done.body));
    let other = after(&app, &hold, "capture", "job:done", json!({"units": 4})).await;
    other.problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn open_holds_are_listed_in_pages() {
    let app = subscriber().await;
    for number in 0..5 {
        let body = json!({"credits": 1, "reason": "a job", "reference": format!("job-{number}")});
        hold(&app, &format!("job-{number}"), body).await;
    }
    let mut path = format!("{HOLDS}?limit=2");
    let mut seen = Vec::new();
    for expected in [2, 2, 1] {
        let page = app.get(&path).send().await.expect(200);
        let data = page["data"].as_array().unwrap().clone();
        assert_eq!(data.len(), expected);
        seen.extend(data.iter().map(|hold| hold["id"].as_str().unwrap().to_owned()));
        path = format!("{HOLDS}?limit=2&after={}", page["next"].as_str().unwrap_or("none"));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
    app.get(&path).send().await.problem(422, "invalid_cursor");
    app.get(&format!("{HOLDS}?limit=0")).send().await.problem(422, "invalid_request");
    app.get(&format!("{HOLDS}?page=2")).send().await.problem(422, "invalid_request");
}

#[tokio::test]
async fn a_change_at_another_version_is_refused() {
    let app = subscriber().await;
    let place = |tag: &'static str, key: &'static str| {
        let body = json!({"operation": "video"});
        app.post(HOLDS, body).header("If-Match", tag).key(key).send()
    };
    let problem = place("\"8\"", "a").await.problem(412, "version_mismatch");
    assert_eq!(problem["version"], 9);
    place("W/\"9\"", "a").await.problem(412, "version_mismatch");
    place("\"9\"", "b").await.expect(201);
    // A repeat is answered whatever the version is by now.
    place("\"9\"", "b").await.expect(201);
    place("*", "c").await.expect(201);
}

#[tokio::test]
async fn an_ended_subscription_spends_nothing() {
    let app = subscriber().await;
    app.give("a", 100).await;
    app.post("/v1/accounts/a/subscription/cancel", json!({})).key("end").send().await.expect(200);
    app.clock.set("2026-03-01T00:00:00Z".parse().unwrap());
    let reply = app.post(HOLDS, json!({"operation": "image"})).key("late").send().await;
    let problem = reply.problem(402, "subscription_ended");
    assert_eq!(problem["at"], "2026-02-28T10:00:00Z");
}
