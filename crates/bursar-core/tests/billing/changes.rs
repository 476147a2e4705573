//! "Upgrades: Prorated for the remainder of your billing period. Downgrades: Take effect at next
//! billing date."

use bursar_core::account::command::Command;
use bursar_core::account::subscription::custom::CUSTOM;

use super::support::customer::{
    Customer, Month, Processing, RequiresAction, Succeeded, Year, cancel, change, declined,
};
use super::support::{key, plan, scriptkit};
use super::{available, kinds, lines, totals};

fn starter() -> Customer {
    Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month)
}

#[test]
fn an_upgrade_pays_for_what_is_left_by_the_second() {
    let mut ada = starter();
    ada.paying_until("2026-04-16T00:00:00Z");
    let events = ada.pay(&change("professional", Month));
    // Half of 30 days: 29 / 2 off, 89 / 2 on; (1250 - 400) / 2 credits.
    assert_eq!(lines(&ada.invoices()[1]), [-1_450, 4_450]);
    assert_eq!((totals(&ada), available(&ada)), (vec![2_900, 3_000], "825".to_owned()));
    assert!(kinds(&events).ends_with(&["plan_changed", "lot_issued"]));
    assert_eq!(ada.account.live().unwrap().billing.end.to_string(), "2026-05-01T00:00:00Z");
    ada.paying_until("2026-05-01T00:00:00Z");
    assert_eq!((totals(&ada)[2], available(&ada)), (8_900, "1250".to_owned()));
}

#[test]
fn an_upgrade_in_the_last_second_that_costs_nothing_is_done_at_once_without_a_document() {
    let mut ada = starter();
    ada.paying_until("2026-04-30T23:59:59.999999Z");
    let events = ada.run(&change("professional", Month));
    // 60 dollars for 1 of 2,592,000 seconds are less than half a cent.
    assert_eq!(kinds(&events), ["plan_changed", "lot_issued"]);
    assert_eq!((totals(&ada), available(&ada)), (vec![2_900], "401".to_owned()));
    ada.paying_until("2026-05-01T00:00:00Z");
    assert_eq!((totals(&ada), available(&ada)), (vec![2_900, 8_900], "1250".to_owned()));
}

#[test]
fn up_down_and_up_in_one_day_pays_for_each_step_once() {
    let mut ada = starter();
    ada.paying_until("2026-04-16T00:00:00Z");
    ada.pay(&change("professional", Month));
    ada.run(&change("starter", Month));
    let scheduled = ada.account.live().unwrap().scheduled.clone().unwrap();
    assert_eq!((scheduled.plan, ada.account.plan()), (key("starter"), Some(&key("professional"))));
    ada.pay(&change("studio", Month));
    assert!(ada.account.live().unwrap().scheduled.is_none(), "an upgrade drops it");
    // 29, then half of 60, then half of 110; the credits as if Studio had been the only upgrade.
    assert_eq!((totals(&ada), available(&ada)), (vec![2_900, 3_000, 5_500], "1700".to_owned()));
}

#[test]
fn a_change_of_interval_begins_a_new_period_and_closes_the_old_months_credits() {
    let mut ada = starter();
    ada.paying_until("2026-04-16T00:00:00Z");
    ada.run(&super::refunds::charge("100"));
    ada.pay(&change("starter", Year));
    assert_eq!(lines(&ada.invoices()[1]), [-1_450, 31_300]);
    let live = ada.account.live().unwrap();
    assert_eq!(live.billing.end.to_string(), "2027-04-16T00:00:00Z");
    assert_eq!(live.credit.end.to_string(), "2026-05-16T00:00:00Z");
    assert_eq!(available(&ada), "400");
}

#[test]
fn a_month_whose_credits_are_spent_is_used() {
    // All of the month's credits on its first day: nothing of the month is left to take off, so that
    // going up again and again brings no credits that weren't paid for.
    let mut ada = starter();
    ada.run(&super::refunds::charge("400"));
    ada.pay(&change("starter", Year));
    assert_eq!(lines(&ada.invoices()[1]), [0, 31_300]);
    // Three quarters spent, half of the time gone: a quarter is left.
    let mut bob = starter();
    bob.paying_until("2026-04-16T00:00:00Z");
    bob.run(&super::refunds::charge("300"));
    bob.pay(&change("starter", Year));
    assert_eq!(lines(&bob.invoices()[1]), [-725, 31_300]);
    // Of a year, the months to come stay whole.
    let mut eve = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Year);
    eve.run(&super::refunds::charge("400"));
    eve.run(&change("professional", Month));
    // 313 × 335 of 365 days.
    assert_eq!(eve.account.billing.carried, 28_727 - 8_900);
}

#[test]
fn to_a_lower_plan_by_the_year_waits_for_the_billing_date() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "studio", Month);
    let events = ada.run(&change("starter", Year));
    assert_eq!(kinds(&events), ["change_scheduled"]);
    ada.paying_until("2026-05-01T00:00:00Z");
    assert_eq!((totals(&ada), available(&ada)), (vec![19_900, 31_300], "400".to_owned()));
    assert_eq!(ada.account.live().unwrap().billing.end.to_string(), "2027-05-01T00:00:00Z");
}

#[test]
fn unused_time_beyond_the_price_pays_the_next_bills_until_it_is_gone() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-01-01T00:00:00Z", "starter", Year);
    ada.run(&change("professional", Month));
    // Nothing of the year is used: 313 less 89 is carried forward, without a document.
    assert_eq!((totals(&ada), ada.account.billing.carried), (vec![31_300], 22_400));
    assert_eq!(
        (ada.account.plan(), available(&ada)),
        (Some(&key("professional")), "1250".to_owned())
    );
    ada.paying_until("2026-02-01T00:00:00Z");
    assert_eq!((totals(&ada).len(), ada.account.billing.carried), (1, 13_500));
    ada.paying_until("2026-03-01T00:00:00Z");
    assert_eq!((totals(&ada).len(), ada.account.billing.carried), (1, 4_600));
    let preview = ada.preview("studio", Month).unwrap();
    // What a preview says of the next charge counts what would still be carried then.
    assert_eq!((preview.order.carried, preview.next_charge.amount), (-4_600, 19_900));
    ada.paying_until("2026-04-01T00:00:00Z");
    assert_eq!(lines(&ada.invoices()[1]), [8_900, -4_600]);
    assert_eq!(ada.account.billing.carried, 0);
    ada.paying_until("2026-05-01T00:00:00Z");
    assert_eq!(totals(&ada), [31_300, 4_300, 8_900]);
}

#[test]
fn while_past_due_nothing_can_be_changed_and_the_refusal_says_what_to_do() {
    let mut ada = starter();
    ada.declined_until("2026-05-01T06:00:00Z");
    let (code, fix) = ada.refused(&change("studio", Month));
    assert_eq!(code, "renewal_unpaid");
    assert!(fix.contains("/invoices/inv_2/pay"), "{fix}");
    assert_eq!(ada.refused(&change("professional", Year)).0, "renewal_unpaid");
    // While the bank is at it, too.
    let mut bob = starter();
    bob.wait_until("2026-05-01T06:00:00Z".parse().unwrap(), |_| Processing);
    let (code, fix) = bob.refused(&change("studio", Month));
    assert_eq!((code, fix.as_str()), ("renewal_unpaid", "Wait for the payment under way."));
}

#[test]
fn cancelling_drops_a_scheduled_change_and_a_payment_that_is_under_way() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "professional", Month);
    ada.run(&change("starter", Month));
    let events = ada.run(&cancel());
    let expected = ["scheduled_change_dropped", "cancellation_requested", "notice_scheduled"];
    assert_eq!(kinds(&events), expected);
    ada.run(&Command::Resume);
    assert!(ada.account.live().unwrap().scheduled.is_none());

    ada.run(&change("studio", Month));
    let events = ada.run(&cancel());
    assert!(kinds(&events).contains(&"payment_abandoned"));
    // It succeeds all the same: the money goes back, and the subscription ends as asked.
    let payment = ada.last_payment();
    let events = ada.settle(payment, &Succeeded).unwrap();
    assert_eq!(kinds(&events), ["payment_succeeded", "refund_requested"]);
    assert_eq!((ada.account.status(), totals(&ada).len()), ("canceling", 1));
}

#[test]
fn a_change_that_is_paid_after_its_period_is_returned() {
    let mut ada = starter();
    ada.run(&change("studio", Month));
    ada.answer_all(&Processing);
    let upgrade = ada.last_payment();
    ada.paying_until("2026-05-02T00:00:00Z");
    let events = ada.settle(upgrade, &Succeeded).unwrap();
    assert_eq!(kinds(&events), ["payment_succeeded", "refund_requested"]);
    assert_eq!((ada.account.plan(), available(&ada)), (Some(&key("starter")), "400".to_owned()));
}

#[test]
fn a_later_change_replaces_a_payment_that_waits_for_the_customer() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "professional", Month);
    ada.run(&change("studio", Month));
    assert_eq!(ada.refused(&change("starter", Month)).0, "payment_pending", "the bank is at it");
    ada.answer_all(&RequiresAction);
    let first = ada.last_payment();
    let events = ada.run(&change("starter", Month));
    assert_eq!(kinds(&events), ["payment_abandoned", "change_scheduled"]);
    // The customer finishes the first all the same, before it is cancelled.
    let events = ada.settle(first, &Succeeded).unwrap();
    assert_eq!(kinds(&events), ["payment_succeeded", "refund_requested"]);
    assert!(ada.account.live().unwrap().scheduled.is_some());
}

#[test]
fn a_declined_upgrade_changes_nothing() {
    let mut ada = starter();
    ada.run(&change("studio", Month));
    let before = ada.account.live().cloned();
    ada.answer_all(&declined());
    assert_eq!(ada.account.live().cloned(), before);
    assert_eq!((ada.account.status(), totals(&ada).len()), ("active", 1));
}

#[test]
fn a_plan_of_its_own_is_above_the_catalogs_and_renews_on_its_terms() {
    let mut ada = starter();
    let own = |price: i64| Box::new(plan(CUSTOM, price, price * 10, "9000", &["editor"]));
    assert_eq!(ada.refused(&change(CUSTOM, Month)).0, "unknown_plan");
    ada.run(&Command::SetCustomPlan(Some(own(49_900))));
    ada.pay(&change(CUSTOM, Month));
    assert_eq!((totals(&ada), available(&ada)), (vec![2_900, 47_000], "9000".to_owned()));
    assert_eq!(ada.refused(&Command::SetCustomPlan(None)).0, "on_custom_plan");
    ada.run(&Command::SetCustomPlan(Some(own(59_900))));
    ada.paying_until("2026-05-01T00:00:00Z");
    assert_eq!(totals(&ada)[2], 59_900);
    let mut wrong = own(1);
    wrong.allowance = bursar_core::credits::Credits::from_micro(i64::MAX);
    assert_eq!(ada.refused(&Command::SetCustomPlan(Some(wrong))).0, "bad_custom_plan");
    assert_eq!(ada.refused(&Command::SetCustomPlan(Some(own(i64::MAX / 10)))).0, "bad_custom_plan");
}
