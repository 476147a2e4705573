//! "Purchase extra credits anytime", also automatically.

use bursar_core::account::command::{Command, PaymentOutcome};
use bursar_core::account::event::Event;
use bursar_core::account::payments::AutoTopup;

use super::refunds::charge;
use super::support::customer::{
    Customer, Month, Processing, Succeeded, add_card, declined, refused, topup,
};
use super::support::{credits, key, scriptkit, usd};
use super::{available, kinds, times, totals};

fn auto(threshold: &str, cap: i64) -> Command {
    Command::SetAutoTopup(Some(AutoTopup {
        threshold: credits(threshold),
        pack: key("small"),
        monthly_cap: usd(cap),
    }))
}

/// A subscriber who buys 100 credits below 50, for at most $30 a month.
fn subscriber() -> Customer {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    ada.run(&auto("50", 3_000));
    ada
}

#[test]
fn credits_are_added_when_the_payment_succeeds() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    let events = ada.pay(&topup("xl"));
    assert_eq!(
        kinds(&events),
        ["payment_succeeded", "invoice_issued", "invoice_paid", "lot_issued"]
    );
    assert_eq!((totals(&ada), available(&ada)), (vec![2_900, 15_000], "2900".to_owned()));
    ada.run(&topup("small"));
    ada.answer_all(&declined());
    assert_eq!((totals(&ada).len(), available(&ada)), (2, "2900".to_owned()));
    // They are used after the monthly ones, and never expire.
    ada.run(&charge("500"));
    ada.paying_until("2026-05-01T00:00:00Z");
    assert_eq!(available(&ada), "2800");
    let mut bob = Customer::with_card(scriptkit(), "2026-04-01T00:00:00Z");
    assert_eq!(bob.refused(&topup("small")).0, "not_subscribed");
}

#[test]
fn a_pack_is_bought_below_the_threshold_and_not_at_it() {
    let mut ada = subscriber();
    ada.run(&charge("350"));
    assert!(ada.book_due().is_empty(), "50 are not less than 50");
    ada.run(&charge("0.000001"));
    let events = ada.paying_until("2026-04-01T00:00:00Z");
    assert_eq!(times(&events, "payment_requested"), ["2026-04-01T00:00:00Z"]);
    assert_eq!(available(&ada), "149.999999");
}

#[test]
fn one_automatic_topup_is_under_way_at_a_time() {
    let mut ada = subscriber();
    ada.run(&charge("400"));
    ada.wait_until("2026-04-03T00:00:00Z".parse().unwrap(), |_| Processing);
    assert_eq!(ada.payments().len(), 2);
    let payment = ada.last_payment();
    ada.settle(payment, &declined()).unwrap();
    ada.book_due();
    assert_eq!(ada.payments().len(), 2, "a failure begins a longer pause");
    ada.paying_until("2026-04-03T02:00:00Z");
    assert_eq!(ada.payments().len(), 3, "the pause is over, so it is tried again");
}

#[test]
fn the_pause_between_two_survives_failures_and_other_settings() {
    let mut ada = subscriber();
    ada.run(&charge("400"));
    ada.declined_until("2026-04-01T00:30:00Z");
    ada.run(&auto("60", 3_000));
    // Each failure doubles it, and after three the card is given up.
    let events = ada.declined_until("2026-04-02T00:00:00Z");
    assert_eq!(
        times(&events, "payment_requested"),
        ["2026-04-01T02:00:00Z", "2026-04-01T06:00:00Z"]
    );
}

#[test]
fn the_cap_is_kept_and_begins_anew_with_the_month() {
    let mut ada = subscriber();
    let mut spend = |until: &str| {
        let all = ada.account.available().to_string();
        ada.run(&charge(&all));
        let events = ada.paying_until(until);
        (times(&events, "payment_requested").len(), times(&events, "auto_topup_capped").len())
    };
    assert_eq!(spend("2026-04-02T00:00:00Z"), (1, 0));
    assert_eq!(spend("2026-04-03T00:00:00Z"), (1, 0));
    assert_eq!(spend("2026-04-04T00:00:00Z"), (1, 0));
    assert_eq!(spend("2026-04-30T00:00:00Z"), (0, 1), "three of $10 are all of $30");
    ada.paying_until("2026-05-01T00:00:00Z");
    assert_eq!(available(&ada), "400");
    ada.run(&charge("400"));
    ada.paying_until("2026-05-02T00:00:00Z");
    assert_eq!(available(&ada), "100");
}

#[test]
fn what_is_under_way_when_they_are_turned_off_counts() {
    let answered_while_off = |outcome: &PaymentOutcome| {
        let mut ada = subscriber();
        ada.run(&charge("400"));
        ada.book_due();
        let payment = ada.last_payment();
        ada.run(&Command::SetAutoTopup(None));
        ada.settle(payment, outcome).unwrap();
        ada.run(&auto("200", 1_000));
        let events = ada.paying_until("2026-04-02T00:00:00Z");
        (times(&events, "payment_requested"), times(&events, "auto_topup_capped"))
    };
    // A failure makes the pause longer, and what was paid is of the month's $10.
    assert_eq!(answered_while_off(&declined()).0, ["2026-04-01T02:00:00Z"]);
    let (bought, capped) = answered_while_off(&Succeeded);
    assert_eq!((bought.len(), capped.len()), (0, 1));
}

#[test]
fn a_hard_decline_waits_for_another_card() {
    let mut ada = subscriber();
    ada.run(&charge("400"));
    ada.wait_until("2026-04-05T00:00:00Z".parse().unwrap(), |_| refused());
    assert_eq!(ada.payments().len(), 2);
    ada.run(&add_card("new", true));
    ada.paying_until("2026-04-05T00:00:00Z");
    assert_eq!(available(&ada), "100");
}

#[test]
fn money_that_went_back_does_not_count_towards_the_cap() {
    let mut ada = subscriber();
    ada.run(&charge("400"));
    ada.book_due();
    let payment = ada.last_payment();
    // The balance is full by the time it is paid.
    while ada.ask(&super::refunds::give("1000000000", bursar_core::catalog::Class::Topup)).is_ok() {
    }
    let events = ada.settle(payment, &Succeeded).unwrap();
    assert_eq!(kinds(&events), ["payment_succeeded", "refund_requested"]);
    assert_eq!(ada.account.billing.auto_topup.as_ref().unwrap().spent, 0);
}

#[test]
fn automatic_topups_stop_with_the_subscription_and_wait_for_its_payment() {
    let mut ada = subscriber();
    ada.declined_until("2026-05-02T12:00:00Z");
    assert_eq!(ada.account.status(), "past_due");
    let topups = |ada: &Customer| {
        let events = ada.history.iter().filter(|recorded| {
            matches!(&recorded.event, Event::PaymentRequested { order, .. }
                if order.purchase.as_str() == "topup")
        });
        events.count()
    };
    assert_eq!(topups(&ada), 0);
    ada.declined_until("2026-07-01T00:00:00Z");
    assert_eq!((topups(&ada), ada.account.status()), (0, "purged"));
}

#[test]
fn a_pack_that_is_no_longer_sold_is_not_replaced_by_another() {
    let mut ada = subscriber();
    ada.catalog.packs.remove(0);
    ada.run(&charge("400"));
    let events = ada.paying_until("2026-04-02T00:00:00Z");
    assert_eq!(times(&events, "auto_topup_changed").len(), 1);
    assert!(ada.account.billing.auto_topup.is_none());
    assert_eq!(ada.refused(&auto("50", 3_000)).0, "unknown_pack");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let mut ada = subscriber();
    assert_eq!(ada.refused(&auto("50", 999)).0, "cap_too_low");
    assert_eq!(ada.refused(&auto("0", 3_000)).0, "bad_threshold");
    ada.run(&Command::SetAutoTopup(None));
    assert_eq!(ada.refused(&Command::SetAutoTopup(None)).0, "nothing_new");
}
