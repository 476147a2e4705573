//! Customers who are asked to authenticate, and what Stripe tells by itself.

use serde_json::{Value, json};

use super::{INBOX, PUBLISHABLE_KEY, STARTER, Shop, account, open, path, state, subscribe};

/// What the browser needs to complete a payment, which is at Stripe what it says.
#[track_caller]
fn secret_of(shop: &Shop, payment: &Value) -> String {
    assert_eq!(payment["status"], "requires_action", "{payment}");
    assert_eq!(payment["publishable_key"], PUBLISHABLE_KEY);
    let secret = payment["client_secret"].as_str().unwrap();
    let intent = shop.intent(&payment["id"]);
    assert!(secret.starts_with(&format!("{intent}_secret_")), "{secret}");
    intent
}

#[test]
fn a_renewal_that_needs_its_customer_waits_and_is_paid_on_session() {
    let shop = Shop::start();
    let server = &shop.server;
    open(server, "ada", "pm_card_authenticationRequired");
    let waiting = subscribe(server, "ada", "starter").success();
    let intent = secret_of(&shop, &waiting["payment"]);
    assert_eq!(state(server, "ada"), "incomplete");
    shop.fake.with(|books| books.authenticate(&intent, true));
    shop.deliver();
    assert_eq!(state(server, "ada"), "active");
    assert_eq!(shop.taken(), STARTER);

    // The renewal: the bank wants the customer, who isn't there and has a day.
    let advance = |by: &str| {
        let body = json!({"by": by});
        server.post("/v1/test_clock/accounts/ada/advance", by, &body).success();
        shop.deliver();
    };
    advance("1mo");
    let shown = account(server, "ada");
    assert_eq!(shown["subscription"]["state"], "active", "{shown}");
    let renewal = shop.intent(&shown["open_payments"][0]["id"]);
    advance("25h");
    let shown = account(server, "ada");
    assert_eq!(shown["subscription"]["state"], "past_due", "{shown}");
    assert_eq!(shop.taken(), STARTER);
    let invoice = shown["subscription"]["past_due"]["invoice"].as_str().unwrap().to_owned();

    // The customer is back, and pays.
    let pay = || server.post(&path("ada", &format!("invoices/{invoice}/pay")), "pay", &json!({}));
    let paying = pay().success();
    let intent = secret_of(&shop, &paying["payment"]);
    shop.fake.with(|books| books.authenticate(&intent, true));
    let webhooks = shop.deliver();
    assert_eq!(state(server, "ada"), "active");
    let paid = pay().success();
    assert_eq!((&paid["status"], &paid["invoice"]["id"]), (&json!("succeeded"), &json!(invoice)));
    assert_eq!(paid["payment"]["client_secret"], Value::Null);
    assert_eq!((shop.taken(), shop.kept(&paid["payment"]["id"])), (2 * STARTER, STARTER));

    // What waited for so long can't be completed any more, and nothing comes twice.
    shop.fake.with(|books| books.authenticate(&renewal, true));
    let version = account(server, "ada")["version"].clone();
    for (headers, body) in &webhooks {
        server.deliver(INBOX, headers, body).success();
    }
    assert_eq!(account(server, "ada")["version"], version);
    assert_eq!(shop.taken(), 2 * STARTER);
    shop.finish();
}

#[test]
fn a_customer_who_fails_to_authenticate_is_declined() {
    let shop = Shop::start();
    open(&shop.server, "ada", "pm_card_authenticationRequired");
    let waiting = subscribe(&shop.server, "ada", "starter").success();
    let intent = secret_of(&shop, &waiting["payment"]);
    shop.fake.with(|books| books.authenticate(&intent, false));
    shop.deliver();
    let failed = subscribe(&shop.server, "ada", "starter");
    assert_eq!((failed.status, failed.code()), (402, "payment_failed"));
    assert_eq!(failed.body["decline_code"], "payment_intent_authentication_failure");
    assert_eq!(shop.taken(), 0);
    shop.finish();
}

/// With an address to return to, Stripe has a page of its own.
#[test]
fn who_gives_an_address_to_return_to_gets_a_page() {
    let shop = Shop::start();
    open(&shop.server, "ada", "pm_card_authenticationRequired");
    let body = json!({"plan": "starter", "interval": "month",
        "return_url": "https://app.example/billing"});
    let waiting = shop.server.post(&path("ada", "subscription"), "page", &body).success();
    assert_eq!(waiting["payment"]["action_url"], "https://hooks.stripe.example/3ds");
    assert_eq!(waiting["payment"]["client_secret"], Value::Null);
    shop.finish();
}

#[test]
fn a_card_that_was_entered_at_stripe_is_the_accounts() {
    let shop = Shop::start();
    let server = &shop.server;
    server.post("/v1/accounts", "ada", &json!({"id": "ada"})).created();
    let started = server.post(&path("ada", "setup_sessions"), "setup", &json!({})).created();
    let session = started["id"].as_str().unwrap();
    assert_eq!(started["publishable_key"], PUBLISHABLE_KEY);
    assert!(started["client_secret"].as_str().unwrap().starts_with(session), "{started}");
    shop.fake.with(|books| books.confirm_setup(session));
    let methods = || server.get(&path("ada", "payment_methods")).success()["data"].clone();
    assert_eq!(methods(), json!([]));
    let webhooks = shop.deliver();
    assert_eq!(webhooks.len(), 1);
    assert_eq!(methods()[0]["card"]["last4"], "4242");
    assert_eq!(methods()[0]["default"], true);
    let shown = server.get(&path("ada", &format!("setup_sessions/{session}"))).success();
    assert_eq!(shown["status"], "succeeded");
    assert_eq!(shown["payment_method"], methods()[0]["id"]);
    let (headers, body) = &webhooks[0];
    server.deliver(INBOX, headers, body).success();
    assert_eq!(methods().as_array().unwrap().len(), 1);
    subscribe(server, "ada", "starter").success();
    shop.finish();
}

#[test]
fn a_dispute_is_noted_once() {
    let shop = Shop::start();
    open(&shop.server, "ada", "pm_card_visa");
    let bought = subscribe(&shop.server, "ada", "starter").success();
    let intent = shop.intent(&bought["payment"]["id"]);
    shop.deliver();
    shop.fake.with(|books| books.dispute(&intent));
    let before = account(&shop.server, "ada")["version"].as_u64().unwrap();
    let webhooks = shop.deliver();
    assert_eq!(webhooks.len(), 2, "it began, and it was lost");
    let after = account(&shop.server, "ada")["version"].clone();
    assert!(after.as_u64().unwrap() > before);
    for (headers, body) in webhooks.iter().rev() {
        shop.server.deliver(INBOX, headers, body).success();
    }
    assert_eq!(account(&shop.server, "ada")["version"], after, "repeated, and the wrong way round");
    shop.finish();
}
