//! What must not be gained, and what must not overflow.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod support;

use bursar_core::account::command::{AdjustCredits, Command};
use bursar_core::catalog::{ChangeTiming, Class};
use bursar_core::credits::Credits;
use bursar_core::time::Timestamp;
use support::customer::{Customer, Month, Succeeded, Year, change};
use support::{catalog, credits};

fn give(amount: Credits) -> Command {
    Command::AdjustCredits(AdjustCredits {
        credits: amount,
        class: Class::Topup,
        reason: "test".parse().unwrap(),
        expires_at: None,
    })
}

#[test]
fn going_down_and_up_again_gains_nothing() {
    let mut catalog = catalog();
    catalog.policies.changes.downgrade = ChangeTiming::Now;
    let mut ada = Customer::subscribed(catalog, "2026-01-01T00:00:00Z", "small", Month);
    ada.pay(&change("large", Month));
    assert_eq!(ada.account.available(), credits("1000"));
    for _ in 0..3 {
        ada.pay(&change("small", Month));
        ada.pay(&change("large", Month));
    }
    assert_eq!(ada.account.available(), credits("1000"));
    // What going down was worth has paid for going up.
    let paid: Vec<i64> = ada.invoices().iter().map(|bill| bill.total).collect();
    assert_eq!((paid, ada.account.billing.carried), (vec![1_000, 4_000], 0));
}

#[test]
fn a_balance_has_a_limit_that_leaves_room_for_allowances() {
    let mut ada = Customer::subscribed(catalog(), "2026-01-01T00:00:00Z", "large", Month);
    let mut given = Credits::ZERO;
    while ada.ask(&give(Credits::MAX_AMOUNT)).is_ok() {
        given = given.plus(Credits::MAX_AMOUNT);
    }
    assert_eq!(given, Credits::from_whole(999_000_000_000).unwrap());
    // The refresh is still exact.
    ada.paying_until("2026-03-15T00:00:00Z");
    assert_eq!(ada.account.available(), given.plus(credits("1000")));
}

#[test]
fn time_goes_on_at_the_end_of_the_calendar() {
    for interval in [Month, Year] {
        let mut ada = Customer::subscribed(catalog(), "9998-12-31T00:00:00Z", "small", interval);
        ada.wait_until(Timestamp::MAX, |_| Succeeded);
        ada.account.check().unwrap();
    }
}
