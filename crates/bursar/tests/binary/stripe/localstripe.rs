//! The server against `localstripe`, in a process of its own: all of a customer's life, with real
//! webhooks.

use std::sync::Arc;

use bursar_payments::fake::Localstripe;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::super::server::Server;
use super::{INBOX, account, card, finish, open, path, state, subscribe, until, with_stripe};

struct Shop {
    server: Server,
    stripe: Arc<Localstripe>,
    runtime: Runtime,
    _dir: TempDir,
}

impl Shop {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let stripe = Localstripe::start();
        let (url, _) = runtime.block_on(stripe.proxy());
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let server = Server::spawn(&data, &mut with_stripe(&data, &url));
        runtime.block_on(stripe.tell(&format!("{}{INBOX}", server.url)));
        Self { server, stripe, runtime, _dir: dir }
    }

    /// What Stripe has of a kind.
    fn list(&self, what: &str) -> Vec<Value> {
        let list = self.runtime.block_on(self.stripe.ask("GET", &format!("/v1/{what}"), &[]));
        list["data"].as_array().unwrap().clone()
    }

    /// The payments that succeeded at Stripe: our name and the amount, in order of the name.
    fn paid(&self) -> Vec<(String, i64)> {
        let intents = self.list("payment_intents?limit=100").into_iter();
        let succeeded = intents.filter(|intent| intent["status"] == "succeeded");
        let mut paid: Vec<_> = succeeded
            .map(|intent| {
                let payment = intent["metadata"]["bursar_payment"].as_str().unwrap().to_owned();
                (payment, intent["amount"].as_i64().unwrap())
            })
            .collect();
        paid.sort();
        paid
    }

    /// Waits for the webhook that names this, and returns it.
    fn webhook(&self, kind: &str, name: &Value) -> (reqwest::header::HeaderMap, Vec<u8>) {
        let find = || {
            self.stripe.told().into_iter().find(|(_, body)| {
                let event: Value = serde_json::from_slice(body).unwrap();
                let object = &event["data"]["object"];
                event["type"] == kind && object["metadata"]["bursar_payment"] == *name
            })
        };
        until("the webhook comes", || find().is_some());
        find().unwrap()
    }
}

/// What a purchase paid: our name and the amount.
fn payment(bought: &Value) -> (String, i64) {
    assert_eq!(bought["status"], "succeeded", "{bought}");
    let payment = &bought["payment"];
    (payment["id"].as_str().unwrap().to_owned(), payment["amount"]["amount"].as_i64().unwrap())
}

#[test]
fn a_customer_buys_and_is_refunded_and_each_payment_is_at_stripe_once() {
    let shop = Shop::start();
    let server = &shop.server;
    open(server, "ada", "pm_card_visa");
    let started = subscribe(server, "ada", "starter").success();
    let pack = json!({"pack": "small"});
    let topup = server.post(&path("ada", "topups"), "pack", &pack).success();
    let upgraded = subscribe(server, "ada", "professional").success();
    assert_eq!(state(server, "ada"), "active");
    let mut expected = [&started, &topup, &upgraded].map(payment);
    expected.sort();
    assert_eq!(shop.paid(), expected);

    // A card that declines, on an account of its own.
    open(server, "eve", "pm_card_chargeCustomerFail");
    let declined = subscribe(server, "eve", "starter");
    assert_eq!((declined.status, declined.code()), (402, "payment_failed"));
    assert_eq!(state(server, "eve"), "none");
    assert_eq!(shop.paid(), expected, "nothing was taken");
    // With another one it works.
    card(server, "eve", "pm_card_visa").created();
    let body = json!({"plan": "starter", "interval": "month"});
    let second = server.post(&path("eve", "subscription"), "second", &body).success();
    let refunded = server.post(&path("eve", "subscription/refund"), "refund", &json!({})).success();
    assert_eq!(refunded["amount"]["amount"], payment(&second).1);
    until("the refund is made", || !shop.list("refunds?limit=100").is_empty());
    let refunds = shop.list("refunds?limit=100");
    assert_eq!(refunds.len(), 1);
    assert_eq!(refunds[0]["metadata"]["bursar_refund"], refunded["refunds"][0]["id"]);
    assert_eq!(refunds[0]["amount"], refunded["amount"]["amount"]);
    finish(shop.server, &[]);
}

#[test]
fn webhooks_are_believed_if_signed_and_change_nothing_twice() {
    let shop = Shop::start();
    let server = &shop.server;
    open(server, "ada", "pm_card_visa");
    let bought = subscribe(server, "ada", "starter").success();
    let (headers, body) = shop.webhook("payment_intent.succeeded", &bought["payment"]["id"]);
    // localstripe has sent it to the server, too; the server's own count says that it was taken.
    let heard = || {
        let metrics = server.get("/metrics").success();
        metrics
            .as_str()
            .unwrap()
            .lines()
            .any(|line| line.contains(INBOX) && line.contains("status=\"200\""))
    };
    until("the server hears it", heard);
    let before = account(server, "ada");
    let again = server.deliver(INBOX, &headers, &body);
    assert_eq!((again.status, &again.body), (200, &json!({"received": true})));

    let text = String::from_utf8(body.clone()).unwrap();
    let forged = text.replace("\"payment_intent.succeeded\"", "\"payment_intent.canceled\"");
    assert_ne!(forged, text);
    let refused = server.deliver(INBOX, &headers, forged.as_bytes());
    assert_eq!((refused.status, refused.code()), (400, "webhook_not_believed"));
    let unsigned = server.deliver(INBOX, &reqwest::header::HeaderMap::new(), &body);
    assert_eq!((unsigned.status, unsigned.code()), (400, "webhook_not_believed"));
    assert_eq!(account(server, "ada"), before);
    finish(shop.server, &[]);
}
