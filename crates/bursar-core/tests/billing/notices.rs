//! What customers are told ahead of time.

use bursar_core::account::command::Command;
use bursar_core::account::event::Event;

use super::support::customer::{Customer, Month, Year, cancel, change};
use super::support::scriptkit;
use super::times;

#[test]
fn the_deletion_of_data_is_announced_on_days_14_and_27() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    ada.run(&cancel());
    let events = ada.paying_until("2026-07-01T00:00:00Z");
    // The end is told three days ahead; it is on 1 May, and the purge 30 days later.
    assert_eq!(
        times(&events, "notice_given"),
        ["2026-04-28T00:00:00Z", "2026-05-15T00:00:00Z", "2026-05-28T00:00:00Z"]
    );
    assert_eq!(times(&events, "account_purged"), ["2026-05-31T00:00:00Z"]);
    let comes = events.iter().filter_map(|recorded| match &recorded.event {
        Event::NoticeGiven { comes_at, .. } => Some(comes_at.to_string()),
        _ => None,
    });
    let comes: Vec<String> = comes.collect();
    assert_eq!(comes, ["2026-05-01T00:00:00Z", "2026-05-31T00:00:00Z", "2026-05-31T00:00:00Z"]);
}

/// When the renewal of 1 April 2027 is announced, and with which amounts.
fn announced(customer: &Customer) -> Vec<(String, i64)> {
    let given = customer.history.iter().filter_map(|recorded| match &recorded.event {
        Event::NoticeGiven { amount: Some(amount), .. } => {
            Some((recorded.at.to_string(), amount.amount))
        }
        _ => None,
    });
    given.collect()
}

fn yearly() -> Customer {
    Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Year)
}

#[test]
fn the_renewal_of_a_year_is_announced_14_days_ahead_with_its_price() {
    let mut ada = yearly();
    ada.paying_until("2028-03-31T00:00:00Z");
    assert_eq!(
        announced(&ada),
        [("2027-03-18T00:00:00Z".to_owned(), 31_300), ("2028-03-18T00:00:00Z".to_owned(), 31_300)]
    );
}

#[test]
fn an_upgrade_within_the_year_keeps_the_announcement() {
    let mut ada = yearly();
    ada.paying_until("2026-10-01T00:00:00Z");
    ada.pay(&change("studio", Year));
    ada.paying_until("2027-03-31T00:00:00Z");
    assert_eq!(announced(&ada), [("2027-03-18T00:00:00Z".to_owned(), 214_900)]);
}

#[test]
fn a_cancelled_year_is_not_announced_and_resuming_announces_it_again() {
    let mut ada = yearly();
    ada.run(&cancel());
    ada.paying_until("2027-03-25T00:00:00Z");
    assert!(announced(&ada).is_empty());
    ada.run(&Command::Resume);
    ada.paying_until("2027-03-31T00:00:00Z");
    // Its time has passed, so it is told at once; the end isn't.
    assert_eq!(announced(&ada), [("2027-03-25T00:00:00Z".to_owned(), 31_300)]);
    assert_eq!(ada.count("notice_given"), 1);
}

#[test]
fn the_price_announced_is_that_of_a_scheduled_change() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "studio", Year);
    ada.run(&change("professional", Year));
    ada.paying_until("2027-03-31T00:00:00Z");
    assert_eq!(announced(&ada), [("2027-03-18T00:00:00Z".to_owned(), 96_100)]);
}
