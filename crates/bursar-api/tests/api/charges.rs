use serde_json::{Value, json};

use crate::app::{App, Reply};

const CHARGES: &str = "/v1/accounts/a/charges";

async fn subscriber() -> App {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app
}

async fn refund(app: &App, spend: &Value, key: &str, body: Value) -> Reply {
    let path = format!("{CHARGES}/{}/refund", spend["id"].as_str().unwrap());
    app.post(&path, body).key(key).send().await
}

#[tokio::test]
async fn a_charge_spends_in_one_step() {
    let app = subscriber().await;
    let body = json!({"operation": "image", "quality": "hd", "reference": "job-9"});
    let reply = app.post(CHARGES, body.clone()).key("job-9").send().await;
    insta::assert_json_snapshot!(reply.expect(201), {".rate_card_version" => "…"});
    assert_eq!(app.balance("a").await, (398.0, 0.0, 10));
    let again = app.post(CHARGES, body).key("job-9").send().await;
    assert_eq!((again.status, &again.body), (reply.status, &reply.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn what_a_charge_is_refused_for() {
    let app = subscriber().await;
    let charge = async |body| app.post(CHARGES, body).key("key").send().await;
    charge(json!({"operation": "video", "units": 41})).await.problem(402, "insufficient_credits");
    let body = json!({"operation": "image", "model": "grisaille-3"});
    charge(body).await.problem(403, "feature_not_in_plan");
    charge(json!({"operation": "image", "ttl_seconds": 60})).await.problem(422, "invalid_request");
    charge(json!({"operation": "image", "ttl": "60"})).await.problem(422, "unknown_attribute");
    let reply = app.post(CHARGES, json!({"operation": "image"})).send().await;
    reply.problem(400, "idempotency_key_required");
    let path = "/v1/accounts/b/charges";
    let reply = app.post(path, json!({"operation": "image"})).key("key").send().await;
    reply.problem(404, "account_not_found");
    assert_eq!(app.balance("a").await, (400.0, 0.0, 9));
}

#[tokio::test]
async fn a_refund_goes_back_to_the_lots_that_paid() {
    let app = subscriber().await;
    let body = json!({"operation": "video"});
    let charge = app.post(CHARGES, body).key("job").send().await.expect(201);
    let body = json!({"credits": 20, "reason": "it was dark"});
    let reply = refund(&app, &charge, "part", body).await;
    insta::assert_json_snapshot!(reply.expect(200));
    let rest = refund(&app, &charge, "rest", json!({})).await.expect(200);
    assert_eq!(rest["refunded"], 30);
    assert_eq!(app.balance("a").await, (400.0, 0.0, 12));
    let problem = refund(&app, &charge, "more", json!({"credits": 1})).await;
    let problem = problem.problem(409, "refund_too_large");
    assert_eq!((&problem["spent"], &problem["left"]), (&json!(50), &json!(0)));
}

#[tokio::test]
async fn a_captured_hold_can_be_refunded_too() {
    let app = subscriber().await;
    let path = "/v1/accounts/a/holds";
    let body = json!({"operation": "video"});
    let hold = app.post(path, body).key("job").send().await.expect(201);
    refund(&app, &hold, "early", json!({})).await.problem(409, "nothing_spent");
    let capture = format!("{path}/{}/capture", hold["id"].as_str().unwrap());
    app.post(&capture, json!({})).key("done").send().await.expect(200);
    let refunded = refund(&app, &hold, "late", json!({})).await.expect(200);
    assert_eq!((&refunded["id"], &refunded["refunded"]), (&hold["id"], &json!(50)));
}

#[tokio::test]
async fn a_refund_to_an_expired_lot_is_a_new_promo_lot() {
    let app = subscriber().await;
    let body = json!({"operation": "video"});
    let charge = app.post(CHARGES, body).key("job").send().await.expect(201);
    app.clock.set("2026-03-01T00:00:00Z".parse().unwrap());
    app.until("/v1/accounts/a/balance", |it| it["available"] == 400).await;
    let refunded = refund(&app, &charge, "late", json!({})).await.expect(200);
    assert_eq!(refunded["refunded"], 50);
    assert_eq!(refunded["returned"], 0);
    assert_eq!(refunded["reissued"]["class"], "promo");
    assert_eq!(refunded["reissued"]["credits"], 50);
    assert_eq!(refunded["reissued"]["expires_at"], "2026-03-31T10:00:00Z");
}

#[tokio::test]
async fn what_a_refund_is_refused_for() {
    let app = subscriber().await;
    let unknown = json!({"id": "charge_00000000000000000000000000000000"});
    refund(&app, &unknown, "key", json!({})).await.problem(404, "charge_not_found");
    let unknown = json!({"id": "hold_00000000000000000000000000000000"});
    refund(&app, &unknown, "key", json!({})).await.problem(404, "hold_not_found");
    refund(&app, &json!({"id": "x"}), "key", json!({})).await.problem(404, "charge_not_found");
    refund(&app, &unknown, "key", json!({"credits": 0})).await.problem(422, "invalid_request");
    refund(&app, &unknown, "key", json!({"amount": 1})).await.problem(422, "invalid_request");
}
