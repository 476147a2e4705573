//! The Stripe adapter passes the contract against a small fake of ours, and survives what can go
//! wrong between the two.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::time::Duration;

use async_trait::async_trait;
use bursar_core::Context;
use bursar_core::money::{Currency, Money};
use bursar_payments::contract::{Behaviour, Harness, Lacks};
use bursar_payments::fake::{FakeStripe, Fault};
use bursar_payments::id::{CustomerRef, MethodRef, SetupRef};
use bursar_payments::stripe::{Stripe, StripeConfig};
use bursar_payments::{
    AttachMethod, Attachment, Attempt, CustomerStep, DisputeStatus, NewCustomer, News, NotDone,
    Payment, PaymentId, PaymentLookup, PaymentProvider, PaymentRequest, PaymentStatus, Presence,
    ProviderError, ProviderEvent, SetupForm, SetupStatus, Severity, StartSetup,
};
use http::HeaderMap;

bursar_payments::provider_contract!(fake);

struct Fake {
    server: FakeStripe,
    stripe: Stripe,
}

async fn fake() -> Fake {
    fake_with(|_| {}).await
}

async fn fake_with(change: impl FnOnce(&mut StripeConfig)) -> Fake {
    let server = FakeStripe::start().await;
    let mut config = support::stripe_config(server.url.clone());
    change(&mut config);
    Fake { server, stripe: Stripe::new(config).unwrap() }
}

#[async_trait]
impl Harness for Fake {
    fn provider(&self) -> &dyn PaymentProvider {
        &self.stripe
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
            // Can't be attached; is charged by its token.
            Behaviour::HasNoFunds => {
                return "pm_card_chargeDeclinedInsufficientFunds".parse().unwrap();
            }
            Behaviour::Authenticates => "pm_card_authenticationRequired",
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

    async fn kept(&self, payment: PaymentId) -> i64 {
        self.server.with(|books| books.kept(&payment.to_string()))
    }

    async fn lose_next_reply(&self) {
        self.server.fail_next([Fault::BreaksAfter]);
    }

    async fn complete_setup(&self, setup: &SetupRef) {
        self.server.with(|books| books.confirm_setup(setup.as_str()));
    }

    async fn authenticate(&self, payment: &Payment, approve: bool) {
        let intent = payment.reference.clone().unwrap();
        self.server.with(|books| books.authenticate(intent.as_str(), approve));
    }

    async fn webhooks(&self) -> Vec<(HeaderMap, Vec<u8>)> {
        self.server.webhooks(self.context().now.micros() / 1_000_000)
    }
}

impl Fake {
    async fn request(&self, behaviour: Behaviour) -> PaymentRequest {
        let id = PaymentId::generate(&self.context());
        let customer = NewCustomer {
            key: format!("customer-{id}").parse().unwrap(),
            account: "ada".parse().unwrap(),
            email: None,
            name: None,
        };
        let customer = self.stripe.create_customer(&customer, &self.context()).await.unwrap();
        PaymentRequest {
            id,
            method: self.method(&customer, behaviour).await,
            customer,
            money: Money::new(2900, Currency::USD),
            description: "Invoice 2026-000001".to_owned(),
            presence: Presence::OffSession { mandate: None },
            attempt: Attempt::First,
        }
    }

    async fn charge(&self, request: &PaymentRequest) -> Result<PaymentStatus, ProviderError> {
        let made = self.stripe.charge(request, &self.context()).await;
        made.map(|payment| payment.status)
    }

    async fn events(&self) -> Vec<ProviderEvent> {
        let now = self.context().now;
        let webhooks = self.webhooks().await.into_iter();
        webhooks
            .map(|(headers, body)| self.stripe.verify_webhook(&headers, &body, now).unwrap())
            .collect()
    }

    fn charges(&self) -> (usize, usize) {
        self.server.requests("POST", "/v1/payment_intents")
    }
}

fn again(request: &PaymentRequest) -> PaymentRequest {
    PaymentRequest { attempt: Attempt::Again, ..request.clone() }
}

/// A patient adapter: three attempts in one call.
async fn patient() -> Fake {
    fake_with(|config| config.attempts = 3).await
}

const PAID: Result<PaymentStatus, ProviderError> = Ok(PaymentStatus::Succeeded);

/// One fault of each kind, and how one call with three attempts ends: paid, once, under one key.
#[tokio::test]
async fn a_passing_fault_is_overcome_under_the_same_key() {
    for fault in [
        Fault::BreaksBefore,
        Fault::BreaksAfter,
        Fault::Refused(429, &[]),
        Fault::Refused(429, &[("retry-after", "0")]),
        Fault::Refused(503, &[]),
        Fault::Refused(409, &[]),
        Fault::Refused(400, &[("stripe-should-retry", "true")]),
    ] {
        let fake = patient().await;
        let request = fake.request(Behaviour::Pays).await;
        fake.server.fail_next([fault.clone()]);
        assert_eq!(fake.charge(&request).await, PAID, "{fault:?}");
        assert_eq!(fake.charges(), (2, 1), "{fault:?}: two requests, one key");
        assert_eq!(fake.kept(request.id).await, 2900, "{fault:?}");
    }
}

#[tokio::test]
async fn attempts_are_bounded() {
    let fake = patient().await;
    let request = fake.request(Behaviour::Pays).await;
    fake.server.fail_next(vec![Fault::Refused(429, &[]); 9]);
    let refused = fake.charge(&request).await;
    assert!(
        matches!(&refused, Err(ProviderError::NotDone(NotDone::Unavailable { .. }))),
        "certainly not done: {refused:?}"
    );
    assert_eq!(fake.charges(), (3, 1));
    let told_not_to = Fault::Refused(503, &[("stripe-should-retry", "false")]);
    let fake = patient().await;
    let request = fake.request(Behaviour::Pays).await;
    fake.server.fail_next([told_not_to]);
    assert!(matches!(fake.charge(&request).await, Err(ProviderError::Unknown(_))));
    assert_eq!(fake.charges(), (1, 1));
}

/// A charge that may have been made isn't "not done" because the next attempt wasn't.
#[tokio::test]
async fn doubt_stays_whatever_comes_after_it() {
    for then in [Fault::Refused(429, &[]), Fault::Refused(400, &[]), Fault::Refused(401, &[])] {
        let fake = patient().await;
        let request = fake.request(Behaviour::Pays).await;
        fake.server.fail_next([Fault::BreaksAfter, then.clone(), then.clone()]);
        let outcome = fake.charge(&request).await;
        assert!(matches!(outcome, Err(ProviderError::Unknown(_))), "{then:?}: {outcome:?}");
        assert_eq!(fake.charge(&again(&request)).await, PAID);
        assert_eq!(fake.kept(request.id).await, 2900);
    }
}

/// The charge is made, and the reply comes after we gave up waiting. Meanwhile the key is in use.
#[tokio::test]
async fn a_time_out_after_the_charge_was_made_charges_once() {
    let fake = fake_with(|config| {
        config.attempts = 2;
        config.timeout = Duration::from_millis(150);
    })
    .await;
    let request = fake.request(Behaviour::Pays).await;
    fake.server.fail_next([Fault::Slow(Duration::from_millis(400))]);
    let outcome = fake.charge(&request).await;
    assert!(matches!(outcome, Err(ProviderError::Unknown(_))), "{outcome:?}");
    let lookup =
        PaymentLookup { id: request.id, customer: request.customer.clone(), reference: None };
    let found = fake.stripe.payment(&lookup, &fake.context()).await.unwrap().unwrap();
    assert_eq!(found.status, PaymentStatus::Succeeded);
    assert_eq!(fake.charge(&again(&request)).await, PAID);
    assert_eq!(fake.kept(request.id).await, 2900);
}

/// A failure of Stripe's after the charge, remembered under its key: the same key would fail for a
/// day, but the payment is there to be found.
#[tokio::test]
async fn a_server_error_after_the_charge_is_found_out() {
    let fake = patient().await;
    let request = fake.request(Behaviour::Pays).await;
    fake.server.fail_next([Fault::Fails(500)]);
    let outcome = fake.charge(&request).await;
    assert!(matches!(outcome, Err(ProviderError::Unknown(_))), "{outcome:?}");
    assert_eq!(fake.charges(), (3, 1));
    assert_eq!(fake.charge(&again(&request)).await, PAID);
    assert_eq!(fake.kept(request.id).await, 2900);
}

#[tokio::test]
async fn a_reply_that_is_no_json_leaves_the_outcome_unknown() {
    let fake = fake().await;
    let request = fake.request(Behaviour::Pays).await;
    fake.server.fail_next([Fault::Garbage]);
    assert!(matches!(fake.charge(&request).await, Err(ProviderError::Unknown(_))));
    assert_eq!(fake.charge(&again(&request)).await, PAID);
    assert_eq!(fake.kept(request.id).await, 2900);
}

/// Stripe keeps keys for a day. A payment taken up again after that is found, not made again, also
/// behind a hundred others.
#[tokio::test]
async fn a_payment_is_taken_up_again_after_its_key_was_forgotten() {
    let fake = fake().await;
    let request = fake.request(Behaviour::Pays).await;
    fake.server.fail_next([Fault::BreaksAfter]);
    assert!(fake.charge(&request).await.is_err());
    for _ in 0..120 {
        let later = PaymentRequest { id: PaymentId::generate(&fake.context()), ..request.clone() };
        assert_eq!(fake.charge(&later).await, PAID);
    }
    fake.server.forget_keys();
    assert_eq!(fake.charge(&again(&request)).await, PAID);
    assert_eq!(fake.kept(request.id).await, 2900);
    assert_eq!(fake.charge(&request).await, PAID, "what this test is about:");
    assert_eq!(fake.kept(request.id).await, 5800, "`First` relies on the key alone");
}

#[tokio::test]
async fn nothing_is_sent_where_nobody_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut config = support::stripe_config(url);
    config.attempts = 2;
    let stripe = Stripe::new(config).unwrap();
    let customer = NewCustomer {
        key: "k".parse().unwrap(),
        account: "ada".parse().unwrap(),
        email: None,
        name: None,
    };
    let refused = stripe.create_customer(&customer, &support::context()).await;
    assert!(
        matches!(&refused, Err(ProviderError::NotDone(NotDone::Unavailable { .. }))),
        "{refused:?}"
    );
    assert!(refused.unwrap_err().may_pass());
}

#[tokio::test]
async fn a_wrong_key_is_a_matter_of_configuration() {
    let fake = fake_with(|config| {
        config.secret_key = bursar_payments::Secret::new("sk_test_wrong");
    })
    .await;
    let customer = NewCustomer {
        key: "k".parse().unwrap(),
        account: "ada".parse().unwrap(),
        email: None,
        name: None,
    };
    let refused = fake.stripe.create_customer(&customer, &fake.context()).await.unwrap_err();
    assert!(matches!(refused, ProviderError::Misconfigured(_)), "{refused:?}");
    assert!(!refused.may_pass());
    assert!(!refused.to_string().contains("sk_test_wrong"));
}

#[tokio::test]
async fn another_payments_name_does_not_pass_for_this_one() {
    let fake = fake().await;
    let request = fake.request(Behaviour::Pays).await;
    let paid = fake.stripe.charge(&request, &fake.context()).await.unwrap();
    let mixed_up = PaymentLookup {
        id: PaymentId::generate(&fake.context()),
        ..paid.lookup(&request.customer)
    };
    let found = fake.stripe.payment(&mixed_up, &fake.context()).await;
    assert!(matches!(found, Err(ProviderError::NotDone(NotDone::Conflict(_)))), "{found:?}");
}

#[tokio::test]
async fn who_is_there_authenticates_on_a_page_or_in_the_script() {
    let fake = fake().await;
    let absent = fake.request(Behaviour::Authenticates).await;
    let Ok(PaymentStatus::RequiresAction(CustomerStep::Script {
        client_secret,
        publishable_key,
        method,
    })) = fake.charge(&absent).await
    else {
        panic!("a script");
    };
    assert!(client_secret.expose().contains("_secret_"));
    assert_eq!(publishable_key, "pk_test_public");
    assert_eq!(method, Some(absent.method.clone()), "to be confirmed with");
    for (return_url, page) in [(Some("https://app.example/back"), true), (None, false)] {
        let there = PaymentRequest {
            id: PaymentId::generate(&fake.context()),
            presence: Presence::OnSession { return_url: return_url.map(str::to_owned) },
            ..absent.clone()
        };
        let Ok(PaymentStatus::RequiresAction(step)) = fake.charge(&there).await else {
            panic!("an action");
        };
        assert_eq!(matches!(step, CustomerStep::Page { .. }), page, "{step:?}");
    }
}

#[tokio::test]
async fn a_card_that_is_refused_when_attached_is_a_decline() {
    let fake = fake().await;
    let request = fake.request(Behaviour::Pays).await;
    let attach = AttachMethod {
        key: "attach-1".parse().unwrap(),
        customer: request.customer,
        token: "pm_card_chargeDeclined".parse().unwrap(),
    };
    let Attachment::Declined(decline) = fake.stripe.attach(&attach, &fake.context()).await.unwrap()
    else {
        panic!("declined");
    };
    assert_eq!((decline.code.as_str(), decline.severity), ("generic_decline", Severity::Soft));
}

#[tokio::test]
async fn what_stripe_does_not_take_is_not_done() {
    let fake = fake().await;
    let small = PaymentRequest {
        money: Money::new(10, Currency::USD),
        ..fake.request(Behaviour::Pays).await
    };
    let refused = fake.charge(&small).await;
    assert!(
        matches!(&refused, Err(ProviderError::NotDone(NotDone::Refused { code, .. }))
            if code == "amount_too_small"),
        "{refused:?}"
    );
    let odd = PaymentRequest { money: Money::new(1234, "KWD".parse().unwrap()), ..small };
    let refused = fake.charge(&odd).await;
    assert!(matches!(refused, Err(ProviderError::NotDone(NotDone::Amount { .. }))));
}

/// The webhook of an authentication that failed arrives after the one of the success that followed.
#[tokio::test]
async fn reordered_and_repeated_webhooks_end_in_the_truth() {
    let fake = fake().await;
    let request = fake.request(Behaviour::Authenticates).await;
    let payment = fake.stripe.charge(&request, &fake.context()).await.unwrap();
    fake.authenticate(&payment, false).await;
    fake.authenticate(&payment, true).await;
    let mut events = fake.events().await;
    assert_eq!(events.len(), 3);
    events.extend(events.clone());
    events.reverse();
    let end = events.into_iter().fold(payment.status, |known, event| match event.news {
        News::Payment(news) if news.id == request.id => known.settle(news.status),
        _ => known,
    });
    assert_eq!(end, PaymentStatus::Succeeded);
}

#[tokio::test]
async fn a_dispute_names_its_payment() {
    let fake = fake().await;
    let request = fake.request(Behaviour::Pays).await;
    let payment = fake.stripe.charge(&request, &fake.context()).await.unwrap();
    let intent = payment.reference.clone().unwrap();
    fake.server.with(|books| books.dispute(intent.as_str()));
    let disputes: Vec<_> = (fake.events().await.into_iter())
        .filter_map(|event| match event.news {
            News::Dispute(dispute) => Some(dispute),
            _ => None,
        })
        .collect();
    let statuses: Vec<_> = disputes.iter().map(|dispute| dispute.status).collect();
    assert_eq!(statuses, [DisputeStatus::NeedsResponse, DisputeStatus::Lost]);
    assert!(disputes.iter().all(|dispute| dispute.payment == payment.reference));
}

#[tokio::test]
async fn a_card_is_entered_on_stripes_page() {
    let fake = fake().await;
    let customer = fake.request(Behaviour::Pays).await.customer;
    let start = StartSetup {
        key: "setup-1".parse().unwrap(),
        customer,
        return_url: Some("https://app.example/portal/added".to_owned()),
        form: SetupForm::Hosted,
    };
    let context = support::context();
    let session = fake.stripe.start_setup(&start, &context).await.unwrap();
    assert_eq!(fake.stripe.start_setup(&start, &context).await.unwrap(), session);
    let CustomerStep::Page { url } = &session.form else {
        panic!("a page");
    };
    assert!(url.starts_with("https://checkout.stripe.com/"), "{url}");
    let status =
        async || fake.stripe.setup(&session.reference, &context).await.unwrap().unwrap().status;
    assert_eq!(status().await, SetupStatus::Open);
    let id = session.reference.as_str().to_owned();
    let back = fake.server.with(|books| books.complete_session(&id));
    assert_eq!(Some(back), start.return_url);
    let SetupStatus::Succeeded { method, .. } = status().await else {
        panic!("succeeded");
    };
    let method = fake.stripe.method(&method, &context).await.unwrap().unwrap();
    assert_eq!(method.customer, Some(start.customer.clone()));

    let nowhere = StartSetup { return_url: None, key: "setup-2".parse().unwrap(), ..start };
    let refused = fake.stripe.start_setup(&nowhere, &context).await;
    assert!(matches!(refused, Err(ProviderError::NotDone(NotDone::Refused { .. }))));
    let nothing = "cs_nothing".parse().unwrap();
    assert_eq!(fake.stripe.setup(&nothing, &context).await, Ok(None));
}
