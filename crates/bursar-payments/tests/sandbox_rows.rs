//! The sandbox keeps what changed, and goes on from what it kept.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bursar_core::Context;
use bursar_core::money::{Currency, Money};
use bursar_core::time::Timestamp;
use bursar_payments::id::{CustomerRef, MethodRef, PaymentRef};
use bursar_payments::sandbox::{Change, DamagedRow, Loss, Sandbox, SandboxConfig, Webhooks};
use bursar_payments::{
    AttachMethod, Attempt, CustomerStep, DisputeStatus, NewCustomer, Payment, PaymentId,
    PaymentLookup, PaymentProvider, PaymentRequest, PaymentStatus, Presence, ProviderError,
    RefundId, RefundLookup, RefundRequest, Secret, SetupForm, StartSetup,
};
use futures::FutureExt as _;
use parking_lot::Mutex;
use proptest::prelude::*;

/// A test's place for rows.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    rows: BTreeMap<String, String>,
    /// What each call brought.
    calls: Vec<Vec<Change>>,
    full: bool,
}

impl Shelf {
    /// Goes on from what is on the shelf.
    fn sandbox(&self) -> Sandbox {
        let rows = self.0.lock().rows.clone();
        let shelf = self.clone();
        let keep = Box::new(move |changes| shelf.keep(changes));
        Sandbox::restored(config(), rows, keep).unwrap()
    }

    fn keep(&self, changes: Vec<Change>) -> Result<(), String> {
        let mut kept = self.0.lock();
        kept.calls.push(changes.clone());
        if kept.full {
            return Err("full".to_owned());
        }
        for Change { key, value } in changes {
            match value {
                Some(value) => kept.rows.insert(key, value),
                None => kept.rows.remove(&key),
            };
        }
        Ok(())
    }

    fn fill(&self, full: bool) {
        self.0.lock().full = full;
    }

    fn calls(&self) -> Vec<Vec<Change>> {
        std::mem::take(&mut self.0.lock().calls)
    }

    /// The keys that the only call since the last question brought; `-` stands before those gone.
    fn only_call(&self) -> Vec<String> {
        let calls = self.calls();
        assert_eq!(calls.len(), 1, "{calls:?}");
        let changes = calls.into_iter().flatten();
        changes.map(|it| if it.value.is_some() { it.key } else { format!("-{}", it.key) }).collect()
    }
}

fn config() -> SandboxConfig {
    SandboxConfig {
        base_url: "http://127.0.0.1:8080/sandbox".to_owned(),
        webhook_secret: Secret::new("whsec_sandbox"),
    }
}

fn at(second: u64) -> Context {
    let start = Timestamp::from_micros(1_800_000_000_000_000);
    Context { now: start.after(Duration::from_secs(second)), ..support::context() }
}

/// The same id for the same number.
fn payment_id(number: u8) -> PaymentId {
    PaymentId::numbered([7; 16], number.into())
}

fn refund_id(number: u8) -> RefundId {
    format!("re_{number:032x}").parse().unwrap()
}

fn state(sandbox: &Sandbox) -> serde_json::Value {
    serde_json::to_value(sandbox.state()).unwrap()
}

async fn customer(sandbox: &Sandbox, number: u8) -> Result<CustomerRef, ProviderError> {
    let customer = NewCustomer {
        key: format!("customer/{number}").parse().unwrap(),
        account: format!("account-{number}").parse().unwrap(),
        email: None,
        name: None,
    };
    sandbox.create_customer(&customer, &at(0)).await
}

fn request(customer: CustomerRef, method: MethodRef, number: u8) -> PaymentRequest {
    PaymentRequest {
        id: payment_id(number),
        customer,
        method,
        money: Money::new(2900, Currency::USD),
        description: "Invoice 2026-000001".to_owned(),
        presence: Presence::OffSession { mandate: None },
        attempt: Attempt::First,
    }
}

/// The cards by which the series of actions pays.
const TOKENS: [&str; 11] = [
    "pm_card_visa",
    "pm_card_chargeCustomerFail",
    "pm_card_authenticationRequired",
    "pm_card_createDispute",
    "pm_card_pendingRefund",
    "pm_card_refundFail",
    "pm_sandbox_processing",
    "pm_sandbox_requestLost",
    "pm_sandbox_replyLost",
    "pm_sandbox_webhookTwice",
    "pm_sandbox_webhookReordered",
];
const NUMBERS: [&str; 4] =
    ["4242424242424242", "4000002500003155", "4000000000009995", "4111111111111111"];
const MODES: [Webhooks; 5] =
    [Webhooks::OnTime, Webhooks::Late, Webhooks::Lost, Webhooks::Twice, Webhooks::Reordered];

/// The `which`th key of a table.
fn nth(state: &serde_json::Value, table: &str, which: u8) -> Option<String> {
    let rows = state[table].as_object().unwrap();
    rows.keys().nth(usize::from(which) % rows.len().max(1)).cloned()
}

fn pick<T: Clone>(from: &[T], which: u8) -> T {
    from[usize::from(which) % from.len()].clone()
}

/// One thing that a customer, an engine, a bank or a developer does, and what came of it.
///
/// What it names is chosen from what there is, so that two sandboxes in the same state do the same.
async fn act(sandbox: &Sandbox, (kind, a, b): (u8, u8, u8), now: &Context) -> String {
    let seen = state(sandbox);
    let reference = |table: &str| nth(&seen, table, a);
    let someone: Option<CustomerRef> = reference("customers").map(|it| it.parse().unwrap());
    let payment = payment_id(a % 8);
    let lookup = |customer| PaymentLookup { id: payment, customer, reference: None };
    match (kind, someone) {
        (0, _) => format!("{:?}", customer(sandbox, a % 5).await),
        (1, Some(customer)) => {
            let key = format!("method-{a}-{b}").parse().unwrap();
            let attach = AttachMethod { key, customer, token: pick(&TOKENS, b).parse().unwrap() };
            format!("{:?}", sandbox.attach(&attach, now).await)
        }
        (2 | 3, Some(customer)) => {
            let stored = nth(&seen, "methods", b).filter(|_| kind == 2);
            let method = stored.unwrap_or_else(|| pick(&TOKENS, b).to_owned());
            let request = request(customer, method.parse().unwrap(), a % 8);
            format!("{:?}", sandbox.charge(&request, now).await)
        }
        (4, Some(customer)) => format!("{:?}", sandbox.cancel(&lookup(customer), now).await),
        (5, Some(customer)) => format!("{:?}", sandbox.payment(&lookup(customer), now).await),
        (6, _) => {
            let Some(payment) = reference("payments") else {
                return String::new();
            };
            let paid: PaymentRef =
                seen["payments"][payment]["reference"].as_str().unwrap().parse().unwrap();
            let refund = RefundRequest {
                id: refund_id(b % 8),
                payment: paid,
                money: Money::new(i64::from(b) * 40, Currency::USD),
                attempt: Attempt::First,
            };
            format!("{:?}", sandbox.refund(&refund, now).await)
        }
        (7, Some(customer)) => {
            let key = format!("setup-{a}-{b}").parse().unwrap();
            let setup = StartSetup { key, customer, return_url: None, form: SetupForm::default() };
            format!("{:?}", sandbox.start_setup(&setup, now).await)
        }
        (10, _) => {
            let Some(method) = reference("methods") else {
                return String::new();
            };
            format!("{:?}", sandbox.detach(&method.parse().unwrap(), now).await)
        }
        _ => act_outside(sandbox, &seen, (kind, a, b), now),
    }
}

/// What happens at the pages, at the bank and on the way.
fn act_outside(
    sandbox: &Sandbox,
    seen: &serde_json::Value,
    (kind, a, b): (u8, u8, u8),
    now: &Context,
) -> String {
    let controls = sandbox.controls();
    let reference = |table: &str| nth(seen, table, a);
    match kind {
        8 => {
            let session = reference("setups").map(|it| seen["setups"][it]["secret"].clone());
            let secret = session.as_ref().and_then(|it| it.as_str()).unwrap_or("none");
            let form = format!("number={}&expiry=12/34&cvc=123", pick(&NUMBERS, b));
            let reply = sandbox.submit_card(secret, form.as_bytes(), now);
            format!("{reply:?} {:?}", sandbox.card_form(secret))
        }
        9 => {
            let secret = reference("challenges").unwrap_or_default();
            let body = if b.is_multiple_of(2) { "answer=approve" } else { "answer=fail" };
            format!("{:?}", sandbox.answer_challenge(&secret, body.as_bytes(), now))
        }
        11 => format!("{:?}", controls.webhooks(pick(&MODES, b))),
        12 => {
            let loss = if b.is_multiple_of(2) { Loss::Request } else { Loss::Reply };
            format!("{:?}", controls.lose_next(loss))
        }
        13 => format!("{:?}", controls.decline_next("do_not_honor")),
        14 => format!("{:?}", controls.find_lost_webhooks(now.now)),
        15 => format!("{:?}", controls.dispute(payment_id(a % 8), "fraudulent", now.now)),
        16 => {
            let Some(dispute) = reference("disputes") else {
                return String::new();
            };
            let status = if b.is_multiple_of(2) { DisputeStatus::Won } else { DisputeStatus::Lost };
            format!("{:?}", controls.move_dispute(&dispute.parse().unwrap(), status, now.now))
        }
        17..=19 => format!("{:?}", sandbox.due_webhooks(now.now)),
        _ => {
            let delivery = reference("queue").map_or(0, |number| number.parse().unwrap());
            format!("{:?}", sandbox.webhook_delivered(delivery))
        }
    }
}

/// What each keep brings differs from what was kept, and names no row twice.
fn assert_only_changes(before: &BTreeMap<String, String>, calls: &[Vec<Change>]) {
    for call in calls {
        assert!(!call.is_empty());
        let keys: BTreeMap<_, _> = call.iter().map(|it| (&it.key, &it.value)).collect();
        assert_eq!(keys.len(), call.len(), "{call:?}");
        for (key, value) in keys {
            assert_ne!(before.get(key), value.as_ref(), "{key} didn't change");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// A sandbox that is restored from its rows again and again, and whose rows sometimes can't be
    /// kept, does what one does that was never away.
    #[test]
    fn rows_alone_restore_an_equal_sandbox(
        acts in prop::collection::vec(
            ((0..21u8, any::<u8>(), any::<u8>()), 0..90u64, 0..5u8, prop::bool::weighted(0.1)),
            1..60,
        ),
    ) {
        let shelf = Shelf::default();
        let steady = Sandbox::new(config());
        let mut kept = shelf.sandbox();
        let mut clock = 0;
        let mut pending = false;
        for (action, seconds, restart, full) in acts {
            clock += seconds;
            let now = at(clock);
            let before = shelf.0.lock().rows.clone();
            let was = state(&kept);
            shelf.fill(full);
            let told = act(&kept, action, &now).now_or_never().unwrap();
            let calls = shelf.calls();
            if pending && full && !calls.is_empty() {
                prop_assert_eq!(calls.len(), 1);
                prop_assert_eq!(state(&kept), was, "nothing is done until the last is kept");
                continue;
            }
            let most = if pending { 2 } else { 1 };
            prop_assert!(calls.len() <= most, "one call for one change");
            let answered = act(&steady, action, &now).now_or_never().unwrap() == told;
            prop_assert_eq!(answered, calls.is_empty() || !full, "{}", told);
            prop_assert_eq!(state(&kept), state(&steady));
            if !pending {
                assert_only_changes(&before, &calls);
                prop_assert_eq!(calls.is_empty(), state(&kept) == was, "kept only if changed");
            }
            pending = if calls.is_empty() { pending } else { full };
            if !pending {
                let restored = shelf.sandbox();
                prop_assert_eq!(state(&restored), state(&kept));
                if restart == 0 {
                    kept = restored;
                }
            }
        }
    }
}

/// A customer's thousand payments, settled and delivered.
async fn busy(shelf: &Shelf) -> (Sandbox, PaymentRequest) {
    let sandbox = shelf.sandbox();
    let ada = customer(&sandbox, 1).await.unwrap();
    let first = request(ada, "pm_card_visa".parse().unwrap(), 0);
    for number in 0..1000 {
        let id = PaymentId::numbered([9; 16], number);
        sandbox.charge(&PaymentRequest { id, ..first.clone() }, &at(0)).await.unwrap();
    }
    for due in sandbox.due_webhooks(at(0).now).unwrap() {
        sandbox.webhook_delivered(due.delivery).unwrap();
    }
    shelf.calls();
    (sandbox, first)
}

#[tokio::test]
async fn each_change_names_what_changed_however_much_there_is() {
    let shelf = Shelf::default();
    let (sandbox, request) = busy(&shelf).await;
    let id = request.id;
    let paid = sandbox.charge(&request, &at(1)).await.unwrap();
    assert_eq!(shelf.only_call(), [format!("payments/{id}"), "queue/3004".into(), "rest".into()]);

    let refund = RefundRequest {
        id: refund_id(1),
        payment: paid.reference.unwrap(),
        money: request.money,
        attempt: Attempt::First,
    };
    sandbox.refund(&refund, &at(1)).await.unwrap();
    let refunds = format!("refunds/{}", refund.id);
    assert_eq!(
        shelf.only_call(),
        [format!("payments/{id}"), refunds, "queue/3007".into(), "rest".into()]
    );

    let due = sandbox.due_webhooks(at(2).now).unwrap();
    assert_eq!(shelf.only_call(), ["queue/3004", "queue/3007"]);
    sandbox.webhook_delivered(due[0].delivery).unwrap();
    assert_eq!(shelf.only_call(), ["-queue/3004"], "what was delivered is dropped");

    customer(&sandbox, 2).await.unwrap();
    assert_eq!(shelf.only_call(), ["customers/cus_sbx_003008", "keys/customer/2", "rest"]);
    let rest = shelf.0.lock().rows["rest"].clone();
    assert!(rest.len() < 200, "{rest}");
}

#[tokio::test]
async fn looking_keeps_nothing() {
    let shelf = Shelf::default();
    let (sandbox, request) = busy(&shelf).await;
    let paid = sandbox.charge(&request, &at(1)).await.unwrap();
    let lookup = paid.lookup(&request.customer);
    for due in sandbox.due_webhooks(at(1).now).unwrap() {
        sandbox.webhook_delivered(due.delivery).unwrap();
    }
    shelf.calls();

    let now = at(1000);
    assert!(sandbox.due_webhooks(now.now).unwrap().is_empty());
    sandbox.webhook_delivered(1).unwrap();
    assert_eq!(sandbox.payment(&lookup, &now).await.unwrap().as_ref(), Some(&paid));
    assert_eq!(sandbox.cancel(&lookup, &now).await.unwrap().as_ref(), Some(&paid), "it is over");
    assert_eq!(sandbox.charge(&request, &now).await.unwrap(), paid, "a repetition");
    customer(&sandbox, 1).await.unwrap();
    let unknown = RefundLookup { id: refund_id(9), payment: paid.reference.unwrap() };
    assert_eq!(sandbox.find_refund(&unknown, &now).await, Ok(None));
    assert_eq!(sandbox.setup(&"seti_1".parse().unwrap(), &now).await, Ok(None));
    assert_eq!(sandbox.method(&"pm_1".parse().unwrap(), &now).await, Ok(None));
    sandbox.detach(&"pm_1".parse().unwrap(), &now).await.unwrap();
    sandbox.submit_card("guess", b"", &now).unwrap();
    sandbox.answer_challenge("guess", b"answer=approve", &now).unwrap();
    assert_eq!(sandbox.controls().find_lost_webhooks(now.now), Ok(0));
    sandbox.controls().kept(request.id);
    assert_eq!(shelf.calls(), Vec::<Vec<Change>>::new());
}

/// The secret part of the page that a payment waits on.
fn page(payment: &Payment) -> String {
    let PaymentStatus::RequiresAction(CustomerStep::Page { url }) = &payment.status else {
        panic!("waits on a page");
    };
    url.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let shelf = Shelf::default();
    let before = shelf.sandbox();
    let ada = customer(&before, 1).await.unwrap();
    let absent = request(ada, "pm_card_authenticationRequired".parse().unwrap(), 1);
    let waits = before.charge(&absent, &at(0)).await.unwrap();
    drop(before);

    let after = shelf.sandbox();
    assert_eq!(after.challenge(&page(&waits)).status, 200);
    after.answer_challenge(&page(&waits), b"answer=approve", &at(1)).unwrap();
    let paid = after.payment(&waits.lookup(&absent.customer), &at(1)).await.unwrap();
    assert_eq!(paid.unwrap().status, PaymentStatus::Succeeded);
}

#[tokio::test]
async fn what_could_not_be_kept_is_told_of_only_when_it_is() {
    let shelf = Shelf::default();
    let sandbox = shelf.sandbox();
    let ada = customer(&sandbox, 1).await.unwrap();
    let request = request(ada, "pm_card_visa".parse().unwrap(), 1);
    let lookup =
        PaymentLookup { id: request.id, customer: request.customer.clone(), reference: None };
    let full = ProviderError::Unknown("full".to_owned());
    let kept = shelf.0.lock().rows.clone();

    shelf.fill(true);
    assert_eq!(sandbox.charge(&request, &at(0)).await, Err(full.clone()));
    assert_eq!(sandbox.charge(&request, &at(0)).await, Err(full.clone()), "nor its repetition");
    assert_eq!(sandbox.payment(&lookup, &at(0)).await, Err(full.clone()), "nor a look");
    for minute in 0..20 {
        let due = sandbox.due_webhooks(at(60 * minute).now);
        assert_eq!(due.unwrap_err(), full, "nor a webhook, which loses no try by it");
    }
    assert_eq!(shelf.0.lock().rows, kept);
    // If the process ended now, the payment would never have been.
    let crashed = shelf.sandbox().payment(&lookup, &at(0)).await;
    assert_eq!(crashed, Ok(None));

    shelf.fill(false);
    shelf.calls();
    let paid = sandbox.payment(&lookup, &at(0)).await.unwrap().unwrap();
    assert_eq!(paid.status, PaymentStatus::Succeeded);
    let payments = format!("payments/{}", request.id);
    assert!(shelf.only_call().contains(&payments));
    assert_eq!(sandbox.payment(&lookup, &at(0)).await.unwrap().as_ref(), Some(&paid));
    assert!(shelf.calls().is_empty(), "once");
    assert_eq!(sandbox.due_webhooks(at(0).now).unwrap().len(), 1);
    let restored = shelf.sandbox();
    assert_eq!(state(&restored), state(&sandbox));
    assert_eq!(restored.charge(&request, &at(0)).await, Ok(paid), "and it is taken once");
}

#[tokio::test]
async fn a_damaged_row_is_named() {
    let shelf = Shelf::default();
    let (_, request) = busy(&shelf).await;
    let id = request.id;
    let good: Vec<(String, String)> = shelf.0.lock().rows.clone().into_iter().collect();
    let restore = |rows: Vec<(String, String)>| {
        Sandbox::restored(config(), rows, Box::new(|_| Ok(()))).map(|_| ())
    };
    assert_eq!(restore(good.clone()), Ok(()));
    for (key, value, said) in [
        (format!("payments/{id}"), "{", "EOF"),
        (format!("payments/{id}"), "{}", "missing field"),
        (format!("payments/{}", id.to_string().to_uppercase()), "{}", "no such keys"),
        ("payments/pi_1".to_owned(), "{}", "no such keys"),
        ("queue/x".to_owned(), "{}", "no such keys"),
        ("queue/+7".to_owned(), "{}", "no such keys"),
        ("wallets/1".to_owned(), "{}", "no such table"),
        ("payments".to_owned(), "{}", "no such table"),
        (String::new(), "{}", "no such table"),
        ("rest".to_owned(), "{}", "twice"),
        (good[0].0.clone(), "{}", "twice"),
    ] {
        let mut rows = good.clone();
        rows.push((key.clone(), value.to_owned()));
        let DamagedRow { key: named, reason } = restore(rows).unwrap_err();
        assert_eq!(named, key);
        assert!(reason.contains(said), "{key}: {reason}");
    }
    let without: Vec<_> = good.into_iter().filter(|(key, _)| key != "rest").collect();
    let error = restore(without).unwrap_err();
    assert!(error.to_string().starts_with(r#"the sandbox's row "rest" is damaged"#), "{error}");
    assert_eq!(restore(vec![]), Ok(()), "nothing kept yet");
}
