//! The Stripe adapter passes the contract against `localstripe`, someone else's reading of Stripe's
//! documents, in a process of its own.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bursar_core::Context;
use bursar_payments::contract::{Behaviour, Harness, Lacks};
use bursar_payments::fake::Localstripe;
use bursar_payments::fake::localstripe::Between;
use bursar_payments::id::{CustomerRef, MethodRef, SetupRef};
use bursar_payments::stripe::Stripe;
use bursar_payments::{AttachMethod, Attachment, Payment, PaymentId, PaymentProvider};
use http::HeaderMap;
use serde_json::Value;

bursar_payments::provider_contract!(localstripe_behind_a_proxy);

/// The one that all tests of this binary share.
fn server() -> &'static Arc<Localstripe> {
    static SERVER: OnceLock<Arc<Localstripe>> = OnceLock::new();
    SERVER.get_or_init(Localstripe::start)
}

struct Local {
    between: Arc<Between>,
    stripe: Stripe,
}

async fn localstripe_behind_a_proxy() -> Local {
    let (url, between) = server().proxy().await;
    Local { between, stripe: Stripe::new(support::stripe_config(url)).unwrap() }
}

#[async_trait]
impl Harness for Local {
    fn provider(&self) -> &dyn PaymentProvider {
        &self.stripe
    }

    fn lacks(&self) -> Lacks {
        Lacks { keys: true, funds: true, authentication: true, limits: true }
    }

    fn context(&self) -> Context {
        support::context()
    }

    async fn method(&self, customer: &CustomerRef, behaviour: Behaviour) -> MethodRef {
        let token = match behaviour {
            Behaviour::Pays => "pm_card_visa",
            _ => "pm_card_chargeCustomerFail",
        };
        let attach = AttachMethod {
            key: format!("{customer}-{token}").parse().unwrap(),
            customer: customer.clone(),
            token: token.parse().unwrap(),
        };
        match self.stripe.attach(&attach, &self.context()).await.unwrap() {
            Attachment::Attached(method) => method.reference,
            Attachment::Declined(decline) => panic!("{decline:?}"),
        }
    }

    /// Asked of the server itself, past the adapter.
    async fn kept(&self, payment: PaymentId) -> i64 {
        let sum = |list: &Value, name: &str| -> i64 {
            let amounts = list["data"].as_array().unwrap().iter();
            amounts.map(|it| it[name].as_i64().unwrap()).sum()
        };
        let payment = payment.to_string();
        let intents = server().ask("GET", "/v1/payment_intents?limit=1000", &[]).await;
        let mut kept = 0;
        for intent in intents["data"].as_array().unwrap() {
            if intent["metadata"]["bursar_payment"] == payment && intent["status"] == "succeeded" {
                let id = intent["id"].as_str().unwrap();
                let path = format!("/v1/refunds?payment_intent={id}");
                let refunds = server().ask("GET", &path, &[]).await;
                kept += intent["amount"].as_i64().unwrap() - sum(&refunds, "amount");
            }
        }
        kept
    }

    async fn lose_next_reply(&self) {
        self.between.lose_next_reply();
    }

    async fn complete_setup(&self, setup: &SetupRef) {
        let path = format!("/v1/setup_intents/{setup}/confirm");
        server().ask("POST", &path, &[("payment_method", "pm_card_visa")]).await;
    }

    async fn authenticate(&self, _payment: &Payment, _approve: bool) {
        panic!("localstripe can't");
    }

    async fn webhooks(&self) -> Vec<(HeaderMap, Vec<u8>)> {
        // They come a second after what they tell.
        for _ in 0..100 {
            let webhooks = self.between.webhooks();
            if !webhooks.is_empty() {
                return webhooks;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("no webhook came");
    }
}
