//! Messages of payment providers, rightly signed: what is signed is believed, but need not make sense.

use bursar_core::id::AccountId;
use bursar_payments::stripe::{SIGNATURE_HEADER, Stripe, StripeConfig};
use bursar_payments::{PaymentProvider, Secret};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;
use sha2::Sha256;

use crate::office::{Office, block_on};

const SECRET: &str = "whsec_fuzz";

/// A message is read or refused, applied or passed over; told twice it changes nothing more, and the
/// books are right.
///
/// `$PAYMENT` in it stands for a payment of ours.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    block_on(async {
        let office = Office::open().await;
        let payment = buy(&office).await;
        let body = text.replace("$PAYMENT", &payment).into_bytes();
        let stripe = Stripe::new(StripeConfig::new(
            Secret::new("sk_test_fuzz"),
            "pk_test_fuzz".to_owned(),
            vec![Secret::new(SECRET)],
        ));
        let stripe = stripe.expect("an adapter");
        let now = office.engine.wall_now();
        let headers = signed(&body, now.micros() / 1_000_000);
        if let Ok(event) = stripe.verify_webhook(&headers, &body, now) {
            let first = office.engine.hear_provider(event.clone()).await;
            let before = version(&office).await;
            let again = office.engine.hear_provider(event).await;
            if first.is_ok() && again.is_ok() {
                assert_eq!(version(&office).await, before, "told twice, done twice");
            }
        }
        office.close().await;
    });
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

fn signed(body: &[u8], second: i64) -> HeaderMap {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key of any length");
    mac.update(format!("{second}.").as_bytes());
    mac.update(body);
    let signature = HEXLOWER.encode(&mac.finalize().into_bytes());
    let value = HeaderValue::from_str(&format!("t={second},v1={signature}"));
    HeaderMap::from_iter([(SIGNATURE_HEADER, value.expect("a header"))])
}
