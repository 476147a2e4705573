//! Subscribing, and paying every month or year.

use bursar_core::account::command::{AdvanceClock, ClockTarget, Command};

use super::support::customer::{Customer, Month, Processing, Succeeded, Year, change, declined};
use super::support::{key, scriptkit};
use super::{available, kinds, lines, times, totals};

#[test]
fn the_first_invoice_is_the_price_of_the_plan() {
    for (plan, interval, cents) in [
        ("starter", Month, 2_900),
        ("professional", Month, 8_900),
        ("studio", Month, 19_900),
        ("starter", Year, 31_300),
        ("professional", Year, 96_100),
        ("studio", Year, 214_900),
    ] {
        let ada = Customer::subscribed(scriptkit(), "2026-01-15T10:00:00Z", plan, interval);
        assert_eq!((lines(&ada.invoices()[0]), totals(&ada)), (vec![cents], vec![cents]), "{plan}");
        assert_eq!(ada.account.status(), "active");
    }
}

#[test]
fn a_start_that_is_never_paid_leaves_nothing() {
    let mut ada = Customer::with_card(scriptkit(), "2026-01-15T10:00:00Z");
    ada.run(&change("starter", Month));
    assert_eq!(ada.account.status(), "incomplete");
    ada.answer_all(&declined());
    assert_eq!((ada.account.status(), totals(&ada)), ("none", vec![]));
    assert!(ada.account.billing.payments.is_empty());
    assert_eq!(ada.account.next_due_at(), None);
    // Nor does one that the customer never authenticates, once its time is up.
    ada.run(&change("starter", Month));
    ada.answer_all(&super::support::customer::RequiresAction);
    ada.paying_until("2026-01-16T09:00:00Z");
    assert_eq!((ada.account.status(), ada.count("payment_abandoned")), ("none", 1));
    assert_eq!((available(&ada), totals(&ada)), ("0".to_owned(), vec![]));
}

#[test]
fn a_subscription_starts_when_it_is_paid() {
    let mut ada = Customer::with_card(scriptkit(), "2026-01-31T10:00:00Z");
    ada.run(&change("starter", Month));
    ada.answer_all(&Processing);
    ada.unanswered_until("2026-02-02T08:00:00Z");
    let payment = ada.last_payment();
    let events = ada.settle(payment, &Succeeded).unwrap();
    let expected = [
        "payment_succeeded",
        "invoice_issued",
        "invoice_paid",
        "subscription_started",
        "allowance_issued",
    ];
    assert_eq!(kinds(&events), expected);
    let billing = ada.account.live().unwrap().billing;
    assert_eq!(billing.start.to_string(), "2026-02-02T08:00:00Z");
    assert_eq!(billing.end.to_string(), "2026-03-02T08:00:00Z");
    // The same news again changes nothing.
    assert_eq!(ada.settle(payment, &Succeeded).unwrap_err().code(), "nothing_new");
}

#[test]
fn a_subscription_of_31_january_paid_late_keeps_its_anchor() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-01-31T10:00:00Z", "starter", Month);
    ada.declined_until("2026-03-01T09:00:00Z");
    assert_eq!((ada.account.status(), available(&ada)), ("past_due", "0".to_owned()));
    ada.paying_until("2026-03-03T12:00:00Z");
    let live = ada.account.live().unwrap();
    assert_eq!(live.billing.start.to_string(), "2026-02-28T10:00:00Z");
    assert_eq!(live.billing.end.to_string(), "2026-03-31T10:00:00Z");
    // The allowance came late, and goes with the month all the same.
    assert_eq!(available(&ada), "400");
    assert_eq!(ada.account.lots[0].expires_at, Some(live.billing.end));
    ada.paying_until("2026-05-31T10:00:00Z");
    let renewed = times(&ada.history, "subscription_renewed");
    let expected = [
        "2026-03-01T10:00:00Z",
        "2026-03-31T10:00:00Z",
        "2026-04-30T10:00:00Z",
        "2026-05-31T10:00:00Z",
    ];
    assert_eq!(renewed, expected);
}

#[test]
fn a_year_is_one_invoice_and_twelve_allowances_of_which_none_rolls_over() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-01-31T10:00:00Z", "studio", Year);
    let months = ada.paying_until("2027-01-31T09:59:59Z");
    assert_eq!(totals(&ada), [214_900]);
    let issued = times(&months, "allowance_issued");
    assert_eq!((issued.len(), issued[0].as_str()), (11, "2026-02-28T10:00:00Z"));
    assert_eq!(times(&months, "lot_expired"), issued);
    assert_eq!(available(&ada), "3000");
    ada.paying_until("2027-01-31T10:00:00Z");
    assert_eq!((totals(&ada), available(&ada)), (vec![214_900, 214_900], "3000".to_owned()));
}

#[test]
fn a_plan_that_costs_nothing_needs_no_card_and_brings_no_document() {
    let mut catalog = scriptkit();
    catalog.plans.insert(0, super::support::plan("free", 0, 0, "10", &[]));
    let mut ada = Customer::open(catalog, "2026-01-31T10:00:00Z");
    ada.run(&change("free", Month));
    ada.paying_until("2026-06-30T12:00:00Z");
    assert_eq!((ada.account.plan(), available(&ada)), (Some(&key("free")), "10".to_owned()));
    assert_eq!((ada.count("subscription_renewed"), ada.count("payment_requested")), (5, 0));
    assert!(totals(&ada).is_empty());
    assert_eq!(ada.refused(&change("starter", Month)).0, "payment_method_required");
}

#[test]
fn you_can_resubscribe_anytime() {
    for (back, lots) in [("2026-03-10T00:00:00Z", "600"), ("2026-04-20T00:00:00Z", "500")] {
        let mut ada = Customer::subscribed(scriptkit(), "2026-02-10T00:00:00Z", "starter", Month);
        ada.pay(&super::support::customer::topup("small"));
        ada.run(&super::refunds::give("100", bursar_core::catalog::Class::Promo));
        ada.run(&super::support::customer::cancel());
        ada.paying_until(back);
        let spend = super::refunds::charge("1");
        assert_eq!(ada.refused(&spend).0, "subscription_ended", "frozen");
        ada.pay(&change("starter", Month));
        // Within the 30 days everything is back; after them only what was bought is.
        assert_eq!(available(&ada), lots);
        assert_eq!(ada.account.live().unwrap().billing.start.to_string(), back);
        assert!(ada.account.notices.is_empty());
    }
}

#[test]
fn a_test_clock_stops_where_the_provider_must_be_asked() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-01-15T10:00:00Z", "starter", Month);
    let by =
        |span: &str| Command::AdvanceClock(AdvanceClock { to: ClockTarget::By(span.to_owned()) });
    // Two renewals on the way: it waits for the answer to each, as time would.
    for (stop, invoices) in [("2026-02-15T10:00:00Z", 2), ("2026-03-15T10:00:00Z", 3)] {
        let events = ada.run(&by("3mo"));
        assert_eq!(kinds(&events).last(), Some(&"payment_requested"));
        assert_eq!((ada.now.to_string().as_str(), totals(&ada).len()), (stop, invoices));
        ada.answer_all(&Succeeded);
    }
    // With nothing to ask on the way it goes all the way.
    ada.run(&by("1d"));
    assert_eq!(ada.now.to_string(), "2026-03-16T10:00:00Z");
}
