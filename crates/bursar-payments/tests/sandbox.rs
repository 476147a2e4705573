//! The sandbox passes the contract.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "these are tests")]

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
        let body = if approve { "answer=approve" } else { "answer=fail" };
        (self.0).answer_challenge(&secret(step), body.as_bytes(), &self.context()).unwrap();
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

mod scenarios {
    use std::time::Duration;

    use bursar_core::money::{Currency, Money};
    use bursar_core::time::Timestamp;
    use bursar_payments::sandbox::{LATENESS, Webhooks};
    use bursar_payments::{
        Attempt, DisputeStatus, NewCustomer, News, NotDone, PaymentRequest, Presence,
        ProviderError, ProviderEvent, RefundId, RefundRequest, RefundStatus, SetupForm,
        SetupStatus, StartSetup,
    };

    use super::*;

    fn at(second: u64) -> Context {
        Context {
            now: Timestamp::from_micros(1_800_000_000_000_000).after(Duration::from_secs(second)),
            ..support::context()
        }
    }

    fn config() -> SandboxConfig {
        SandboxConfig {
            base_url: "http://127.0.0.1:8080/sandbox".to_owned(),
            webhook_secret: Secret::new("whsec_sandbox"),
        }
    }

    async fn customer(sandbox: &Sandbox) -> CustomerRef {
        let customer = NewCustomer {
            key: "customer-1".parse().unwrap(),
            account: "ada".parse().unwrap(),
            email: Some("ada@example.com".to_owned()),
            name: Some("Ada".to_owned()),
        };
        sandbox.create_customer(&customer, &at(0)).await.unwrap()
    }

    /// A charge of 29 dollars by a token.
    async fn request(sandbox: &Sandbox, token: &str) -> PaymentRequest {
        PaymentRequest {
            id: PaymentId::generate(&at(0)),
            customer: customer(sandbox).await,
            method: token.parse().unwrap(),
            money: Money::new(2900, Currency::USD),
            description: "Invoice 2026-000001".to_owned(),
            presence: Presence::OffSession { mandate: None },
            attempt: Attempt::First,
        }
    }

    fn status(payment: Result<Payment, ProviderError>) -> PaymentStatus {
        payment.unwrap().status
    }

    fn due(sandbox: &Sandbox, second: u64) -> Vec<ProviderEvent> {
        let now = at(second).now;
        let due = sandbox.due_webhooks(now).unwrap().into_iter();
        due.map(|webhook| {
            sandbox.webhook_delivered(webhook.delivery).unwrap();
            let event = sandbox.verify_webhook(&webhook.headers, &webhook.body, now);
            event.unwrap()
        })
        .collect()
    }

    /// What webhooks say of payments, in the order of their arrival.
    fn told(sandbox: &Sandbox, second: u64) -> Vec<PaymentStatus> {
        let payments = due(sandbox, second).into_iter().filter_map(|event| match event.news {
            News::Payment(payment) => Some(payment.status),
            _ => None,
        });
        payments.collect()
    }

    #[tokio::test]
    async fn each_card_declines_as_its_name_says() {
        for (token, code) in [
            ("pm_card_chargeDeclined", "generic_decline"),
            ("pm_card_visa_chargeDeclined", "generic_decline"),
            ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
            ("pm_card_chargeDeclinedLostCard", "lost_card"),
            ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
            ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
            ("pm_card_chargeDeclinedProcessingError", "processing_error"),
            ("pm_card_chargeCustomerFail", "generic_decline"),
        ] {
            let sandbox = Sandbox::new(config());
            let request = request(&sandbox, token).await;
            let PaymentStatus::Declined(decline) = status(sandbox.charge(&request, &at(0)).await)
            else {
                panic!("{token}");
            };
            assert_eq!(decline.code, code, "{token}");
        }
    }

    #[tokio::test]
    async fn webhooks_come_as_the_card_says() {
        use PaymentStatus::{Processing, Succeeded};
        let late = LATENESS.as_secs();
        for (token, at_once, later) in [
            ("pm_card_visa", vec![Succeeded], vec![]),
            ("pm_sandbox_webhookLate", vec![], vec![Succeeded]),
            ("pm_sandbox_webhookLost", vec![], vec![]),
            ("pm_sandbox_webhookTwice", vec![Succeeded, Succeeded], vec![]),
            ("pm_sandbox_webhookReordered", vec![Succeeded], vec![Processing]),
        ] {
            let sandbox = Sandbox::new(config());
            let request = request(&sandbox, token).await;
            assert_eq!(status(sandbox.charge(&request, &at(0)).await), Succeeded, "{token}");
            assert_eq!(told(&sandbox, 0), at_once, "{token}");
            assert_eq!(told(&sandbox, late - 1), [], "{token}");
            assert_eq!(told(&sandbox, late), later, "{token}");
            assert_eq!(told(&sandbox, 100 * late), [], "{token}");
        }
    }

    #[tokio::test]
    async fn the_levers_hold_for_every_card_and_lost_webhooks_can_be_found() {
        let sandbox = Sandbox::new(config());
        sandbox.controls().webhooks(Webhooks::Lost).unwrap();
        let request = request(&sandbox, "pm_card_visa").await;
        sandbox.charge(&request, &at(0)).await.unwrap();
        assert_eq!(told(&sandbox, 1000), []);
        assert_eq!(sandbox.controls().find_lost_webhooks(at(2000).now), Ok(1));
        assert_eq!(told(&sandbox, 2000), [PaymentStatus::Succeeded]);
        sandbox.controls().decline_next("do_not_honor").unwrap();
        let next = PaymentRequest { id: PaymentId::generate(&at(1)), ..request };
        let declined = status(sandbox.charge(&next, &at(1)).await);
        assert!(matches!(declined, PaymentStatus::Declined(d) if d.code == "do_not_honor"));
    }

    #[tokio::test]
    async fn a_webhook_that_is_not_taken_comes_again() {
        let sandbox = Sandbox::new(config());
        let request = request(&sandbox, "pm_card_visa").await;
        sandbox.charge(&request, &at(0)).await.unwrap();
        let mut deliveries = Vec::new();
        for minute in 0..20 {
            let now = at(60 * minute).now;
            for webhook in sandbox.due_webhooks(now).unwrap() {
                let event = sandbox.verify_webhook(&webhook.headers, &webhook.body, now);
                deliveries.push(event.unwrap().id);
            }
        }
        assert_eq!(deliveries.len(), 10, "ten tries, each signed anew");
        deliveries.dedup();
        assert_eq!(deliveries.len(), 1, "under one name");
    }

    #[tokio::test]
    async fn what_is_processing_ends_with_or_without_a_webhook() {
        for (token, succeeds) in
            [("pm_sandbox_processing", true), ("pm_sandbox_processingFails", false)]
        {
            let sandbox = Sandbox::new(config());
            let request = request(&sandbox, token).await;
            let payment = sandbox.charge(&request, &at(0)).await.unwrap();
            assert_eq!(payment.status, PaymentStatus::Processing);
            let lookup = payment.lookup(&request.customer);
            let find = async |second| sandbox.payment(&lookup, &at(second)).await.unwrap().unwrap();
            assert_eq!(find(4).await.status, PaymentStatus::Processing);
            assert_eq!(find(5).await.status == PaymentStatus::Succeeded, succeeds, "{token}");
            assert_eq!(told(&sandbox, 5).len(), 2, "under way, then the result");
        }
    }

    #[tokio::test]
    async fn lost_requests_and_replies_are_unknown_and_end_in_one_charge() {
        for token in ["pm_sandbox_requestLost", "pm_sandbox_replyLost"] {
            let sandbox = Sandbox::new(config());
            let request = request(&sandbox, token).await;
            let lost = sandbox.charge(&request, &at(0)).await;
            assert!(matches!(lost, Err(ProviderError::Unknown(_))), "{token}");
            let again = sandbox.charge(&request, &at(1)).await;
            assert_eq!(status(again), PaymentStatus::Succeeded, "{token}");
            assert_eq!(sandbox.controls().kept(request.id), 2900, "{token}");
        }
    }

    #[tokio::test]
    async fn a_dispute_follows_the_card_or_the_lever_and_moves_on() {
        let sandbox = Sandbox::new(config());
        let request = request(&sandbox, "pm_card_createDispute").await;
        sandbox.charge(&request, &at(0)).await.unwrap();
        let disputes = |second| -> Vec<_> {
            let events = due(&sandbox, second).into_iter();
            events
                .filter_map(|event| match event.news {
                    News::Dispute(dispute) => Some((dispute.reference, dispute.status)),
                    _ => None,
                })
                .collect()
        };
        let first = disputes(0);
        assert_eq!(first[0].1, DisputeStatus::NeedsResponse);
        let controls = sandbox.controls();
        controls.move_dispute(&first[0].0, DisputeStatus::Lost, at(1).now).unwrap();
        assert_eq!(disputes(1), [(first[0].0.clone(), DisputeStatus::Lost)]);
        controls.dispute(request.id, "fraudulent", at(2).now).unwrap();
        assert_eq!(disputes(2).len(), 1);
        let nothing = controls.dispute(PaymentId::generate(&at(9)), "x", at(2).now);
        assert_eq!(nothing, Err(NotDone::Missing("payment").into()));
    }

    #[tokio::test]
    async fn refunds_may_take_time_or_come_back() {
        for (token, first, then) in [
            ("pm_card_visa", "succeeded", "succeeded"),
            ("pm_card_pendingRefund", "pending", "succeeded"),
            ("pm_card_refundFail", "succeeded", "failed"),
        ] {
            let sandbox = Sandbox::new(config());
            let request = request(&sandbox, token).await;
            let payment = sandbox.charge(&request, &at(0)).await.unwrap();
            let refund = RefundRequest {
                id: RefundId::generate(&at(0)),
                payment: payment.reference.unwrap(),
                money: request.money,
                attempt: Attempt::First,
            };
            let name = |status: &RefundStatus| match status {
                RefundStatus::Pending => "pending",
                RefundStatus::Succeeded => "succeeded",
                RefundStatus::Failed { .. } => "failed",
                RefundStatus::Cancelled => "cancelled",
            };
            let made = sandbox.refund(&refund, &at(0)).await.unwrap();
            assert_eq!(name(&made.status), first, "{token}");
            let later = sandbox.refund(&refund, &at(10)).await.unwrap();
            assert_eq!(name(&later.status), then, "{token}");
            let kept = if then == "failed" { 2900 } else { 0 };
            assert_eq!(sandbox.controls().kept(request.id), kept, "{token}");
        }
    }

    async fn session(sandbox: &Sandbox, return_url: Option<&str>) -> (SetupRef, String) {
        let start = StartSetup {
            key: "setup-1".parse().unwrap(),
            customer: customer(sandbox).await,
            return_url: return_url.map(str::to_owned),
            form: SetupForm::default(),
        };
        let session = sandbox.start_setup(&start, &at(0)).await.unwrap();
        (session.reference, secret(&session.form))
    }

    fn typed(number: &str) -> Vec<u8> {
        let fields = [("number", number), ("expiry", "12 / 34"), ("cvc", "123")];
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields).finish().into_bytes()
    }

    #[tokio::test]
    async fn the_form_refuses_what_is_not_a_test_card_and_keeps_nothing() {
        let sandbox = Sandbox::new(config());
        let (setup, secret) = session(&sandbox, None).await;
        for number in ["4111 1111 1111 1111", "4539578763621486", "1", "", "4242424242424243"] {
            let FormReply::Page(page) =
                sandbox.submit_card(&secret, &typed(number), &at(0)).unwrap()
            else {
                panic!("a page");
            };
            assert_eq!(page.status, 422);
            assert!(page.html.contains("test cards only"));
            let digits: String = number.chars().filter(char::is_ascii_digit).collect();
            let state = serde_json::to_string(&sandbox.state()).unwrap();
            for place in [&page.html, &state, &format!("{:?}", sandbox.state())] {
                let seen = digits.len() > 4 && (place.contains(&digits) || place.contains(number));
                assert!(!seen, "{number}");
            }
        }
        let left = sandbox.setup(&setup, &at(0)).await.unwrap().unwrap();
        assert_eq!(left.status, SetupStatus::Open);
    }

    #[tokio::test]
    async fn no_card_number_is_anywhere_after_a_card_was_entered() {
        for number in ["4242 4242 4242 4242", "4000-0027-6000-3184", "4000000000009995"] {
            let sandbox = Sandbox::new(config());
            let (_, secret) = session(&sandbox, None).await;
            let reply = sandbox.submit_card(&secret, &typed(number), &at(0)).unwrap();
            let webhooks = sandbox.due_webhooks(at(0).now).unwrap();
            let digits: String = number.chars().filter(char::is_ascii_digit).collect();
            let state = serde_json::to_string(&sandbox.state()).unwrap();
            for place in [state, format!("{webhooks:?}"), format!("{:?}", sandbox.state())] {
                assert!(!place.contains(&digits) && !place.contains(number), "{place}");
            }
            if let FormReply::Page(page) = reply {
                // The form shows its examples; what was typed isn't in a field.
                assert!(!page.html.contains("value="), "{}", page.html);
            }
        }
    }

    #[tokio::test]
    async fn what_is_typed_wrong_is_said() {
        let sandbox = Sandbox::new(config());
        let (_, secret) = session(&sandbox, None).await;
        for (form, said) in [
            ("number=4242424242424242&expiry=1234&cvc=123", "MM/YY"),
            ("number=4242424242424242&expiry=13/34&cvc=123", "MM/YY"),
            ("number=4242424242424242&expiry=01/20&cvc=123", "expired"),
            ("number=4242424242424242&expiry=12/34&cvc=x", "security code"),
            ("", "MM/YY"),
        ] {
            let reply = sandbox.submit_card(&secret, form.as_bytes(), &at(0)).unwrap();
            let FormReply::Page(page) = reply else {
                panic!("a page");
            };
            assert!(page.status == 422 && page.html.contains(said), "{form}");
        }
        let declined = sandbox.submit_card(&secret, &typed("4000000000009995"), &at(0)).unwrap();
        let FormReply::Page(page) = declined else {
            panic!("a page");
        };
        assert!(page.status == 402 && page.html.contains("insufficient funds"));
        assert_eq!(sandbox.card_form(&secret).status, 200, "another card may be tried");
        assert_eq!(sandbox.card_form("guess").status, 404);
    }

    /// "Authenticate unless set up": once on the page, then never again.
    #[tokio::test]
    async fn a_card_authenticated_in_the_form_pays_while_its_holder_is_absent() {
        let sandbox = Sandbox::new(config());
        let (setup, secret) = session(&sandbox, Some("https://app.example/back?a=1")).await;
        let reply = sandbox.submit_card(&secret, &typed("4000002500003155"), &at(0)).unwrap();
        let FormReply::Redirect(challenge) = reply else {
            panic!("to the bank's page");
        };
        let page = challenge.rsplit('/').next().unwrap();
        assert!(sandbox.challenge(page).html.contains("3155"));
        let reply = sandbox.answer_challenge(page, b"answer=approve", &at(0)).unwrap();
        let back = "https://app.example/back?a=1&setup=succeeded".to_owned();
        assert_eq!(reply, FormReply::Redirect(back));
        assert_eq!(sandbox.challenge(page).status, 404, "a page answers once");
        let done = sandbox.setup(&setup, &at(0)).await.unwrap().unwrap();
        let SetupStatus::Succeeded { method, mandate } = done.status else {
            panic!("succeeded");
        };
        let absent = PaymentRequest {
            method,
            presence: Presence::OffSession { mandate },
            ..request(&sandbox, "pm_card_visa").await
        };
        let paid = status(sandbox.charge(&absent, &at(0)).await);
        assert_eq!(paid, PaymentStatus::Succeeded);
        // By its token alone it isn't set up.
        let bare = request(&sandbox, "pm_card_authenticationRequiredOnSetup").await;
        let waits = status(sandbox.charge(&bare, &at(0)).await);
        assert!(matches!(waits, PaymentStatus::RequiresAction(_)));
    }

    #[tokio::test]
    async fn the_same_calls_give_the_same_state() {
        let run = async || {
            let sandbox = Sandbox::new(config());
            let (_, secret) = session(&sandbox, None).await;
            sandbox.submit_card(&secret, &typed("4242424242424242"), &at(0)).unwrap();
            serde_json::to_string(&sandbox.state()).unwrap()
        };
        assert_eq!(run().await, run().await);
    }

    #[tokio::test]
    async fn pages_need_nothing_from_outside_and_escape_what_they_show() {
        let sandbox = Sandbox::new(config());
        let (_, form) = session(&sandbox, None).await;
        let hostile = PaymentRequest {
            description: "<script>alert(1)</script>".to_owned(),
            ..request(&sandbox, "pm_card_authenticationRequired").await
        };
        let PaymentStatus::RequiresAction(step) = status(sandbox.charge(&hostile, &at(0)).await)
        else {
            panic!("waits");
        };
        for html in [sandbox.card_form(&form).html, sandbox.challenge(&secret(&step)).html] {
            assert!(!html.contains("<script"), "{html}");
            assert!(!html.contains(" style="), "{html}");
            assert_eq!(html.matches("http").count(), 2, "its own stylesheet and form: {html}");
        }
    }
}
