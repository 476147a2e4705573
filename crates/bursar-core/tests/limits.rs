//! What must not be gained, and what must not overflow.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod support;

use bursar_core::Context;
use bursar_core::account::advance::advance;
use bursar_core::account::command::{AdjustCredits, ChangePlan, Command, Open};
use bursar_core::account::{Account, execute};
use bursar_core::catalog::{Catalog, ChangeTiming, Class, Interval};
use bursar_core::credits::Credits;
use bursar_core::rejection::Rejection;
use bursar_core::time::{Timestamp, ZoneName};
use support::{catalog, credits};

fn account(catalog: &Catalog, now: &str) -> Account {
    let open = Open { zone: ZoneName::utc(), currency: None };
    open.decide("ada".parse().unwrap(), catalog, now.parse().unwrap()).unwrap().0
}

fn run(account: &mut Account, catalog: &Catalog, command: &Command) -> Result<(), Rejection> {
    let context = Context { now: account.last_event_at, entropy: [0; 10] };
    execute(account, catalog, command, &context, None).map(|_| ())
}

fn change(plan: &str, interval: Interval) -> Command {
    Command::ChangePlan(ChangePlan { plan: plan.to_owned(), interval })
}

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
    let mut ada = account(&catalog, "2026-01-01T00:00:00Z");
    run(&mut ada, &catalog, &change("small", Interval::Month)).unwrap();
    run(&mut ada, &catalog, &change("large", Interval::Month)).unwrap();
    assert_eq!(ada.available(), credits("1000"));
    for _ in 0..3 {
        run(&mut ada, &catalog, &change("small", Interval::Month)).unwrap();
        run(&mut ada, &catalog, &change("large", Interval::Month)).unwrap();
    }
    assert_eq!(ada.available(), credits("1000"));
}

#[test]
fn a_balance_has_a_limit_that_leaves_room_for_allowances() {
    let catalog = catalog();
    let mut ada = account(&catalog, "2026-01-01T00:00:00Z");
    run(&mut ada, &catalog, &change("large", Interval::Month)).unwrap();
    let mut given = Credits::ZERO;
    while run(&mut ada, &catalog, &give(Credits::MAX_AMOUNT)).is_ok() {
        given = given.plus(Credits::MAX_AMOUNT);
    }
    assert_eq!(given, Credits::from_whole(999_000_000_000).unwrap());
    // The refresh is still exact.
    advance(&mut ada, &catalog, "2026-03-15T00:00:00Z".parse().unwrap());
    assert_eq!(ada.available(), given.plus(credits("1000")));
}

#[test]
fn time_goes_on_at_the_end_of_the_calendar() {
    let catalog = catalog();
    for interval in [Interval::Month, Interval::Year] {
        let mut ada = account(&catalog, "9998-12-31T00:00:00Z");
        run(&mut ada, &catalog, &change("small", interval)).unwrap();
        advance(&mut ada, &catalog, Timestamp::MAX);
        ada.check().unwrap();
    }
}
