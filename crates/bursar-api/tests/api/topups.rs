use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, Reply};

const TOPUPS: &str = "/v1/accounts/a/topups";
const AUTO: &str = "/v1/accounts/a/auto_topup";

async fn buy(app: &App, pack: &str, key: &str) -> Reply {
    app.post(TOPUPS, json!({"pack": pack})).key(key).send().await
}

async fn on_starter() -> App {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app
}

#[tokio::test]
async fn bought_credits_are_there_at_once() {
    let app = on_starter().await;
    let reply = buy(&app, "medium", "pack").await;
    insta::assert_json_snapshot!(reply.expect(200), {".payment.id" => "pay_…"});
    assert_eq!(app.balance("a").await.0, 700.0);
    let statement = app.get("/v1/accounts/a/statement").send().await.expect(200);
    assert_eq!(statement["data"][0]["kind"], "topup");
    app.give("a", 5).await;
    let again = buy(&app, "medium", "pack").await;
    assert_eq!((again.status, &again.body), (reply.status, &reply.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(app.balance("a").await.0, 705.0);
}

#[tokio::test]
async fn a_declined_top_up_says_why_and_changes_nothing() {
    let app = on_starter().await;
    app.card("a", "pm_card_chargeDeclinedExpiredCard").await.expect(201);
    let reply = buy(&app, "small", "pack").await;
    let failed = reply.expect(200);
    assert_eq!((&failed["status"], &failed["invoice"]), (&json!("failed"), &json!(null)));
    assert_eq!(failed["payment"]["failure"]["code"], "expired_card");
    assert_eq!(failed["payment"]["failure"]["needs"], "new_method");
    assert_eq!(failed["balance"]["available"], 400);
    app.card("a", "pm_card_visa").await.expect(201);
    let again = buy(&app, "small", "pack").await;
    assert_eq!((again.status, &again.body), (reply.status, &reply.body));
    assert_eq!(buy(&app, "small", "pack-2").await.expect(200)["status"], "succeeded");
}

#[tokio::test]
async fn three_d_secure_from_end_to_end() {
    let app = on_starter().await;
    app.card("a", "pm_card_authenticationRequired").await.expect(201);
    let waiting = buy(&app, "large", "pack").await.expect(200);
    assert_eq!(waiting["status"], "requires_action");
    assert_eq!(waiting["action_url"], waiting["payment"]["action_url"]);
    assert_eq!(app.balance("a").await.0, 400.0);
    app.authenticate(waiting["action_url"].as_str().unwrap(), "approve");
    app.deliver_webhooks().await;
    assert_eq!(app.balance("a").await.0, 1_400.0);
    let done = buy(&app, "large", "pack").await;
    assert_eq!(done.expect(200)["status"], "succeeded");
    assert_eq!(done.json()["action_url"], json!(null));
    let again = buy(&app, "large", "pack").await;
    assert_eq!((again.status, &again.body), (done.status, &done.body));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_request_twice_at_once_charges_once() {
    let app = on_starter().await;
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { buy(&app, "xl", "pack").await })
        })
        .collect();
    let mut replies = Vec::new();
    for task in tasks {
        replies.push(task.await.unwrap());
    }
    assert!(replies.iter().all(|reply| reply.body == replies[0].body));
    assert_eq!(replies[0].expect(200)["status"], "succeeded");
    let fresh = replies.iter().filter(|reply| reply.header("idempotency-replayed").is_empty());
    assert_eq!(fresh.count(), 1);
    assert_eq!(app.balance("a").await.0, 2_900.0);
}

#[tokio::test]
async fn what_is_refused() {
    let app = App::new().await;
    app.payer("a", "pm_card_visa").await;
    buy(&app, "small", "a").await.problem(409, "not_subscribed");
    let problem = buy(&app, "huge", "b").await.problem(422, "unknown_pack");
    assert_eq!(problem["known"], json!(["small", "medium", "large", "xl"]));
    let reply = app.post(TOPUPS, json!({"pack": "small"})).send().await;
    reply.problem(400, "idempotency_key_required");
    app.post(TOPUPS, json!({})).key("c").send().await.problem(422, "invalid_request");
    let app = on_starter().await;
    app.card("a", "pm_card_authenticationRequired").await.expect(201);
    for number in 0..10 {
        buy(&app, "small", &format!("k{number}")).await.expect(200);
    }
    buy(&app, "small", "one-more").await.problem(409, "too_many_payments");
}

async fn set(app: &App, body: Value) -> Reply {
    app.call(Method::PUT, AUTO).json(&body.to_string()).send().await
}

#[tokio::test]
async fn automatic_top_ups_buy_when_credits_run_low() {
    let app = on_starter().await;
    assert_eq!(app.get(AUTO).send().await.expect(200)["enabled"], false);
    let cap = json!({"amount": 1500, "currency": "USD"});
    let body = json!({"threshold": 50, "pack": "small", "monthly_cap": cap});
    let done = set(&app, body.clone()).await.expect(200);
    assert_eq!((&done["enabled"], &done["monthly_cap"]), (&json!(true), &cap));
    let spend = json!({"credits": 380, "reason": "a test"});
    app.post("/v1/accounts/a/charges", spend).key("job").send().await.expect(201);
    app.until("/v1/accounts/a/balance", |it| it["available"] == 120).await;
    let shown = app.get(AUTO).send().await.expect(200);
    assert_eq!(shown["spent"], json!({"amount": 1000, "currency": "USD"}));
    let off = set(&app, json!({"enabled": false})).await.expect(200);
    assert_eq!((&off["enabled"], &off["pack"]), (&json!(false), &json!(null)));
    assert_eq!(set(&app, json!({"enabled": false})).await.expect(200)["enabled"], false);
}

#[tokio::test]
async fn automatic_top_ups_that_can_t_be() {
    let app = on_starter().await;
    let usd = |amount: u32| json!({"amount": amount, "currency": "USD"});
    let body = |threshold: i32, pack: &str, cap: Value| json!({"threshold": threshold, "pack": pack, "monthly_cap": cap});
    set(&app, body(50, "huge", usd(5000))).await.problem(422, "unknown_pack");
    let problem = set(&app, body(50, "small", usd(999))).await.problem(422, "cap_too_low");
    assert_eq!(problem["due"], usd(1000));
    set(&app, body(0, "small", usd(5000))).await.problem(422, "bad_threshold");
    let euro = json!({"amount": 5000, "currency": "EUR"});
    set(&app, body(50, "small", euro)).await.problem(422, "cap_too_low");
    for body in [
        json!({"enabled": true}),
        json!({"enabled": false, "pack": "small"}),
        json!({"threshold": 50, "pack": "small", "monthly_cap": 5000}),
        json!({"threshold": 50, "pack": "small", "monthly_cap": {"amount": 1.5, "currency": "USD"}}),
    ] {
        set(&app, body).await.problem(422, "invalid_request");
    }
    app.account("b").await;
    let call = app.call(Method::PUT, "/v1/accounts/b/auto_topup");
    let reply = call.json(&body(50, "small", usd(5000)).to_string()).send().await;
    reply.problem(402, "payment_method_required");
}
