use axum::http::Method;
use bursar_core::Context;
use serde_json::{Value, json};

use crate::app::{App, Reply, SANDBOX};

const METHODS: &str = "/v1/accounts/a/payment_methods";
/// Numbers that must never come back, the first of them with a right check digit.
const NUMBERS: [&str; 4] =
    ["4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "pm_4242424242424242"];

async fn list(app: &App) -> Value {
    app.get(METHODS).send().await.expect(200)["data"].clone()
}

fn id(reply: &Reply) -> String {
    reply.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn cards_are_added_listed_and_removed() {
    let app = App::new().await;
    app.account("a").await;
    assert_eq!(list(&app).await, json!([]));
    let visa = app.card("a", "pm_card_visa").await;
    let card = json!({"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2099});
    assert_eq!(visa.expect(201)["card"], card);
    let body = json!({"token": "pm_card_mastercard", "default": false});
    let other = app.post(METHODS, body).key("other").send().await;
    assert_eq!(other.expect(201)["default"], false);
    let data = list(&app).await;
    assert_eq!((&data[0]["default"], &data[1]["default"]), (&json!(true), &json!(false)));
    let path = format!("{METHODS}/{}", id(&other));
    let changed = app.post(&format!("{path}/default"), json!({})).send().await.expect(200);
    assert_eq!((&changed["default"], &changed["payment"]), (&json!(true), &json!(null)));
    let reply = app.post(&format!("{path}/default"), json!({})).send().await;
    reply.problem(409, "already_default");
    assert_eq!(list(&app).await[0]["card"]["brand"], "mastercard");
    let removed = app.call(Method::DELETE, &path).key("gone").send().await;
    assert_eq!(removed.expect(200)["removed"], true);
    let again = app.call(Method::DELETE, &path).key("gone").send().await;
    assert_eq!((again.status, &again.body), (removed.status, &removed.body));
    app.call(Method::DELETE, &path).send().await.problem(404, "payment_method_not_found");
}

#[tokio::test]
async fn a_repeat_adds_one_card() {
    let app = App::new().await;
    app.account("a").await;
    let add = |token: &str| app.post(METHODS, json!({"token": token})).key("card").send();
    let first = add("pm_card_visa").await;
    first.expect(201);
    let again = add("pm_card_visa").await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    add("pm_card_amex").await.problem(422, "idempotency_key_reused");
    assert_eq!(list(&app).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_last_card_of_a_running_subscription_stays() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    let method = list(&app).await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("{METHODS}/{method}");
    let remove = || app.call(Method::DELETE, &path).send();
    remove().await.problem(409, "last_payment_method");
    let cancel = "/v1/accounts/a/subscription/cancel";
    app.post(cancel, json!({})).key("c").send().await.expect(200);
    remove().await.expect(200);
}

#[tokio::test]
async fn what_the_bank_or_the_provider_refuses() {
    let app = App::new().await;
    app.account("a").await;
    let problem = app.card("a", "pm_sandbox_attachDeclined").await;
    let problem = problem.problem(402, "payment_method_refused");
    assert_eq!(problem["decline_code"], "generic_decline");
    app.card("a", "pm_card_nothing").await.problem(422, "provider_refused");
    app.card("b", "pm_card_visa").await.problem(404, "account_not_found");
    app.post(METHODS, json!({})).send().await.problem(422, "invalid_request");
    assert_eq!(list(&app).await, json!([]));
}

#[tokio::test]
async fn card_numbers_are_refused_and_never_come_back() {
    let app = App::new().await;
    app.account("a").await;
    for number in NUMBERS {
        for body in [
            json!({"token": number}),
            json!({"token": {"number": number}}),
            json!({"number": number, "token": "pm_card_visa"}),
            json!({(number): "x", "token": "pm_card_visa"}),
            json!({"token": "pm_card_visa", "default": number}),
        ] {
            let reply = app.post(METHODS, body).send().await;
            let problem = reply.problem(422, "invalid_request");
            assert!(!problem.to_string().contains("4242"), "{problem}");
        }
        let path = format!("{METHODS}/{}", number.replace(' ', "%20"));
        let reply = app.call(Method::DELETE, &path).send().await;
        let problem = reply.problem(404, "payment_method_not_found");
        assert!(!problem.to_string().contains("4242"), "{problem}");
    }
    let body = json!({"plan": NUMBERS[0], "interval": "month"});
    let reply = app.post("/v1/accounts/a/subscription", body).key("x").send().await;
    let problem = reply.problem(422, "unknown_plan");
    assert!(!problem.to_string().contains("4242"), "{problem}");
    assert_eq!(list(&app).await, json!([]));
}

#[tokio::test]
async fn a_new_card_pays_what_is_past_due_at_once() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app.card("a", "pm_card_chargeDeclined").await.expect(201);
    let path = "/v1/test_clock/accounts/a/advance";
    let advanced = app.post(path, json!({"by": "1mo 1h"})).send().await.expect(200);
    assert_eq!(advanced["subscription_state"], "past_due");
    let shown = app.get("/v1/accounts/a").send().await.expect(200);
    let subscription = &shown["subscription"];
    assert_eq!(subscription["state"], "past_due");
    assert_eq!(subscription["past_due"]["due"], json!({"amount": 2900, "currency": "USD"}));
    assert_eq!(subscription["past_due"]["since"], "2026-02-28T10:00:00Z");
    assert_eq!(subscription["past_due"]["retry_at"], "2026-03-01T10:00:00Z");
    assert_eq!(subscription["past_due"]["ends_at"], "2026-03-07T10:00:00Z");
    assert_eq!(subscription["next_charge_at"], "2026-03-01T10:00:00Z");
    let preview = json!({"plan": "studio", "interval": "month"});
    let reply = app.post("/v1/accounts/a/subscription/preview", preview).send().await;
    let problem = reply.problem(409, "renewal_unpaid");
    assert_eq!(problem["invoice"], subscription["past_due"]["invoice"]);
    let add = || app.post(METHODS, json!({"token": "pm_card_visa"})).key("new").send();
    let added = add().await;
    assert_eq!(added.expect(201)["payment"]["status"], "succeeded");
    let again = add().await;
    assert_eq!((again.status, &again.body), (added.status, &added.body));
    let shown = app.get("/v1/accounts/a").send().await.expect(200);
    assert_eq!(shown["subscription"]["state"], "active");
    assert_eq!(shown["subscription"]["current_period"]["start"], "2026-02-28T10:00:00Z");
    assert_eq!(shown["payment_method"]["card"]["last4"], "4242");
}

#[tokio::test]
async fn details_are_entered_at_the_provider() {
    let app = App::new().await;
    app.account("a").await;
    app.account("b").await;
    let path = "/v1/accounts/a/setup_sessions";
    let body = json!({"return_url": "https://app.example/done"});
    let start = || app.post(path, body.clone()).key("form").send();
    let started = start().await;
    let session = started.expect(201);
    assert_eq!(start().await.json(), session, "the same session");
    let address = started.header("location").to_owned();
    let show = || app.get(&address).send();
    assert_eq!(show().await.expect(200)["status"], "open");
    let url = session["url"].as_str().unwrap();
    let secret = url.strip_prefix(&format!("{SANDBOX}/setup/")).unwrap();
    let context = Context { now: app.engine.wall_now(), entropy: [1; 10] };
    let form = b"number=4242424242424242&expiry=12/34&cvc=123";
    app.sandbox.submit_card(secret, form, &context).unwrap();
    let done = show().await.expect(200);
    assert_eq!(done["status"], "succeeded");
    let data = list(&app).await;
    assert_eq!(data[0]["id"], done["payment_method"]);
    assert_eq!(data[0]["card"]["last4"], "4242");
    let foreign = address.replace("/a/", "/b/");
    app.get(&foreign).send().await.problem(404, "setup_session_not_found");
    app.get(&format!("{path}/x")).send().await.problem(404, "setup_session_not_found");
    let hosted = json!({"return_url": "https://app.example/done", "hosted": true});
    let hosted = app.post(path, hosted).send().await.expect(201);
    assert!(hosted["url"].as_str().unwrap().starts_with(SANDBOX));
    let problem = app.post(path, json!({"hosted": true})).send().await;
    let problem = problem.problem(422, "invalid_request");
    assert!(problem["detail"].as_str().unwrap().contains("return_url"), "{problem}");
    let bad = json!({"return_url": "ftp://app.example"});
    app.post(path, bad).send().await.problem(422, "invalid_request");
    app.deliver_webhooks().await;
    assert_eq!(list(&app).await.as_array().unwrap().len(), 1, "told twice, added once");
}
