use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, Reply};

const SUBSCRIPTION: &str = "/v1/accounts/a/subscription";

async fn change(app: &App, plan: &str, interval: &str, key: &str) -> Reply {
    let body = json!({"plan": plan, "interval": interval});
    app.post(SUBSCRIPTION, body).key(key).send().await
}

async fn show(app: &App) -> Value {
    app.get(SUBSCRIPTION).send().await.expect(200)
}

async fn on_professional() -> App {
    let app = App::new().await;
    app.subscriber("a", "professional").await;
    app
}

#[tokio::test]
async fn a_subscription_starts() {
    let app = App::new().await;
    app.payer("a", "pm_card_visa").await;
    let reply = change(&app, "starter", "year", "start").await;
    insta::assert_json_snapshot!(reply.expect(200), {".payment.id" => "pay_…"});
    let shown = show(&app).await;
    assert_eq!(shown["current_period"]["end"], "2027-01-31T10:00:00Z");
    assert_eq!(shown["credit_period"]["end"], "2026-02-28T10:00:00Z");
    assert_eq!(shown["price"], json!({"amount": 31300, "currency": "USD"}));
    assert_eq!(shown["version"], 10);
    let again = change(&app, "starter", "year", "start").await;
    assert_eq!((again.status, &again.body), (reply.status, &reply.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn an_upgrade_takes_effect_at_once() {
    let app = on_professional().await;
    app.clock.set("2026-02-14T10:00:00Z".parse().unwrap());
    let reply = change(&app, "studio", "month", "up").await;
    insta::assert_json_snapshot!(reply.expect(200), {".payment.id" => "pay_…"});
    assert_eq!(app.balance("a").await.0, 2_125.0);
}

#[tokio::test]
async fn an_upgrade_to_a_year_starts_a_new_month() {
    let app = on_professional().await;
    app.clock.set("2026-02-14T10:00:00Z".parse().unwrap());
    let changed = change(&app, "professional", "year", "up").await.expect(200);
    assert_eq!(changed["kind"], "upgrade");
    assert_eq!(changed["current_period"]["end"], "2027-02-14T10:00:00Z");
    assert_eq!(changed["next_refresh_at"], "2026-03-14T10:00:00Z");
    assert_eq!(changed["allowance_change"], 0);
}

#[tokio::test]
async fn a_downgrade_waits_for_the_billing_date_and_can_be_undone() {
    let app = on_professional().await;
    let reply = change(&app, "starter", "month", "down").await;
    insta::assert_json_snapshot!(reply.expect(200));
    let scheduled = json!({
        "plan": "starter", "interval": "month", "effective_at": "2026-02-28T10:00:00Z"
    });
    assert_eq!(show(&app).await["scheduled_change"], scheduled);
    let path = format!("{SUBSCRIPTION}/scheduled_change");
    let undo = |key: &'static str| app.call(Method::DELETE, &path).key(key).send();
    let kept = undo("undo").await.expect(200);
    let dropped = json!({"plan": "starter", "interval": "month"});
    assert_eq!((&kept["dropped_change"], &kept["state"]), (&dropped, &json!("active")));
    undo("undo-again").await.problem(409, "nothing_scheduled");
    app.call(Method::DELETE, &path).send().await.problem(400, "idempotency_key_required");
    assert_eq!(show(&app).await["scheduled_change"], json!(null));
}

#[tokio::test]
async fn a_cancellation_ends_it_with_the_period_and_can_be_taken_back() {
    let app = on_professional().await;
    let post = |what: &'static str, key: &'static str| {
        app.post(&format!("{SUBSCRIPTION}/{what}"), json!({})).key(key).send()
    };
    post("resume", "a").await.problem(409, "not_canceling");
    let body = json!({"reason": "too expensive"});
    let canceled = app.post(&format!("{SUBSCRIPTION}/cancel"), body).key("b").send().await;
    let canceled = canceled.expect(200);
    assert_eq!(canceled["state"], "canceling");
    assert_eq!(canceled["cancel_at"], "2026-02-28T10:00:00Z");
    let shown = show(&app).await;
    assert_eq!(shown["cancel_at"], canceled["cancel_at"]);
    assert_eq!(shown["next_refresh_at"], json!(null));
    post("cancel", "c").await.problem(409, "subscription_canceling");
    change(&app, "studio", "month", "d").await.problem(409, "subscription_canceling");
    let kept = post("resume", "e").await.expect(200);
    assert_eq!(kept["state"], "active");
    assert_eq!(show(&app).await["next_refresh_at"], "2026-02-28T10:00:00Z");
}

#[tokio::test]
async fn after_the_end_data_is_kept_and_one_can_come_back() {
    let app = on_professional().await;
    app.post(&format!("{SUBSCRIPTION}/cancel"), json!({})).key("a").send().await.expect(200);
    app.clock.set("2026-03-01T00:00:00Z".parse().unwrap());
    let shown = show(&app).await;
    assert_eq!((&shown["state"], &shown["plan"]), (&json!("retention"), &json!("professional")));
    assert_eq!(shown["retention"]["ended_at"], "2026-02-28T10:00:00Z");
    assert_eq!(shown["retention"]["purge_at"], "2026-03-30T10:00:00Z");
    let back = change(&app, "starter", "month", "back").await.expect(200);
    assert_eq!((&back["kind"], &back["state"]), (&json!("start"), &json!("active")));
}

#[tokio::test]
async fn a_pause_is_refused_with_what_to_do_instead() {
    let app = on_professional().await;
    let reply = app.post(&format!("{SUBSCRIPTION}/pause"), json!({})).key("a").send().await;
    let problem = reply.problem(409, "pause_not_offered");
    assert!(problem["detail"].as_str().unwrap().contains("30 days"), "{problem}");
    assert!(problem["fix"].as_str().unwrap().contains("Cancel"), "{problem}");
    let reply = app.post("/v1/accounts/b/subscription/pause", json!({})).send().await;
    reply.problem(404, "account_not_found");
}

#[tokio::test]
async fn what_is_refused() {
    let app = on_professional().await;
    let problem = change(&app, "gold", "month", "a").await.problem(422, "unknown_plan");
    assert_eq!(problem["known"], json!(["starter", "professional", "studio"]));
    change(&app, "professional", "month", "b").await.problem(409, "already_on_plan");
    change(&app, "studio", "week", "c").await.problem(422, "invalid_request");
    let post = async |body: Value| app.post(SUBSCRIPTION, body).key("d").send().await;
    post(json!({"plan": "studio"})).await.problem(422, "invalid_request");
    let body = json!({"plan": "studio", "interval": "month", "coupon": "x"});
    assert_eq!(post(body).await.problem(422, "invalid_request")["field"], "coupon");
    let body = json!({"plan": "studio", "interval": "month", "preview": "x"});
    post(body).await.problem(422, "unknown_preview");
    let body = json!({"plan": "studio", "interval": "month"});
    let reply = app.post(SUBSCRIPTION, body).send().await;
    reply.problem(400, "idempotency_key_required");
    app.account("b").await;
    for what in ["cancel", "resume"] {
        let path = format!("/v1/accounts/b/subscription/{what}");
        let reply = app.post(&path, json!({})).key(what).send().await;
        reply.problem(409, "not_subscribed");
    }
    assert_eq!(app.balance("a").await.2, 9);
}
