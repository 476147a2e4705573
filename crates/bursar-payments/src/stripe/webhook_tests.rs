//! Messages as Stripe writes them, and as it never would.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::event::DisputeStatus;
use crate::method::SetupStatus;
use crate::payment::PaymentStatus;
use crate::refund::RefundStatus;

const ID: &str = "pay_0192f0c1a2b37c3d8e4f5a6b7c8d9e0f";

fn event(kind: &str, object: Value) -> ProviderEvent {
    let body = json!({
        "id": "evt_1NG8Du2eZvKYlo2CUI79vXWy",
        "object": "event",
        "api_version": "2019-02-19",
        "created": 1_686_089_970,
        "livemode": false,
        "pending_webhooks": 0,
        "request": {"id": null, "idempotency_key": null},
        "type": kind,
        "data": {"object": object, "previous_attributes": {"a": 1}},
    });
    parse(body.to_string().as_bytes(), "pk_test_1").unwrap()
}

fn intent(status: &str) -> Value {
    json!({
        "id": "pi_1", "object": "payment_intent", "amount": 2900, "currency": "usd",
        "status": status, "client_secret": "pi_1_secret_2", "customer": "cus_1",
        "payment_method": "pm_1", "metadata": {"bursar_payment": ID}, "next_action": null,
        "last_payment_error": null, "something_new": {"a": [1]},
    })
}

fn payment(kind: &str, intent: Value) -> PaymentStatus {
    match event(kind, intent).news {
        News::Payment(payment) => {
            assert_eq!(payment.id.to_string(), ID);
            payment.status
        }
        other => panic!("a payment, not {other:?}"),
    }
}

#[test]
fn payments_are_told_by_their_state() {
    let succeeded = payment("payment_intent.succeeded", intent("succeeded"));
    assert_eq!(succeeded, PaymentStatus::Succeeded);
    let cancelled = payment("payment_intent.canceled", intent("canceled"));
    assert_eq!(cancelled, PaymentStatus::Cancelled);
    let mut failed = intent("requires_payment_method");
    failed["last_payment_error"] = json!({
        "type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds",
        "advice_code": "try_again_later", "message": "Your card has insufficient funds.",
        "payment_method": {"id": "pm_1", "object": "payment_method"},
    });
    let declined = payment("payment_intent.payment_failed", failed.clone());
    assert!(matches!(declined, PaymentStatus::Declined(d) if d.code == "insufficient_funds"));
    failed["last_payment_error"]["decline_code"] = json!("authentication_required");
    let waits = payment("payment_intent.payment_failed", failed);
    assert!(matches!(waits, PaymentStatus::RequiresAction(_)));
    assert!(!format!("{waits:?}").contains("pi_1_secret_2"));
}

#[test]
fn refunds_disputes_sessions_and_methods_are_told() {
    let refund = json!({"id": "re_1", "amount": 900, "currency": "usd", "status": "failed",
        "payment_intent": "pi_1", "metadata": {}, "failure_reason": "lost_or_stolen_card"});
    let News::Refund(refund) = event("charge.refund.updated", refund).news else {
        panic!("a refund");
    };
    assert_eq!(refund.id, None, "made by someone in the dashboard");
    assert!(matches!(refund.status, RefundStatus::Failed { .. }));

    let dispute = json!({"id": "dp_1", "amount": 2900, "currency": "usd", "reason": "fraudulent",
        "status": "needs_response", "payment_intent": {"id": "pi_1"},
        "evidence_details": {"due_by": 1_687_000_000}});
    let News::Dispute(dispute) = event("charge.dispute.created", dispute).news else {
        panic!("a dispute");
    };
    assert_eq!(dispute.payment.unwrap().as_str(), "pi_1");
    assert_eq!(dispute.status, DisputeStatus::NeedsResponse);
    assert_eq!(dispute.respond_by, Some(seconds(1_687_000_000)));

    let setup = json!({"id": "seti_1", "status": "succeeded", "customer": "cus_1",
        "payment_method": "pm_1", "mandate": "mandate_1"});
    let News::Setup(setup) = event("setup_intent.succeeded", setup).news else {
        panic!("a session");
    };
    assert!(matches!(setup.status, SetupStatus::Succeeded { .. }));

    // Stripe's page: the event names the intent, and the card is to be looked up.
    let session = |mode| {
        json!({"id": "cs_1", "object": "checkout.session", "mode": mode,
        "status": "complete", "customer": "cus_1", "setup_intent": "seti_2", "url": null})
    };
    let News::Setup(setup) = event("checkout.session.completed", session("setup")).news else {
        panic!("a session");
    };
    assert_eq!((setup.reference.as_str(), setup.status), ("cs_1", SetupStatus::Open));
    let sale = event("checkout.session.completed", session("payment"));
    assert!(matches!(sale.news, News::Other { .. }));

    let method = json!({"id": "pm_1", "customer": null, "card": {"brand": "visa",
        "last4": "4242", "exp_month": 1, "exp_year": 2030, "checks": {}}});
    assert!(matches!(
        event("payment_method.automatically_updated", method.clone()).news,
        News::MethodUpdated(_)
    ));
    assert!(matches!(event("payment_method.detached", method).news, News::MethodDetached(_)));
}

#[test]
fn what_is_not_ours_or_not_known_is_passed_over() {
    let mut foreign = intent("succeeded");
    foreign["metadata"] = json!({});
    for (kind, object) in [
        ("payment_intent.succeeded", foreign),
        ("payment_intent.succeeded", json!({"id": "pi_1"})),
        ("invoice.paid", json!({})),
        ("a.kind.of.tomorrow", json!(null)),
    ] {
        assert_eq!(event(kind, object).news, News::Other { kind: kind.to_owned() });
    }
}

/// JSON of any shape, with the field names that are looked at.
fn any_json() -> impl Strategy<Value = Value> {
    let names = proptest::sample::select(
        &[
            "id",
            "object",
            "type",
            "data",
            "created",
            "amount",
            "currency",
            "status",
            "metadata",
            "bursar_payment",
            "last_payment_error",
            "payment_method",
            "customer",
            "next_action",
            "redirect_to_url",
            "url",
            "client_secret",
            "evidence_details",
            "due_by",
            "card",
            "last4",
            "exp_month",
            "code",
            "decline_code",
            "payment_intent",
            "mandate",
        ][..],
    );
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        proptest::sample::select(
            &["usd", "succeeded", "requires_action", "requires_payment_method", ID, "pi_1"][..]
        )
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(names.clone(), inner, 0..8).prop_map(|fields| {
                fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            }),
        ]
    })
}

const KINDS: &[&str] = &[
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "refund.updated",
    "charge.dispute.created",
    "setup_intent.succeeded",
    "payment_method.updated",
    "payment_method.detached",
    "x",
];

proptest! {
    #[test]
    fn no_bytes_panic(body: Vec<u8>) {
        let _ = parse(&body, "pk");
    }

    #[test]
    fn no_json_panics(json in any_json()) {
        let _ = parse(json.to_string().as_bytes(), "pk");
    }

    #[test]
    fn no_object_of_any_kind_panics(
        kind in proptest::sample::select(KINDS),
        mut object in any_json(),
        typical: bool,
    ) {
        if let (true, Value::Object(fields)) = (typical, &mut object) {
            let Value::Object(whole) = intent("requires_action") else { unreachable!() };
            for (name, value) in whole {
                fields.entry(name).or_insert(value);
            }
        }
        let event = event(kind, object);
        prop_assert_eq!(event.id.as_str(), "evt_1NG8Du2eZvKYlo2CUI79vXWy");
    }
}
