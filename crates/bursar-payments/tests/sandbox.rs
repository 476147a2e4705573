//! The sandbox passes the contract.

mod support;

use async_trait::async_trait;
use bursar_core::Context;
use bursar_payments::contract::{Behaviour, Harness, Lacks};
use bursar_payments::id::{CustomerRef, MethodRef, SetupRef};
use bursar_payments::sandbox::{FormReply, Loss, Sandbox, SandboxConfig};
use bursar_payments::{
    AttachMethod, Attachment, CustomerStep, Payment, PaymentId, PaymentProvider, PaymentStatus,
    Secret,
};
use http::HeaderMap;

bursar_payments::provider_contract!(sandbox);

async fn sandbox() -> InProcess {
    InProcess(Sandbox::new(SandboxConfig {
        base_url: "http://127.0.0.1:8080/sandbox".to_owned(),
        webhook_secret: Secret::new("whsec_sandbox"),
    }))
}

struct InProcess(Sandbox);

/// The last part of a page's address.
fn secret(step: &CustomerStep) -> String {
    let CustomerStep::Page { url } = step else {
        panic!("a page");
    };
    url.rsplit('/').next().unwrap().to_owned()
}

#[async_trait]
impl Harness for InProcess {
    fn provider(&self) -> &dyn PaymentProvider {
        &self.0
    }

    fn lacks(&self) -> Lacks {
        Lacks::default()
    }

    fn context(&self) -> Context {
        support::context()
    }

    async fn method(&self, customer: &CustomerRef, behaviour: Behaviour) -> MethodRef {
        let token = match behaviour {
            Behaviour::Pays => "pm_card_visa",
            Behaviour::Declines => "pm_card_chargeCustomerFail",
            Behaviour::HasNoFunds => "pm_card_chargeDeclinedInsufficientFunds",
            Behaviour::Authenticates => "pm_card_authenticationRequired",
        };
        let attach = AttachMethod {
            key: format!("{customer}-{token}").parse().unwrap(),
            customer: customer.clone(),
            token: token.parse().unwrap(),
        };
        let attached = self.0.attach(&attach, &self.context()).await.unwrap();
        let Attachment::Attached(method) = attached else {
            panic!("attached");
        };
        method.reference
    }

    async fn kept(&self, payment: PaymentId) -> i64 {
        self.0.controls().kept(payment)
    }

    async fn lose_next_reply(&self) {
        self.0.controls().lose_next(Loss::Reply).unwrap();
    }

    async fn complete_setup(&self, setup: &SetupRef) {
        let state = serde_json::to_value(self.0.state()).unwrap();
        let secret = state["setups"][setup.as_str()]["secret"].as_str().unwrap();
        let body = b"number=4242+4242+4242+4242&expiry=12%2F34&cvc=123";
        let reply = self.0.submit_card(secret, body, &self.context()).unwrap();
        let back = "https://app.example/billing?setup=succeeded".to_owned();
        assert_eq!(reply, FormReply::Redirect(back));
    }

    async fn authenticate(&self, payment: &Payment, approve: bool) {
        let PaymentStatus::RequiresAction(step) = &payment.status else {
            panic!("waits");
        };
        let body = if approve {
            "answer=approve"
        } else {
            "answer=fail"
        };
        (self.0)
            .answer_challenge(&secret(step), body.as_bytes(), &self.context())
            .unwrap();
    }

    async fn webhooks(&self) -> Vec<(HeaderMap, Vec<u8>)> {
        let due = self.0.due_webhooks(self.context().now).unwrap();
        (due.into_iter())
            .map(|webhook| {
                self.0.webhook_delivered(webhook.delivery).unwrap();
                (webhook.headers, webhook.body)
            })
            .collect()
    }
}
