//! The contract suite: what every payment provider does, whatever is behind it.
//!
//! A test binary implements [`Harness`] for its provider and writes
//! `bursar_payments::provider_contract!(make_harness);`, which makes one test of each case.

// Long because it is a list of cases, which are read one by one.

#![allow(
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "this is test code, which fails by panicking; a case is described by its name"
)]

use std::time::Duration;

use async_trait::async_trait;
use bursar_core::Context;
use bursar_core::id::IdempotencyKey;
use bursar_core::money::{Currency, Money};
use http::HeaderMap;

use crate::error::{NotDone, ProviderError, WebhookError};
use crate::event::News;
use crate::id::{CustomerRef, MethodRef, PaymentId, RefundId, SetupRef};
use crate::method::{
    AttachMethod, Attachment, NewCustomer, PaymentMethod, SetupForm, SetupStatus, StartSetup,
};
use crate::payment::{Attempt, Payment, PaymentLookup, PaymentRequest, PaymentStatus, Presence};
use crate::port::PaymentProvider;
use crate::refund::{RefundLookup, RefundRequest, RefundStatus};
use crate::{Advice, Severity};

/// A way in which a card behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// It pays.
    Pays,
    /// It can be stored, and declines every charge without saying why.
    Declines,
    /// It has no money.
    HasNoFunds,
    /// It asks its holder to authenticate every time.
    Authenticates,
}

/// What a provider under test doesn't have. A case that needs it checks the rest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lacks {
    /// Idempotency keys: only [`Attempt::Again`] is safe.
    pub keys: bool,
    /// Cards of [`Behaviour::HasNoFunds`].
    pub funds: bool,
    /// Cards of [`Behaviour::Authenticates`], for absent customers.
    pub authentication: bool,
    /// A refusal to return more than was paid, or to charge what was detached.
    pub limits: bool,
}

/// A provider under test, and the world around it.
#[async_trait]
pub trait Harness: Send + Sync {
    fn provider(&self) -> &dyn PaymentProvider;
    fn lacks(&self) -> Lacks;
    /// The time, and entropy that is different at each call.
    fn context(&self) -> Context;
    /// A payment method that behaves like that, usable for this customer.
    async fn method(&self, customer: &CustomerRef, behaviour: Behaviour) -> MethodRef;
    /// The money taken under this id and not returned, by the provider's own books.
    async fn kept(&self, payment: PaymentId) -> i64;
    /// The next charge or refund will be done and its reply lost.
    async fn lose_next_reply(&self);
    /// The customer enters a card that pays.
    async fn complete_setup(&self, setup: &SetupRef);
    /// The customer approves or fails to authenticate.
    async fn authenticate(&self, payment: &Payment, approve: bool);
    /// The webhooks since the last call; waits until there is one.
    async fn webhooks(&self) -> Vec<(HeaderMap, Vec<u8>)>;
}

/// Makes a test of each case; `$make` is the path of an `async fn() -> impl Harness`.
#[macro_export]
macro_rules! provider_contract {
    ($make:path) => {
        $crate::provider_contract!(@ $make,
            a_good_card_pays,
            a_declined_card_takes_nothing,
            a_card_without_funds_says_so,
            authentication_waits_for_the_customer,
            a_failed_authentication_takes_nothing,
            a_cancelled_payment_cannot_be_completed,
            a_success_cannot_be_cancelled,
            one_id_takes_money_once,
            one_id_means_one_thing,
            a_lost_reply_is_found_by_looking,
            a_refund_returns_money_once,
            partial_refunds_add_up_to_the_payment_at_most,
            a_lost_refund_is_found_by_looking,
            a_method_is_attached_described_and_detached,
            a_card_entered_in_a_session_can_be_charged,
            what_does_not_exist_is_not_found,
            a_webhook_is_believed_if_it_is_genuine,
        );
    };
    (@ $make:path, $($case:ident,)*) => {
        $(
            #[tokio::test]
            async fn $case() {
                $crate::contract::$case(&$make().await).await;
            }
        )*
    };
}

const PRICE: i64 = 2900;

fn usd(amount: i64) -> Money {
    Money::new(amount, Currency::USD)
}

fn key(harness: &dyn Harness, what: &str) -> IdempotencyKey {
    // Unique, since entropy is: an id makes a readable key of it.
    let id = PaymentId::generate(&harness.context());
    format!("{what}-{id}").parse().expect("a key")
}

async fn customer(harness: &dyn Harness) -> CustomerRef {
    let customer = NewCustomer {
        key: key(harness, "customer"),
        account: "ada".parse().expect("an account id"),
        email: Some("ada@example.com".to_owned()),
        name: None,
    };
    let context = harness.context();
    let made = harness.provider().create_customer(&customer, &context).await;
    made.expect("a customer")
}

async fn request(harness: &dyn Harness, behaviour: Behaviour) -> PaymentRequest {
    let customer = customer(harness).await;
    PaymentRequest {
        id: PaymentId::generate(&harness.context()),
        method: harness.method(&customer, behaviour).await,
        customer,
        money: usd(PRICE),
        description: "Invoice 2026-000001".to_owned(),
        presence: Presence::OffSession { mandate: None },
        attempt: Attempt::First,
    }
}

fn again(request: &PaymentRequest) -> PaymentRequest {
    PaymentRequest { attempt: Attempt::Again, ..request.clone() }
}

/// By our id alone, as after a lost reply.
fn lookup(request: &PaymentRequest) -> PaymentLookup {
    PaymentLookup { id: request.id, customer: request.customer.clone(), reference: None }
}

async fn charge(harness: &dyn Harness, request: &PaymentRequest) -> Payment {
    let context = harness.context();
    let made = harness.provider().charge(request, &context).await;
    made.expect("a payment")
}

async fn find(harness: &dyn Harness, lookup: &PaymentLookup) -> Option<Payment> {
    let context = harness.context();
    let found = harness.provider().payment(lookup, &context).await;
    found.expect("an answer")
}

#[track_caller]
fn same(one: &Payment, other: &Payment) {
    assert_eq!(
        (one.id, &one.reference, one.money, &one.status),
        (other.id, &other.reference, other.money, &other.status)
    );
}

pub async fn a_good_card_pays(harness: &dyn Harness) {
    let request = request(harness, Behaviour::Pays).await;
    let payment = charge(harness, &request).await;
    assert_eq!(payment.id, request.id);
    assert_eq!(payment.money, request.money);
    assert_eq!(payment.status, PaymentStatus::Succeeded);
    assert_eq!(harness.kept(request.id).await, PRICE);
    for lookup in [lookup(&request), payment.lookup(&request.customer)] {
        same(&find(harness, &lookup).await.expect("found"), &payment);
    }
}

pub async fn a_declined_card_takes_nothing(harness: &dyn Harness) {
    let request = request(harness, Behaviour::Declines).await;
    let payment = charge(harness, &request).await;
    let PaymentStatus::Declined(decline) = payment.status else {
        panic!("declined, not {payment:?}");
    };
    assert_eq!(decline.code, "generic_decline");
    assert_eq!(decline.severity, Severity::Soft);
    assert_eq!(harness.kept(request.id).await, 0);
    let found = find(harness, &lookup(&request)).await.expect("found");
    assert_eq!(found.status, PaymentStatus::Declined(decline.clone()));
    let repeated = charge(harness, &again(&request)).await;
    assert_eq!(repeated.status, PaymentStatus::Declined(decline), "final for its id");
}

pub async fn a_card_without_funds_says_so(harness: &dyn Harness) {
    if harness.lacks().funds {
        return;
    }
    let request = request(harness, Behaviour::HasNoFunds).await;
    let payment = charge(harness, &request).await;
    let PaymentStatus::Declined(decline) = payment.status else {
        panic!("declined, not {payment:?}");
    };
    assert_eq!(decline.code, "insufficient_funds");
    assert_eq!((decline.severity, decline.advice), (Severity::Soft, Advice::AddFunds));
    assert_eq!(harness.kept(request.id).await, 0);
}

pub async fn authentication_waits_for_the_customer(harness: &dyn Harness) {
    if harness.lacks().authentication {
        return;
    }
    let request = request(harness, Behaviour::Authenticates).await;
    let payment = charge(harness, &request).await;
    let waits = |payment: &Payment| matches!(payment.status, PaymentStatus::RequiresAction(_));
    assert!(waits(&payment), "{payment:?}");
    assert!(waits(&find(harness, &lookup(&request)).await.expect("found")));
    assert_eq!(harness.kept(request.id).await, 0);
    harness.authenticate(&payment, true).await;
    let paid = find(harness, &lookup(&request)).await.expect("found");
    assert_eq!(paid.status, PaymentStatus::Succeeded);
    assert_eq!(harness.kept(request.id).await, PRICE);
    same(&charge(harness, &again(&request)).await, &paid);
}

pub async fn a_failed_authentication_takes_nothing(harness: &dyn Harness) {
    if harness.lacks().authentication {
        return;
    }
    let request = request(harness, Behaviour::Authenticates).await;
    let payment = charge(harness, &request).await;
    harness.authenticate(&payment, false).await;
    let failed = find(harness, &lookup(&request)).await.expect("found");
    let PaymentStatus::Declined(decline) = failed.status else {
        panic!("declined, not {failed:?}");
    };
    assert_eq!(decline.advice, Advice::Authenticate);
    assert_eq!(harness.kept(request.id).await, 0);
}

pub async fn a_cancelled_payment_cannot_be_completed(harness: &dyn Harness) {
    if harness.lacks().authentication {
        return;
    }
    let request = request(harness, Behaviour::Authenticates).await;
    let payment = charge(harness, &request).await;
    let lookup = lookup(&request);
    for _ in 0..2 {
        let context = harness.context();
        let cancelled = harness.provider().cancel(&lookup, &context).await;
        let cancelled = cancelled.expect("an answer").expect("found");
        assert_eq!(cancelled.status, PaymentStatus::Cancelled);
    }
    harness.authenticate(&payment, true).await;
    assert_eq!(harness.kept(request.id).await, 0);
}

pub async fn a_success_cannot_be_cancelled(harness: &dyn Harness) {
    let request = request(harness, Behaviour::Pays).await;
    let payment = charge(harness, &request).await;
    let context = harness.context();
    let kept = harness.provider().cancel(&lookup(&request), &context).await;
    same(&kept.expect("an answer").expect("found"), &payment);
    assert_eq!(harness.kept(request.id).await, PRICE);
}

pub async fn one_id_takes_money_once(harness: &dyn Harness) {
    let request = request(harness, Behaviour::Pays).await;
    let payment = charge(harness, &request).await;
    same(&charge(harness, &again(&request)).await, &payment);
    if !harness.lacks().keys {
        same(&charge(harness, &request).await, &payment);
    }
    assert_eq!(harness.kept(request.id).await, PRICE);
}

pub async fn one_id_means_one_thing(harness: &dyn Harness) {
    let request = request(harness, Behaviour::Pays).await;
    charge(harness, &request).await;
    let other = PaymentRequest { money: usd(PRICE + 1), ..again(&request) };
    let context = harness.context();
    let refused = harness.provider().charge(&other, &context).await;
    assert!(matches!(refused, Err(ProviderError::NotDone(NotDone::Conflict(_)))), "{refused:?}");
    assert_eq!(harness.kept(request.id).await, PRICE);
}

pub async fn a_lost_reply_is_found_by_looking(harness: &dyn Harness) {
    let request = request(harness, Behaviour::Pays).await;
    harness.lose_next_reply().await;
    let context = harness.context();
    let lost = harness.provider().charge(&request, &context).await;
    assert!(matches!(lost, Err(ProviderError::Unknown(_))), "{lost:?}");
    let found = find(harness, &lookup(&request)).await.expect("found");
    assert_eq!(found.status, PaymentStatus::Succeeded);
    same(&charge(harness, &again(&request)).await, &found);
    assert_eq!(harness.kept(request.id).await, PRICE);
}

async fn paid(harness: &dyn Harness) -> (Payment, RefundRequest) {
    let request = request(harness, Behaviour::Pays).await;
    let payment = charge(harness, &request).await;
    let refund = RefundRequest {
        id: RefundId::generate(&harness.context()),
        payment: payment.reference.clone().expect("a reference"),
        money: usd(PRICE),
        attempt: Attempt::First,
    };
    (payment, refund)
}

pub async fn a_refund_returns_money_once(harness: &dyn Harness) {
    let (payment, first) = paid(harness).await;
    let repeated = RefundRequest { attempt: Attempt::Again, ..first.clone() };
    let mut requests = vec![first.clone(), repeated];
    if !harness.lacks().keys {
        requests.push(first.clone());
    }
    let mut references = Vec::new();
    for request in &requests {
        let context = harness.context();
        let refund = harness.provider().refund(request, &context).await.expect("a refund");
        assert_eq!(refund.id, Some(first.id));
        assert_eq!(refund.money, usd(PRICE));
        assert_eq!(refund.status, RefundStatus::Succeeded);
        references.push(refund.reference);
    }
    references.dedup();
    assert_eq!(references.len(), 1);
    assert_eq!(harness.kept(payment.id).await, 0);
}

pub async fn partial_refunds_add_up_to_the_payment_at_most(harness: &dyn Harness) {
    let (payment, whole) = paid(harness).await;
    for (part, kept) in [(900, 2000), (2000, 0)] {
        let request = RefundRequest {
            id: RefundId::generate(&harness.context()),
            money: usd(part),
            ..whole.clone()
        };
        let context = harness.context();
        let refund = harness.provider().refund(&request, &context).await.expect("a refund");
        assert_eq!(refund.money, usd(part));
        assert_eq!(harness.kept(payment.id).await, kept);
    }
    if harness.lacks().limits {
        return;
    }
    let context = harness.context();
    let excess = RefundRequest { money: usd(1), ..whole };
    let refused = harness.provider().refund(&excess, &context).await;
    assert_eq!(refused, Err(NotDone::RefundTooLarge.into()));
    assert_eq!(harness.kept(payment.id).await, 0);
}

pub async fn a_lost_refund_is_found_by_looking(harness: &dyn Harness) {
    let (payment, request) = paid(harness).await;
    harness.lose_next_reply().await;
    let context = harness.context();
    let lost = harness.provider().refund(&request, &context).await;
    assert!(matches!(lost, Err(ProviderError::Unknown(_))), "{lost:?}");
    let lookup = RefundLookup { id: request.id, payment: request.payment.clone() };
    let found = harness.provider().find_refund(&lookup, &context).await;
    assert_eq!(found.expect("an answer").expect("found").money, usd(PRICE));
    let again = RefundRequest { attempt: Attempt::Again, ..request };
    let repeated = harness.provider().refund(&again, &context).await;
    assert_eq!(repeated.expect("a refund").status, RefundStatus::Succeeded);
    assert_eq!(harness.kept(payment.id).await, 0);
}

pub async fn a_method_is_attached_described_and_detached(harness: &dyn Harness) {
    let provider = harness.provider();
    let customer = customer(harness).await;
    let attach = AttachMethod {
        key: key(harness, "attach"),
        customer: customer.clone(),
        token: "pm_card_visa".parse().expect("a token"),
    };
    let attached = provider.attach(&attach, &harness.context()).await;
    let Attachment::Attached(attached) = attached.expect("an answer") else {
        panic!("attached");
    };
    assert_eq!(attached.customer.as_ref(), Some(&customer));
    let card = attached.card.clone().expect("a card");
    assert_eq!((card.brand.as_str(), card.last4.to_string().as_str()), ("visa", "4242"));
    assert!((1..=12).contains(&card.exp_month) && card.exp_year > 2025);
    if !harness.lacks().keys {
        let repeated = provider.attach(&attach, &harness.context()).await;
        assert_eq!(repeated, Ok(Attachment::Attached(attached.clone())));
    }
    let describe = async || -> Option<PaymentMethod> {
        let described = provider.method(&attached.reference, &harness.context()).await;
        described.expect("an answer")
    };
    assert_eq!(describe().await, Some(attached.clone()));
    for _ in 0..2 {
        let detached = provider.detach(&attached.reference, &harness.context()).await;
        assert_eq!(detached, Ok(()));
    }
    assert_eq!(describe().await.and_then(|method| method.customer), None);
    if harness.lacks().limits {
        return;
    }
    let request = PaymentRequest {
        method: attached.reference.clone(),
        customer,
        ..request(harness, Behaviour::Pays).await
    };
    let refused = provider.charge(&request, &harness.context()).await;
    assert!(matches!(refused, Err(ProviderError::NotDone(_))), "{refused:?}");
    assert_eq!(harness.kept(request.id).await, 0);
}

pub async fn a_card_entered_in_a_session_can_be_charged(harness: &dyn Harness) {
    let provider = harness.provider();
    let request = request(harness, Behaviour::Pays).await;
    let start = StartSetup {
        key: key(harness, "setup"),
        customer: request.customer.clone(),
        return_url: Some("https://app.example/billing".to_owned()),
        form: SetupForm::Embedded,
    };
    let session = provider.start_setup(&start, &harness.context()).await;
    let session = session.expect("a session");
    if !harness.lacks().keys {
        let repeated = provider.start_setup(&start, &harness.context()).await;
        assert_eq!(repeated.expect("a session"), session);
    }
    let status = async || {
        let setup = provider.setup(&session.reference, &harness.context()).await;
        setup.expect("an answer").expect("found").status
    };
    assert_eq!(status().await, SetupStatus::Open);
    harness.complete_setup(&session.reference).await;
    let SetupStatus::Succeeded { method, mandate } = status().await else {
        panic!("succeeded");
    };
    let request = PaymentRequest { method, presence: Presence::OffSession { mandate }, ..request };
    assert_eq!(charge(harness, &request).await.status, PaymentStatus::Succeeded);
}

pub async fn what_does_not_exist_is_not_found(harness: &dyn Harness) {
    let provider = harness.provider();
    let request = request(harness, Behaviour::Pays).await;
    let context = harness.context();
    assert_eq!(find(harness, &lookup(&request)).await, None);
    let named = PaymentLookup {
        reference: Some("pi_nothing".parse().expect("a reference")),
        ..lookup(&request)
    };
    assert_eq!(find(harness, &named).await, None);
    assert_eq!(provider.cancel(&lookup(&request), &context).await, Ok(None));
    let method: MethodRef = "pm_nothing".parse().expect("a reference");
    assert_eq!(provider.method(&method, &context).await, Ok(None));
    let setup: SetupRef = "seti_nothing".parse().expect("a reference");
    assert_eq!(provider.setup(&setup, &context).await, Ok(None));
    let nobody =
        PaymentRequest { customer: "cus_nothing".parse().expect("a reference"), ..request.clone() };
    let refused = provider.charge(&nobody, &context).await;
    assert!(matches!(refused, Err(ProviderError::NotDone(NotDone::Missing(_)))), "{refused:?}");
    let nothing = PaymentRequest { id: PaymentId::generate(&harness.context()), method, ..request };
    let refused = provider.charge(&nothing, &context).await;
    assert!(matches!(refused, Err(ProviderError::NotDone(NotDone::Missing(_)))), "{refused:?}");
}

pub async fn a_webhook_is_believed_if_it_is_genuine(harness: &dyn Harness) {
    let provider = harness.provider();
    let request = request(harness, Behaviour::Pays).await;
    charge(harness, &request).await;
    let now = harness.context().now;
    let (headers, body, event) = loop {
        let found = (harness.webhooks().await.into_iter()).find_map(|(headers, body)| {
            let event = provider.verify_webhook(&headers, &body, now).expect("genuine");
            let ours = matches!(&event.news, News::Payment(p) if p.id == request.id);
            ours.then_some((headers, body, event))
        });
        if let Some(found) = found {
            break found;
        }
    };
    let News::Payment(payment) = &event.news else {
        panic!("a payment");
    };
    assert_eq!((payment.money, &payment.status), (usd(PRICE), &PaymentStatus::Succeeded));

    let replayed = provider.verify_webhook(&headers, &body, now).expect("still genuine");
    assert_eq!(replayed.id, event.id, "told apart by its name alone");
    let later = now.after(Duration::from_secs(3600));
    let stale = provider.verify_webhook(&headers, &body, later);
    assert_eq!(stale, Err(WebhookError::Stale));

    let forged = String::from_utf8(body.clone()).expect("text").replace("2900", "9900");
    let forged = provider.verify_webhook(&headers, forged.as_bytes(), now);
    assert_eq!(forged, Err(WebhookError::Forged));
    let unsigned = provider.verify_webhook(&HeaderMap::new(), &body, now);
    assert_eq!(unsigned, Err(WebhookError::Unsigned));
}
