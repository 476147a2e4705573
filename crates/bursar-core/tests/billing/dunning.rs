//! A renewal that isn't paid: retries, new cards, the end.

use bursar_core::account::command::Command;
use bursar_core::account::event::Event;

use super::support::customer::{
    Cancelled, Customer, Month, Processing, RequiresAction, Succeeded, add_card, cancel, card,
    declined, refused, topup,
};
use super::support::scriptkit;
use super::{available, kinds, times, totals};

/// A subscriber whose first renewal is due on 1 May.
fn subscriber() -> Customer {
    Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month)
}

/// The renewal was declined at its first attempt, five minutes after it was asked for.
fn past_due(outcome: &bursar_core::account::command::PaymentOutcome) -> Customer {
    let mut ada = subscriber();
    ada.unanswered_until("2026-05-01T00:05:00Z");
    ada.answer_all(outcome);
    ada
}

fn retry_at(customer: &Customer) -> Option<String> {
    let renewal = customer.account.live().unwrap().renewal.as_ref().unwrap();
    renewal.retry_at.map(|at| at.to_string())
}

#[test]
fn a_failed_renewal_is_tried_again_1_3_5_and_7_days_after_the_first_failure() {
    let mut ada = past_due(&declined());
    assert_eq!((ada.account.status(), available(&ada)), ("past_due", "0".to_owned()));
    let events = ada.declined_until("2026-06-15T00:00:00Z");
    let tried = [
        "2026-05-02T00:05:00Z",
        "2026-05-04T00:05:00Z",
        "2026-05-06T00:05:00Z",
        "2026-05-08T00:05:00Z",
    ];
    assert_eq!(times(&events, "payment_requested"), tried);
    // "As if cancelled": data is kept for 30 days, the invoice is taken back, nothing is owed.
    assert_eq!(times(&events, "subscription_ended"), ["2026-05-08T00:05:00Z"]);
    assert_eq!(times(&events, "credit_note_issued"), ["2026-05-08T00:05:00Z"]);
    assert_eq!(times(&events, "account_purged"), ["2026-06-07T00:05:00Z"]);
    let billing = &ada.account.billing;
    assert_eq!(
        (billing.open_invoices.len(), billing.unearned, ada.account.next_due_at()),
        (0, 0, None)
    );
}

#[test]
fn the_days_count_from_the_first_failure_however_long_an_attempt_takes() {
    let mut ada = past_due(&declined());
    // The retry of day 1 is with the bank until day 4.
    ada.wait_until("2026-05-05T12:00:00Z".parse().unwrap(), |_| Processing);
    let payment = ada.last_payment();
    ada.settle(payment, &declined()).unwrap();
    assert_eq!(retry_at(&ada).as_deref(), Some("2026-05-06T00:05:00Z"));
}

#[test]
fn a_retry_that_works_restores_everything_with_the_original_anchor() {
    let mut ada = past_due(&declined());
    ada.pay(&topup("small"));
    assert_eq!(available(&ada), "100", "top-ups can be bought and spent meanwhile");
    ada.declined_until("2026-05-03T00:00:00Z");
    let events = ada.paying_until("2026-05-06T00:00:00Z");
    assert_eq!(times(&events, "subscription_renewed"), ["2026-05-04T00:05:00Z"]);
    let live = ada.account.live().unwrap();
    assert_eq!(
        (live.billing.end.to_string().as_str(), ada.account.status()),
        ("2026-06-01T00:00:00Z", "active")
    );
    assert_eq!(available(&ada), "500");
    let events = ada.paying_until("2026-06-01T00:00:00Z");
    assert_eq!(times(&events, "lot_expired"), ["2026-06-01T00:00:00Z"]);
    assert_eq!(
        (totals(&ada), ada.count("credit_note_issued")),
        (vec![2_900, 2_900, 1_000, 2_900], 0)
    );
}

#[test]
fn a_hard_decline_waits_for_a_new_card_which_is_tried_at_once() {
    let mut ada = past_due(&refused());
    assert_eq!(retry_at(&ada), None);
    let events = ada.declined_until("2026-05-06T00:00:00Z");
    assert!(times(&events, "payment_requested").is_empty());
    // A card that isn't to be paid with changes nothing.
    assert_eq!(kinds(&ada.run(&add_card("spare", false))), ["payment_method_added"]);
    let events = ada.run(&add_card("new", true));
    assert_eq!(kinds(&events), ["payment_method_added", "payment_requested"]);
    ada.answer_all(&Succeeded);
    assert_eq!((ada.account.status(), available(&ada)), ("active", "400".to_owned()));
}

#[test]
fn without_a_new_card_a_hard_decline_ends_on_the_last_day() {
    let mut ada = past_due(&refused());
    let events = ada.declined_until("2026-05-09T00:00:00Z");
    assert_eq!(times(&events, "subscription_ended"), ["2026-05-08T00:05:00Z"]);
    assert_eq!(times(&events, "credit_note_issued").len(), 1);
}

#[test]
fn another_default_or_the_next_card_in_line_pays_at_once() {
    let (visa, spare) = (card("visa", 9999).reference, card("spare", 9999).reference);
    for command in [Command::SetDefaultMethod(spare), Command::RemovePaymentMethod(visa)] {
        let mut ada = past_due(&refused());
        ada.run(&add_card("spare", false));
        assert!(kinds(&ada.run(&command)).contains(&"payment_requested"), "{}", command.name());
        ada.answer_all(&Succeeded);
        assert_eq!(ada.account.status(), "active");
    }
}

#[test]
fn a_card_that_became_the_default_during_an_attempt_is_tried_after_it() {
    // Whether the attempt is the first or the last.
    for (until, attempts) in [("2026-05-01T00:00:00Z", 1), ("2026-05-08T00:00:00Z", 5)] {
        let mut ada = subscriber();
        ada.declined_until(if attempts == 1 {
            "2026-04-30T00:00:00Z"
        } else {
            "2026-05-07T00:00:00Z"
        });
        ada.unanswered_until(until);
        ada.run(&add_card("new", true));
        let before = ada.count("payment_requested");
        let payment = ada.last_payment();
        let events = ada.settle(payment, &refused()).unwrap();
        assert!(kinds(&events).ends_with(&["payment_requested"]), "{until}: {events:?}");
        assert_eq!(ada.count("payment_requested"), before + 1);
        ada.answer_all(&Succeeded);
        assert_eq!(ada.account.status(), "active");
    }
}

#[test]
fn a_payment_that_nobody_authenticates_is_a_failure_and_not_asked_for_again_and_again() {
    let mut ada = subscriber();
    let events = ada.wait_until("2026-05-20T00:00:00Z".parse().unwrap(), |_| RequiresAction);
    assert_eq!(times(&events, "payment_requested"), ["2026-05-01T00:00:00Z"]);
    assert_eq!(times(&events, "renewal_unpaid"), ["2026-05-02T00:00:00Z"], "a day later");
    assert_eq!(times(&events, "subscription_ended"), ["2026-05-09T00:00:00Z"]);
}

#[test]
fn an_attempt_that_the_customer_gives_up_does_not_stop_the_retries() {
    let mut ada = past_due(&declined());
    let invoice = ada.account.live().unwrap().renewal.as_ref().unwrap().document;
    ada.run(&Command::PayInvoice(invoice));
    assert_eq!(ada.refused(&Command::PayInvoice(invoice)).0, "payment_pending");
    ada.answer_all(&RequiresAction);
    let events = ada.wait_until("2026-05-03T00:00:00Z".parse().unwrap(), |_| Cancelled);
    assert_eq!(times(&events, "payment_abandoned"), ["2026-05-01T23:05:00Z"]);
    assert_eq!(times(&events, "payment_requested"), ["2026-05-02T00:05:00Z"]);
}

#[test]
fn cancelling_a_payment_that_was_replaced_leaves_the_retries_as_they_are() {
    let mut ada = past_due(&declined());
    ada.unanswered_until("2026-05-02T00:10:00Z");
    let replaced = ada.last_payment();
    ada.settle(replaced, &RequiresAction).unwrap();
    let events = ada.run(&add_card("new", true));
    assert!(kinds(&events).contains(&"payment_abandoned"));
    // The new card is declined before the old payment is cancelled.
    let payment = ada.last_payment();
    ada.settle(payment, &declined()).unwrap();
    assert_eq!(retry_at(&ada).as_deref(), Some("2026-05-04T00:05:00Z"));
    assert_eq!(kinds(&ada.settle(replaced, &Cancelled).unwrap()), ["payment_failed"]);
    assert_eq!(retry_at(&ada).as_deref(), Some("2026-05-04T00:05:00Z"));
}

#[test]
fn cancelling_while_past_due_ends_at_once_and_nothing_is_owed() {
    for outcome in [declined(), Processing] {
        let mut ada = past_due(&outcome);
        let payment = ada.last_payment();
        let events = ada.run(&cancel());
        let ends: Vec<&Event> =
            events.iter().filter(|e| matches!(e, Event::SubscriptionEnded { .. })).collect();
        assert_eq!((ends.len(), ada.account.status()), (1, "retention"));
        assert!(ada.account.billing.open_invoices.is_empty());
        // If the bank takes the money all the same, it goes back.
        let late = ada.settle(payment, &Succeeded).unwrap();
        assert_eq!(kinds(&late), ["payment_succeeded", "refund_requested"]);
    }
}

#[test]
fn without_any_card_a_renewal_waits_for_one() {
    let mut ada = subscriber();
    assert_eq!(
        ada.refused(&Command::RemovePaymentMethod(card("visa", 9999).reference)).0,
        "last_payment_method"
    );
    ada.run(&cancel());
    ada.run(&Command::RemovePaymentMethod(card("visa", 9999).reference));
    ada.run(&Command::Resume);
    ada.paying_until("2026-05-03T00:00:00Z");
    assert_eq!(ada.account.status(), "past_due");
    ada.pay(&add_card("new", false));
    assert_eq!(ada.account.status(), "active");
}

#[test]
fn what_is_given_while_past_due_is_not_gone_at_once() {
    use bursar_core::catalog::Class;
    let mut ada = subscriber();
    ada.run(&super::refunds::charge("100"));
    ada.declined_until("2026-05-02T12:00:00Z");
    let give = super::refunds::give("10", Class::Plan);
    assert_eq!(ada.refused(&give).0, "plan_credits_without_period");
    // A failed job of the month before: its lot has expired, so it comes back until the end of the
    // month that isn't paid yet.
    let charge = ada.history.iter().find_map(|recorded| match &recorded.event {
        Event::Charged { charge, .. } => Some(*charge),
        _ => None,
    });
    ada.run(&Command::RefundCharge(bursar_core::account::command::RefundCharge {
        spend: bursar_core::id::SpendId::Charge(charge.unwrap()),
        credits: None,
        reason: None,
    }));
    ada.declined_until("2026-05-03T00:00:00Z");
    assert_eq!(available(&ada), "100");
}
