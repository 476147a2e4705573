use serde_json::{Value, json};

use crate::app::App;

const INBOX: &str = "/v1/provider/sandbox/webhooks";

#[tokio::test]
async fn a_dispute_is_heard_once_and_its_invoice_is_taken_back() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app.deliver_webhooks().await;
    let body = json!({"pack": "small"});
    let bought = app.post("/v1/accounts/a/topups", body).key("p").send().await.expect(200);
    let payment = bought["payment"]["id"].as_str().unwrap().parse().unwrap();
    app.sandbox.controls().dispute(payment, "fraudulent", app.engine.wall_now()).unwrap();
    assert!(app.deliver_webhooks().await > 0);
    let events = app.store_kinds("a").await;
    assert_eq!(events.iter().filter(|kind| **kind == "payment_disputed").count(), 1, "{events:?}");
}

#[tokio::test]
async fn what_is_not_signed_is_not_believed() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    let due = app.sandbox.due_webhooks(app.engine.wall_now()).unwrap();
    let webhook = due.first().unwrap();
    let reply = app.post(INBOX, json!({})).secret(None).send().await;
    reply.problem(400, "webhook_not_believed");
    let mut call = app.post(INBOX, Value::Null).secret(None);
    for (name, value) in &webhook.headers {
        call = call.header(name.as_str(), value.to_str().unwrap());
    }
    let forged = [webhook.body.as_slice(), b" "].concat();
    call.bytes(&forged).send().await.problem(400, "webhook_not_believed");
    let reply = app.post("/v1/provider/stripe/webhooks", json!({})).secret(None).send().await;
    reply.problem(404, "route_not_found");
    let large = vec![b' '; 300_000];
    let reply = app.post(INBOX, Value::Null).bytes(&large).secret(None).send().await;
    reply.problem(413, "body_too_large");
}

#[tokio::test]
async fn without_a_provider_everything_but_money_works() {
    let app = App::without_provider().await;
    app.account("a").await;
    let reply = app.card("a", "pm_card_visa").await;
    let problem = reply.problem(503, "provider_unavailable");
    assert!(!problem.to_string().contains("configured"), "{problem}");
    assert_eq!(reply.header("retry-after"), "1");
    let reply = app.post("/v1/accounts/a/setup_sessions", json!({})).send().await;
    reply.problem(503, "provider_unavailable");
    app.give("a", 5).await;
    let reply = app.post(INBOX, json!({})).secret(None).send().await;
    reply.problem(404, "route_not_found");
}
