//! Messages of payment providers. Rightly signed ones are believed, but need not make sense; whoever signs
//! wrongly is not heard.

use bursar_core::id::AccountId;
use bursar_payments::stripe::{self, Stripe, StripeConfig};
use bursar_payments::{PaymentProvider, Secret, sandbox};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use sha2::Sha256;

use crate::office::{Office, SANDBOX_SECRET, block_on};

const SECRET: &str = "whsec_fuzz";

/// A message is read or refused, applied or passed over; told twice it changes nothing more, and the
/// books are right.
///
/// `$PAYMENT` in it stands for a payment of ours. A first line `> …` is what the header of its signature
/// says, where `$SECOND` and `$SIGNATURE` stand for what it should say, and `$BEGINNING` for too little of the
/// signature. The sandbox hears it, too.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    block_on(async {
        let office = Office::open().await;
        let payment = buy(&office).await;
        let (header, body) = match text.strip_prefix("> ").and_then(|it| it.split_once('\n')) {
            Some((header, body)) => (header, body),
            None => ("t=$SECOND,v1=$SIGNATURE", text),
        };
        let body = body.replace("$PAYMENT", &payment).into_bytes();
        let stripe = Stripe::new(StripeConfig::new(
            Secret::new("sk_test_fuzz"),
            "pk_test_fuzz".to_owned(),
            vec![Secret::new(SECRET)],
        ));
        let stripe = stripe.expect("an adapter");
        hear(&office, &stripe, SECRET, &stripe::SIGNATURE_HEADER, header, &body).await;
        let (sandbox, name) = (&*office.sandbox, &sandbox::SIGNATURE_HEADER);
        hear(&office, sandbox, SANDBOX_SECRET, name, header, &body).await;
        office.close().await;
    });
}

async fn hear(
    office: &Office,
    provider: &dyn PaymentProvider,
    secret: &str,
    name: &HeaderName,
    header: &str,
    body: &[u8],
) {
    let now = office.engine.wall_now();
    let second = (now.micros() / 1_000_000).to_string();
    let right = signature(secret, &second, body);
    let beginning = right.get(..8).unwrap_or_default();
    let header = header.replace("$SECOND", &second).replace("$SIGNATURE", &right);
    let header = header.replace("$BEGINNING", beginning);
    let Ok(value) = HeaderValue::from_bytes(header.as_bytes()) else {
        return;
    };
    let headers = HeaderMap::from_iter([(name.clone(), value)]);
    let Ok(event) = provider.verify_webhook(&headers, body, now) else {
        return;
    };
    assert!(header.contains(&right), "believed with {header:?}");
    let first = office.engine.hear_provider(event.clone()).await;
    let before = version(office).await;
    let again = office.engine.hear_provider(event).await;
    if first.is_ok() && again.is_ok() {
        assert_eq!(version(office).await, before, "told twice, done twice");
    }
}

fn ada() -> AccountId {
    "ada".parse().expect("an id")
}

/// An account whose payment waits for its customer; the payment's id.
async fn buy(office: &Office) -> String {
    office.post("/v1/accounts", r#"{"id": "ada"}"#).await;
    let card = r#"{"token": "pm_card_authenticationRequired"}"#;
    office.post("/v1/accounts/ada/payment_methods", card).await;
    let plan = r#"{"plan": "professional", "interval": "month"}"#;
    let sold = office.post("/v1/accounts/ada/subscription", plan).await;
    let id = sold.pointer("/payment/id").and_then(Value::as_str);
    id.unwrap_or_else(|| panic!("no payment: {sold}")).to_owned()
}

async fn version(office: &Office) -> u64 {
    let view = office.engine.view(&ada()).await.expect("an answer").expect("an account");
    view.account.version
}

fn signature(secret: &str, second: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(format!("{second}.").as_bytes());
    mac.update(body);
    HEXLOWER.encode(&mac.finalize().into_bytes())
}
