use axum::http::Method;
use bursar_api::Config;
use bursar_engine::access::{Mode, Scope};
use bursar_store::CatalogRecord;
use serde_json::{Value, json};

use crate::app::{App, Reply};

const INVOICES: &str = "/v1/accounts/a/invoices";

async fn on_starter() -> App {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app
}

async fn invoice(app: &App, id: &str) -> Value {
    app.get(&format!("{INVOICES}/{id}")).send().await.expect(200)
}

async fn advance(app: &App, by: &str) -> Value {
    let path = "/v1/test_clock/accounts/a/advance";
    app.post(path, json!({"by": by})).send().await.expect(200)
}

async fn pay(app: &App, id: &str, key: &str) -> Reply {
    app.post(&format!("{INVOICES}/{id}/pay"), json!({})).key(key).send().await
}

#[tokio::test]
async fn an_invoice_says_what_was_sold() {
    let app = on_starter().await;
    insta::assert_json_snapshot!(invoice(&app, "inv_1").await, {".payment" => "pay_…"});
    let list = app.get(INVOICES).send().await.expect(200);
    assert_eq!(list["data"], json!([invoice(&app, "inv_1").await]));
    assert_eq!(list["next"], json!(null));
}

#[tokio::test]
async fn lists_have_pages_that_stay_under_inserts() {
    let app = on_starter().await;
    advance(&app, "3mo").await;
    let page = app.get(&format!("{INVOICES}?limit=2")).send().await.expect(200);
    let ids = |page: &Value| {
        let data = page["data"].as_array().unwrap().iter();
        data.map(|it| it["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&page), ["inv_4", "inv_3"]);
    advance(&app, "1mo").await;
    let next = page["next"].as_str().unwrap();
    let page = app.get(&format!("{INVOICES}?limit=2&after={next}")).send().await.expect(200);
    assert_eq!(ids(&page), ["inv_2", "inv_1"]);
    assert_eq!(page["next"], json!(null));
    let reply = app.get(&format!("{INVOICES}?after=x")).send().await;
    reply.problem(422, "invalid_cursor");
}

#[tokio::test]
async fn an_open_invoice_can_be_paid() {
    let app = on_starter().await;
    app.card("a", "pm_card_chargeDeclined").await.expect(201);
    advance(&app, "1mo").await;
    let open = invoice(&app, "inv_2").await;
    assert_eq!((&open["state"], &open["purpose"]), (&json!("open"), &json!("renewal")));
    assert_eq!(open["amount_due"], open["total"]);
    let first = pay(&app, "inv_2", "pay-1").await;
    assert_eq!(first.problem(402, "payment_failed")["decline_code"], "generic_decline");
    let again = pay(&app, "inv_2", "pay-1").await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    // The bank says yes the next time; the default card stays what it is.
    let body = json!({"token": "pm_card_authenticationRequired"});
    let added = app.post("/v1/accounts/a/payment_methods", body).send().await.expect(201);
    assert_eq!(added["payment"]["status"], "requires_action");
    app.authenticate(added["payment"]["action_url"].as_str().unwrap(), "fail");
    app.deliver_webhooks().await;
    let waiting = pay(&app, "inv_2", "pay-2").await.expect(200);
    assert_eq!(waiting["status"], "requires_action");
    app.authenticate(waiting["payment"]["action_url"].as_str().unwrap(), "approve");
    app.deliver_webhooks().await;
    let paid = pay(&app, "inv_2", "pay-2").await.expect(200);
    assert_eq!((&paid["status"], &paid["invoice"]["id"]), (&json!("succeeded"), &json!("inv_2")));
    let done = invoice(&app, "inv_2").await;
    assert_eq!((&done["state"], &done["number"]), (&json!("paid"), &open["number"]));
    assert_eq!(done["amount_due"]["amount"], 0);
    pay(&app, "inv_2", "pay-3").await.problem(409, "invoice_not_open");
}

#[tokio::test]
async fn a_renewal_that_is_never_paid_is_taken_back() {
    let app = on_starter().await;
    app.card("a", "pm_card_chargeDeclined").await.expect(201);
    let advanced = advance(&app, "2mo").await;
    assert_eq!(advanced["subscription_state"], "retention");
    assert_eq!(invoice(&app, "inv_2").await["state"], "void");
    let note = invoice(&app, "inv_3").await;
    assert_eq!((&note["kind"], &note["corrects"]), (&json!("credit_note"), &json!("inv_2")));
    assert_eq!(invoice(&app, "inv_2").await["credited_by"], "inv_3");
}

#[tokio::test]
async fn what_there_is_none_of() {
    let app = on_starter().await;
    for id in ["inv_9", "inv_0", "INV-2026-000001", "x", "inv_9.pdf", "x.pdf"] {
        let reply = app.get(&format!("{INVOICES}/{id}")).send().await;
        reply.problem(404, "invoice_not_found");
    }
    pay(&app, "inv_9", "a").await.problem(404, "invoice_not_found");
    app.get("/v1/accounts/b/invoices/inv_1").send().await.problem(404, "account_not_found");
    let path = format!("{INVOICES}/inv_1/pay");
    app.post(&path, json!({})).send().await.problem(400, "idempotency_key_required");
}

#[tokio::test]
async fn an_invoice_is_a_file_with_its_legal_number() {
    let app = on_starter().await;
    let number = invoice(&app, "inv_1").await["number"].as_str().unwrap().to_owned();
    let path = format!("{INVOICES}/inv_1.pdf");
    let reply = app.get(&path).send().await;
    assert_eq!(reply.status.as_u16(), 200, "{}", String::from_utf8_lossy(&reply.body));
    assert_eq!(reply.header("content-type"), "application/pdf");
    let disposition = format!("attachment; filename=\"{number}.pdf\"");
    assert_eq!(reply.header("content-disposition"), disposition);
    assert!(reply.body.starts_with(b"%PDF-"));
    assert_eq!(app.get(&path).send().await.body, reply.body, "the same each time");
    let refund = "/v1/accounts/a/subscription/refund";
    app.post(refund, json!({})).key("r").send().await.expect(200);
    for id in ["inv_1", "inv_2"] {
        let reply = app.get(&format!("{INVOICES}/{id}.pdf")).send().await;
        assert!(reply.body.starts_with(b"%PDF-"), "{id}");
    }
    app.get(&path).secret(None).send().await.problem(401, "api_key_missing");
}

/// An invoice of another day names the seller of that day, from the catalog that was kept.
#[tokio::test]
async fn an_old_invoice_keeps_its_tax_and_its_seller() {
    let text = taxed(bursar_catalog::SCRIPTKIT);
    let taxed = bursar_catalog::parse(&text).unwrap();
    let version = taxed.version;
    let app = App::selling(Mode::Test, Config::default(), taxed).await;
    app.payer("a", "pm_card_visa").await;
    let details = json!({"name": "Ada", "country": "FR"});
    let call = app.call(Method::PUT, "/v1/accounts/a/billing_details");
    call.json(&details.to_string()).send().await.expect(200);
    let body = json!({"plan": "starter", "interval": "month"});
    let path = "/v1/accounts/a/subscription";
    let shown = app.post(&format!("{path}/preview"), body.clone()).send().await.expect(200);
    assert_eq!(shown["tax"]["treatment"], "standard");
    assert_eq!((&shown["tax"]["rate"], &shown["tax"]["country"]), (&json!(20), &json!("FR")));
    app.post(path, body).key("start").send().await.expect(200);
    let invoice = invoice(&app, "inv_1").await;
    assert_eq!(invoice["tax"], shown["tax"]);
    assert_eq!(invoice["total"], shown["due_now"]);
    let subscription = app.get(path).send().await.expect(200);
    assert_eq!(subscription["next_charge"], shown["next_charge"]);
    // Another day, another catalog, which knows of no tax.
    let kept = CatalogRecord { version, text, since: app.engine.wall_now() };
    let file = app.get(&format!("{INVOICES}/inv_1.pdf")).send().await.body;
    let later = app.succeeded_by(bursar_catalog::scriptkit().unwrap()).await;
    let reply = later.get(&format!("{INVOICES}/inv_1.pdf")).send().await;
    reply.problem(500, "internal");
    later.store.put_catalog(kept).await.unwrap();
    let reply = later.get(&format!("{INVOICES}/inv_1.pdf")).send().await;
    assert_eq!(reply.body, file);
    assert_eq!(self::invoice(&later, "inv_1").await, invoice);
    let subscription = later.get(path).send().await.expect(200);
    assert_eq!(subscription["next_charge"], json!({"amount": 2900, "currency": "USD"}));
}

/// The catalog with a French tax of 20%.
fn taxed(text: &str) -> String {
    let (before, after) = text.split_once("[tax]").unwrap();
    let after = after.split_once("\n[").map_or("", |(_, rest)| rest);
    format!(
        "{before}[tax]\nname = \"VAT\"\nprices = \"exclusive\"\n\n[[tax.rates]]\ncountry = \"FR\"\n\
         percent = 20\n\n[{after}"
    )
}

async fn refund(app: &App, id: &str, key: &str) -> Reply {
    let body = json!({"reason": "bought by mistake"});
    app.post(&format!("{INVOICES}/{id}/refund"), body).key(key).send().await
}

#[tokio::test]
async fn an_untouched_top_up_is_refunded_by_an_administrator_only() {
    let app = on_starter().await;
    let body = json!({"pack": "small"});
    app.post("/v1/accounts/a/topups", body).key("pack").send().await.expect(200);
    let secret = "bk_test_0123456789abcdefSUPPORT";
    app.add_key(Mode::Test, secret, "key_support", &[Scope::Adjust, Scope::Subscriptions]).await;
    let path = format!("{INVOICES}/inv_2/refund");
    let reply = app.post(&path, json!({})).key("r").secret(Some(secret)).send().await;
    reply.problem(403, "missing_scope");
    refund(&app, "inv_1", "start").await.problem(409, "not_refundable");
    refund(&app, "inv_7", "none").await.problem(404, "invoice_not_found");
    let reply = refund(&app, "inv_2", "r").await;
    insta::assert_json_snapshot!(reply.expect(200), {
        ".refunds[].id" => "re_…", ".refunds[].payment" => "pay_…"
    });
    assert_eq!(app.balance("a").await.0, 400.0);
    assert_eq!(invoice(&app, "inv_2").await["state"], "credited");
    let again = refund(&app, "inv_2", "r").await;
    assert_eq!((again.status, &again.body), (reply.status, &reply.body));
    let payment = reply.json()["refunds"][0]["payment"].as_str().unwrap().parse().unwrap();
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        if app.sandbox.controls().kept(payment) == 0 {
            break;
        }
    }
    assert_eq!(app.sandbox.controls().kept(payment), 0);
}

#[tokio::test]
async fn a_top_up_of_which_something_is_spent_stays() {
    let app = on_starter().await;
    let body = json!({"pack": "small"});
    app.post("/v1/accounts/a/topups", body).key("pack").send().await.expect(200);
    let spend = json!({"credits": 401, "reason": "a test"});
    app.post("/v1/accounts/a/charges", spend).key("job").send().await.expect(201);
    assert_eq!(refund(&app, "inv_2", "r").await.problem(409, "topup_touched")["invoice"], "inv_2");
}

#[tokio::test]
async fn the_first_subscription_is_refunded_within_seven_days() {
    let app = on_starter().await;
    let path = "/v1/accounts/a/subscription/refund";
    let spend = json!({"credits": 30, "reason": "a test"});
    app.post("/v1/accounts/a/charges", spend).key("job").send().await.expect(201);
    let shown = app.get(path).send().await.expect(200);
    assert_eq!(shown["amount"], json!({"amount": 2900, "currency": "USD"}));
    assert_eq!((&shown["refundable"], &shown["credits_spent"]), (&json!(true), &json!(30)));
    assert_eq!(shown["until"], "2026-02-07T10:00:00Z");
    let body = json!({"reason": "not satisfied"});
    let reply = app.post(path, body.clone()).key("r").send().await;
    let done = reply.expect(200);
    assert_eq!((&done["amount"], &done["credits_taken"]), (&shown["amount"], &json!(370)));
    assert_eq!(done["purge_at"], "2026-03-02T10:00:00Z");
    let again = app.post(path, body).key("r").send().await;
    assert_eq!((again.status, &again.body), (reply.status, &reply.body));
    let shown = app.get(path).send().await.expect(200);
    assert_eq!(
        (&shown["refundable"], &shown["reason"]["code"]),
        (&json!(false), &json!("not_subscribed"))
    );
    let late = on_starter().await;
    late.clock.set("2026-02-07T10:00:00Z".parse().unwrap());
    let reply = late.post(path, json!({})).key("r").send().await;
    assert_eq!(reply.problem(409, "refund_window_over")["at"], "2026-02-07T10:00:00Z");
}
