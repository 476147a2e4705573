use serde_json::{Value, json};

use crate::app::{App, Reply};

const SUBSCRIPTION: &str = "/v1/accounts/a/subscription";

async fn on_starter() -> App {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app.clock.set("2026-02-14T10:00:00Z".parse().unwrap());
    app
}

async fn preview(app: &App, account: &str, plan: &str, interval: &str) -> Reply {
    let path = format!("/v1/accounts/{account}/subscription/preview");
    app.post(&path, json!({"plan": plan, "interval": interval})).send().await
}

async fn confirm(app: &App, preview: &Value, key: &str) -> Reply {
    let body = json!({
        "plan": preview["plan"], "interval": preview["interval"], "preview": preview["preview"]
    });
    app.post(SUBSCRIPTION, body).key(key).send().await
}

#[tokio::test]
async fn an_upgrade_is_shown_with_every_line_and_costs_what_was_shown() {
    let app = on_starter().await;
    let shown = preview(&app, "a", "professional", "month").await.expect(200);
    insta::assert_json_snapshot!(shown, {".preview" => "…", ".payment_method.id" => "…"});
    // Time passes between looking and confirming; the amount stays.
    app.clock.set("2026-02-14T10:04:00Z".parse().unwrap());
    let reply = confirm(&app, &shown, "up").await;
    let done = reply.expect(200);
    assert_eq!((&done["status"], &done["state"]), (&json!("succeeded"), &json!("active")));
    assert_eq!(done["payment"]["amount"], shown["due_now"]);
    assert_eq!(done["allowance_change"], shown["allowance_change"]);
    let id = done["invoice"]["id"].as_str().unwrap();
    let invoice = app.get(&format!("/v1/accounts/a/invoices/{id}")).send().await.expect(200);
    assert_eq!(invoice["lines"], shown["lines"]);
    assert_eq!(invoice["total"], shown["due_now"]);
    assert_eq!(invoice["number"], done["invoice"]["number"]);
    assert_eq!(invoice["card"]["last4"], "4242");
}

#[tokio::test]
async fn nothing_is_due_for_a_downgrade() {
    let app = on_starter().await;
    app.clock.set("2026-02-01T10:00:00Z".parse().unwrap());
    app.subscriber("b", "studio").await;
    let shown = preview(&app, "b", "starter", "month").await.expect(200);
    assert_eq!((&shown["kind"], &shown["scheduled"]), (&json!("downgrade"), &json!(true)));
    assert_eq!(shown["due_now"]["amount"], 0);
    assert_eq!((&shown["lines"], &shown["hint"]), (&json!([]), &json!(null)));
    assert_eq!(shown["next_charge"], json!({"amount": 2900, "currency": "USD"}));
    assert_eq!(shown["lost"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn without_a_card_a_preview_says_what_is_missing() {
    let app = App::new().await;
    app.account("a").await;
    let shown = preview(&app, "a", "starter", "month").await.expect(200);
    assert_eq!(shown["payment_method"], json!(null));
    assert!(shown["hint"].as_str().unwrap().contains("payment method"), "{shown}");
    confirm(&app, &shown, "start").await.problem(402, "payment_method_required");
    // With a card it is another offer.
    app.card("a", "pm_card_visa").await.expect(201);
    confirm(&app, &shown, "start").await.problem(409, "stale_preview");
}

#[tokio::test]
async fn a_preview_that_no_longer_holds_is_stale() {
    let app = on_starter().await;
    let shown = preview(&app, "a", "professional", "month").await.expect(200);
    app.card("a", "pm_card_mastercard").await.expect(201);
    confirm(&app, &shown, "other-card").await.problem(409, "stale_preview");
    let shown = preview(&app, "a", "professional", "month").await.expect(200);
    app.clock.set("2026-02-20T10:00:00Z".parse().unwrap());
    confirm(&app, &shown, "too-late").await.problem(409, "stale_preview");
    let shown = preview(&app, "a", "professional", "month").await.expect(200);
    confirm(&app, &shown, "once").await.expect(200);
    confirm(&app, &shown, "twice").await.problem(409, "already_on_plan");
    assert_eq!(confirm(&app, &shown, "once").await.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn a_preview_confirms_what_it_was_made_for_and_nothing_else() {
    let app = on_starter().await;
    app.subscriber("b", "starter").await;
    let of_b = preview(&app, "b", "professional", "month").await.expect(200);
    confirm(&app, &of_b, "a").await.problem(422, "unknown_preview");
    let own = preview(&app, "a", "professional", "month").await.expect(200);
    let mut other = own.clone();
    other["plan"] = json!("studio");
    confirm(&app, &other, "b").await.problem(422, "unknown_preview");
    let mut other = own.clone();
    other["interval"] = json!("year");
    confirm(&app, &other, "c").await.problem(422, "unknown_preview");
    let mut broken = own.clone();
    broken["preview"] = json!(format!("{}x", own["preview"].as_str().unwrap()));
    confirm(&app, &broken, "d").await.problem(422, "unknown_preview");
    confirm(&app, &own, "e").await.expect(200);
}

#[tokio::test]
async fn what_can_t_be_previewed() {
    let app = on_starter().await;
    preview(&app, "a", "starter", "month").await.problem(409, "already_on_plan");
    preview(&app, "a", "gold", "month").await.problem(422, "unknown_plan");
    preview(&app, "a", "studio", "week").await.problem(422, "invalid_request");
    preview(&app, "nobody", "studio", "year").await.problem(404, "account_not_found");
    app.post(&format!("{SUBSCRIPTION}/cancel"), json!({})).key("c").send().await.expect(200);
    preview(&app, "a", "studio", "month").await.problem(409, "subscription_canceling");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_confirmations_at_once_one_is_charged() {
    let app = on_starter().await;
    let shown = preview(&app, "a", "studio", "month").await.expect(200);
    let tasks: Vec<_> = (0..6)
        .map(|number| {
            let (app, shown) = (app.clone(), shown.clone());
            tokio::spawn(async move { confirm(&app, &shown, &format!("k{number}")).await })
        })
        .collect();
    let mut succeeded = 0;
    for task in tasks {
        let reply = task.await.unwrap();
        match reply.status.as_u16() {
            200 => succeeded += 1,
            _ => {
                let code = reply.expect(409)["code"].clone();
                let known = ["payment_pending", "stale_preview", "already_on_plan"];
                assert!(known.contains(&code.as_str().unwrap()), "{code}");
            }
        }
    }
    assert_eq!(succeeded, 1);
    let invoices = app.get("/v1/accounts/a/invoices").send().await.expect(200);
    assert_eq!(invoices["data"].as_array().unwrap().len(), 2);
}
