//! What can go wrong between the server and Stripe: each payment is made, and once.

use std::time::Duration;

use bursar_payments::fake::Fault;
use serde_json::Value;

use super::{STARTER, Shop, account, card, open, state, subscribe, until};

/// What goes wrong with the charge, and what is paid in the end all the same.
#[test]
fn a_payment_comes_through_what_goes_wrong_on_the_way_and_is_made_once() {
    let shop = Shop::start();
    let lost = vec![Fault::BreaksAfter; 3];
    for (name, faults) in [
        ("breaks", vec![Fault::BreaksBefore]),
        ("lost", vec![Fault::BreaksAfter]),
        // So that the call gives up, and the outbox asks what became of it.
        ("lost-often", lost),
        ("too-many", vec![Fault::Refused(429, &[("retry-after", "0")])]),
        ("down", vec![Fault::Refused(503, &[]), Fault::Refused(500, &[])]),
        ("down-for-long", vec![Fault::Refused(500, &[]); 4]),
        // It is done, and 500 is what Stripe says under this key from then on.
        ("fails-after", vec![Fault::Fails(500)]),
        ("garbage", vec![Fault::Garbage]),
    ] {
        open(&shop.server, name, "pm_card_visa");
        let before = shop.taken();
        shop.fake.fail_next(faults);
        let bought = subscribe(&shop.server, name, "starter").success();
        assert_eq!(bought["status"], "succeeded", "{name}");
        let payment = &bought["payment"]["id"];
        shop.intent(payment);
        assert_eq!(shop.kept(payment), STARTER, "{name}");
        assert_eq!(shop.taken() - before, STARTER, "{name}");
    }
    let (requests, keys) = shop.fake.requests("POST", "/v1/payment_intents");
    assert!(requests > keys, "{requests} requests under {keys} keys: one for each payment");
    assert_eq!(keys, 8);
    shop.finish();
}

/// A reply that is lost after a card was attached or a customer made: neither is made twice.
#[test]
fn cards_and_customers_come_through_too() {
    let shop = Shop::start();
    let id = serde_json::json!({"id": "ada"});
    shop.server.post("/v1/accounts", "ada", &id).created();
    shop.fake.fail_next([Fault::BreaksAfter]);
    let session = serde_json::json!({});
    shop.server.post("/v1/accounts/ada/setup_sessions", "setup", &session).created();
    shop.fake.fail_next([Fault::BreaksAfter, Fault::Refused(500, &[])]);
    card(&shop.server, "ada", "pm_card_visa").created();
    assert_eq!(shop.fake.requests("POST", "/v1/customers"), (2, 1));
    let tries = shop.fake.requests("POST", "/v1/payment_methods/pm_card_visa/attach");
    assert_eq!(tries, (3, 1));
    subscribe(&shop.server, "ada", "starter").success();
    shop.finish();
}

#[test]
fn the_webhook_overtakes_the_reply() {
    let shop = Shop::start();
    open(&shop.server, "ada", "pm_card_visa");
    shop.fake.fail_next([Fault::Slow(Duration::from_secs(4))]);
    let bought = std::thread::scope(|scope| {
        let buying = scope.spawn(|| subscribe(&shop.server, "ada", "starter").success());
        until("Stripe has charged", || shop.taken() > 0);
        assert_eq!(state(&shop.server, "ada"), "incomplete");
        assert_eq!(shop.deliver().len(), 1);
        assert_eq!(state(&shop.server, "ada"), "active", "Stripe's reply isn't there yet");
        buying.join().unwrap()
    });
    assert_eq!(bought["status"], "succeeded");
    let version = account(&shop.server, "ada")["version"].clone();
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(account(&shop.server, "ada")["version"], version, "the reply changes nothing");
    assert_eq!(shop.kept(&bought["payment"]["id"]), STARTER);
    shop.finish();
}

#[test]
fn a_server_that_dies_during_a_charge_finds_it_again() {
    let shop = Shop::start();
    open(&shop.server, "ada", "pm_card_visa");
    shop.fake.fail_next([Fault::Slow(Duration::from_secs(3))]);
    let api = shop.server.api();
    let body = serde_json::json!({"plan": "starter", "interval": "month"});
    let buying = std::thread::spawn(move || {
        api.post("/v1/accounts/ada/subscription", "starter", &body).is_err()
    });
    until("Stripe has charged", || shop.taken() > 0);
    let shop = shop.crash();
    assert!(buying.join().unwrap(), "the reply was lost");
    until("it is active", || state(&shop.server, "ada") == "active");
    // The repeat of what got no reply is answered with what came of it.
    let again = subscribe(&shop.server, "ada", "starter");
    assert!(again.replayed, "{again:?}");
    let bought = again.success();
    assert_eq!(bought["status"], "succeeded");
    shop.intent(&bought["payment"]["id"]);
    assert_eq!((shop.taken(), shop.kept(&bought["payment"]["id"])), (STARTER, STARTER));
    shop.finish();
}

/// What Stripe won't do however often it is asked.
#[test]
fn a_refusal_that_will_not_pass_is_a_failed_payment() {
    let shop = Shop::start();
    open(&shop.server, "ada", "pm_card_visa");
    shop.fake.fail_next([Fault::Refused(400, &[])]);
    let refused = subscribe(&shop.server, "ada", "starter");
    assert_eq!((refused.status, refused.code()), (402, "payment_failed"));
    assert_eq!(refused.body["decline_code"], "provider_refused");
    assert_eq!(shop.taken(), 0);
    assert_eq!(account(&shop.server, "ada")["open_payments"], Value::Array(Vec::new()));
    shop.finish();
}
