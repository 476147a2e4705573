//! Payments that fail, wait or come late, told the same way on each repeat.

use bursar_payments::sandbox::Webhooks;
use serde_json::{Value, json};

use crate::app::{App, Reply};

const SUBSCRIPTION: &str = "/v1/accounts/a/subscription";

async fn subscribe(app: &App, key: &str) -> Reply {
    let body = json!({"plan": "starter", "interval": "month"});
    app.post(SUBSCRIPTION, body).key(key).send().await
}

async fn state(app: &App) -> Value {
    app.get("/v1/accounts/a").send().await.expect(200)["subscription"]["state"].clone()
}

/// A repeat has the status and the body of the first to the last byte.
#[track_caller]
fn same(first: &Reply, again: &Reply) {
    let text = |reply: &Reply| String::from_utf8_lossy(&reply.body).into_owned();
    assert_eq!((first.status, text(first)), (again.status, text(again)));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.header("etag"), again.header("etag"));
}

#[tokio::test]
async fn without_a_payment_method_nothing_starts() {
    let app = App::new().await;
    app.account("a").await;
    let problem = subscribe(&app, "start").await.problem(402, "payment_method_required");
    assert!(problem["fix"].as_str().unwrap().contains("payment_methods"), "{problem}");
    assert_eq!(state(&app).await, "none");
    // Rejections are not kept: the same request may succeed later.
    app.card("a", "pm_card_visa").await.expect(201);
    subscribe(&app, "start").await.expect(200);
}

#[tokio::test]
async fn a_declined_start_is_a_problem_and_stays_one() {
    let app = App::new().await;
    app.payer("a", "pm_card_chargeDeclinedInsufficientFunds").await;
    let first = subscribe(&app, "start").await;
    let problem = first.problem(402, "payment_failed");
    assert_eq!(problem["decline_code"], "insufficient_funds");
    assert_eq!(problem["payment"]["status"], "failed");
    assert_eq!(problem["payment"]["failure"]["needs"], "later");
    assert_eq!(problem["payment"]["amount"], json!({"amount": 2900, "currency": "USD"}));
    assert_eq!(state(&app).await, "none");
    // With another card the old key still tells what came of it; a new one buys.
    app.card("a", "pm_card_visa").await.expect(201);
    same(&first, &subscribe(&app, "start").await);
    subscribe(&app, "again").await.expect(200);
    same(&first, &subscribe(&app, "start").await);
    let invoices = app.get("/v1/accounts/a/invoices").send().await.expect(200);
    assert_eq!(invoices["data"].as_array().unwrap().len(), 1, "none for what was not paid");
}

#[tokio::test]
async fn a_thief_is_not_told_what_the_bank_knows() {
    let app = App::new().await;
    app.payer("a", "pm_card_chargeDeclinedStolenCard").await;
    let problem = subscribe(&app, "start").await.problem(402, "payment_failed");
    assert_eq!(problem["decline_code"], "generic_decline");
    assert!(!problem.to_string().contains("stolen"), "{problem}");
}

#[tokio::test]
async fn a_start_that_waits_for_the_customer_goes_on_after_3_d_secure() {
    let app = App::new().await;
    app.payer("a", "pm_card_authenticationRequired").await;
    let body = json!({
        "plan": "starter", "interval": "month", "return_url": "https://app.example/billing"
    });
    let send = || app.post(SUBSCRIPTION, body.clone()).key("start").send();
    let waiting = send().await.expect(200);
    assert_eq!(waiting["status"], "requires_action");
    assert_eq!((&waiting["kind"], &waiting["state"]), (&json!("start"), &json!("incomplete")));
    assert_eq!((&waiting["effective_at"], &waiting["invoice"]), (&json!(null), &json!(null)));
    assert_eq!(state(&app).await, "incomplete");
    let shown = app.get("/v1/accounts/a").send().await.expect(200);
    assert_eq!(shown["open_payments"][0]["status"], "requires_action");
    app.authenticate(waiting["payment"]["action_url"].as_str().unwrap(), "approve");
    app.deliver_webhooks().await;
    assert_eq!(state(&app).await, "active");
    let done = send().await;
    assert_eq!(done.expect(200)["status"], "succeeded");
    assert_eq!(done.json()["payment"]["action_url"], json!(null));
    same(&done, &send().await);
}

#[tokio::test]
async fn a_customer_who_does_not_authenticate_buys_nothing() {
    let app = App::new().await;
    app.payer("a", "pm_card_authenticationRequired").await;
    let waiting = subscribe(&app, "start").await.expect(200);
    app.authenticate(waiting["payment"]["action_url"].as_str().unwrap(), "fail");
    app.deliver_webhooks().await;
    let failed = subscribe(&app, "start").await;
    let problem = failed.problem(402, "payment_failed");
    assert_eq!(problem["decline_code"], "payment_intent_authentication_failure");
    same(&failed, &subscribe(&app, "start").await);
}

#[tokio::test]
async fn another_attempt_replaces_one_that_waits() {
    let app = App::new().await;
    app.payer("a", "pm_card_authenticationRequired").await;
    subscribe(&app, "first").await.expect(200);
    app.card("a", "pm_card_visa").await.expect(201);
    let done = subscribe(&app, "second").await.expect(200);
    assert_eq!(done["status"], "succeeded");
    app.until("/v1/accounts/a", |it| it["open_payments"] == json!([])).await;
    let problem = subscribe(&app, "first").await.problem(402, "payment_failed");
    assert_eq!(problem["decline_code"], "canceled");
}

#[tokio::test]
async fn a_payment_that_the_bank_takes_its_time_for_is_processing() {
    let app = App::new().await;
    app.payer("a", "pm_sandbox_processing").await;
    let processing = subscribe(&app, "start").await.expect(200);
    assert_eq!(processing["status"], "processing");
    subscribe(&app, "other").await.problem(409, "payment_pending");
    app.clock.set("2026-01-31T11:00:00Z".parse().unwrap());
    app.deliver_webhooks().await;
    let done = subscribe(&app, "start").await;
    assert_eq!(done.expect(200)["status"], "succeeded");
    // Also years later, whatever has happened since.
    let path = "/v1/test_clock/accounts/a/advance";
    app.post(path, json!({"by": "2y"})).send().await.expect(200);
    same(&done, &subscribe(&app, "start").await);
}

/// Webhooks that are late, lost, repeated or overtaken change nothing that is known already.
#[tokio::test]
async fn the_outcome_does_not_depend_on_webhooks() {
    for (number, mode) in
        [Webhooks::Late, Webhooks::Lost, Webhooks::Twice, Webhooks::Reordered].iter().enumerate()
    {
        let app = App::new().await;
        app.sandbox.controls().webhooks(*mode).unwrap();
        app.payer("a", "pm_card_visa").await;
        let first = subscribe(&app, "start").await;
        first.expect(200);
        let version = app.balance("a").await.2;
        app.clock.set("2026-01-31T12:00:00Z".parse().unwrap());
        app.sandbox.controls().find_lost_webhooks(app.engine.wall_now()).unwrap();
        assert!(app.deliver_webhooks().await > 0, "{number}");
        assert_eq!(app.balance("a").await.2, version, "{number}");
        same(&first, &subscribe(&app, "start").await);
    }
}

#[tokio::test]
async fn a_lost_request_or_reply_charges_once() {
    for card in ["pm_sandbox_requestLost", "pm_sandbox_replyLost"] {
        let app = App::new().await;
        app.payer("a", card).await;
        let done = subscribe(&app, "start").await.expect(200);
        assert_eq!(done["status"], "succeeded", "{card}");
        let payment = done["payment"]["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(app.sandbox.controls().kept(payment), 2900, "{card}");
    }
}

#[tokio::test]
async fn addresses_to_return_to_are_checked() {
    let app = App::new().await;
    app.payer("a", "pm_card_visa").await;
    for url in ["http://app.example/", "javascript:alert(1)", "billing"] {
        let body = json!({"plan": "starter", "interval": "month", "return_url": url});
        let reply = app.post(SUBSCRIPTION, body).key("x").send().await;
        assert_eq!(reply.problem(422, "invalid_request")["field"], "return_url");
    }
}

/// The sum of what was invoiced is what the bank took, over three years with changes on the way.
#[tokio::test]
async fn three_years_add_up() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    let advance = async |by: &str, key: &str| {
        let path = "/v1/test_clock/accounts/a/advance";
        app.post(path, json!({"by": by})).key(key).send().await
    };
    let change = async |plan: &str, interval: &str, key: &str| {
        let body = json!({"plan": plan, "interval": interval});
        app.post(SUBSCRIPTION, body).key(key).send().await.expect(200)
    };
    let first = advance("5mo 10d", "one").await;
    let events = first.expect(200)["events"].as_array().unwrap().clone();
    let count = |kind: &str| events.iter().filter(|event| event["kind"] == kind).count();
    assert_eq!((count("invoice_issued"), count("invoice_paid")), (5, 5));
    same(&first, &advance("5mo 10d", "one").await);
    change("professional", "month", "up").await;
    advance("3mo", "two").await.expect(200);
    change("studio", "year", "year").await;
    let two_years = advance("27mo", "three").await;
    assert_eq!(two_years.expect(200)["subscription_state"], "active");
    same(&two_years, &advance("27mo", "three").await);
    let mut after = String::new();
    let (mut numbers, mut total) = (Vec::new(), 0);
    loop {
        let path = format!("/v1/accounts/a/invoices?limit=4{after}");
        let page = app.get(&path).send().await.expect(200);
        for invoice in page["data"].as_array().unwrap() {
            assert_eq!(invoice["state"], "paid");
            let lines = invoice["lines"].as_array().unwrap().iter();
            let sum: i64 = lines.map(|line| line["amount"]["amount"].as_i64().unwrap()).sum();
            assert_eq!(invoice["subtotal"]["amount"], sum);
            let payment = invoice["payment"].as_str().unwrap().parse().unwrap();
            let taken = app.sandbox.controls().kept(payment);
            assert_eq!(invoice["total"]["amount"], taken);
            total += taken;
            numbers.push(invoice["number"].as_str().unwrap().to_owned());
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    // A start, 5 renewals, an upgrade, 3 renewals, a year, and two more years.
    assert_eq!(numbers.len(), 13, "{numbers:?}");
    assert!(total > 3 * 214_900, "{total}");
    let distinct: std::collections::BTreeSet<_> = numbers.iter().collect();
    assert_eq!(distinct.len(), numbers.len());
}
