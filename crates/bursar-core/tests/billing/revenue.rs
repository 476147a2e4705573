//! What was invoiced is earned month by month, all of it, and what expired unused is breakage.

use bursar_core::account::event::Event;
use bursar_core::catalog::Catalog;

use super::refunds::charge;
use super::support::customer::{Customer, Month, Year, cancel, change, topup};
use super::support::{scriptkit, taxed};

/// What was earned by the subscription, by breakage and by top-ups.
fn earned(customer: &Customer) -> (i64, i64, i64) {
    let recognized = customer.history.iter().filter_map(|recorded| match &recorded.event {
        Event::RevenueRecognized { subscription, breakage, topups, .. } => {
            Some((*subscription, *breakage, topups.iter().map(|(_, net)| net).sum::<i64>()))
        }
        _ => None,
    });
    recognized.fold((0, 0, 0), |sum, more| (sum.0 + more.0, sum.1 + more.1, sum.2 + more.2))
}

fn invoiced(customer: &Customer) -> i64 {
    customer.invoices().iter().map(|bill| bill.net).sum()
}

#[test]
fn a_month_is_earned_at_its_end_and_unused_credits_are_breakage() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    ada.run(&charge("100"));
    ada.paying_until("2026-04-30T23:59:59Z");
    assert_eq!((earned(&ada), ada.account.billing.unearned), ((0, 0, 0), 2_900));
    ada.paying_until("2026-05-01T00:00:00Z");
    // A quarter of the credits was used.
    assert_eq!((earned(&ada), ada.account.billing.unearned), ((725, 2_175, 0), 2_900));
}

#[test]
fn a_year_is_earned_in_twelve_parts_that_sum_to_its_invoice() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Year);
    ada.run(&cancel());
    ada.paying_until("2026-06-01T00:00:00Z");
    assert_eq!(earned(&ada), (0, 2_608 + 2_608, 0));
    ada.paying_until("2027-04-01T00:00:00Z");
    assert_eq!((earned(&ada), ada.account.billing.unearned), ((0, 31_300, 0), 0));
}

#[test]
fn a_topup_is_earned_as_its_credits_are_used() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    ada.pay(&topup("small"));
    ada.run(&charge("425"));
    ada.paying_until("2026-05-01T00:00:00Z");
    assert_eq!(earned(&ada), (2_900, 0, 250));
    ada.run(&charge("475"));
    ada.run(&cancel());
    ada.paying_until("2026-06-01T00:00:00Z");
    assert_eq!((earned(&ada), ada.account.billing.topups.len()), ((5_800, 0, 1_000), 0));
}

/// Everything that can happen to the price of a subscription; all of it is earned at the end.
fn ends_earned(catalog: Catalog) {
    let mut ada = Customer::subscribed(catalog, "2026-01-31T00:00:00Z", "starter", Year);
    ada.paying_until("2026-03-17T05:00:00Z");
    ada.pay(&change("professional", Month));
    let carried = ada.account.billing.carried;
    assert!(carried > 0);
    ada.paying_until("2026-04-20T00:00:00Z");
    ada.pay(&change("studio", Month));
    ada.paying_until("2026-05-05T00:00:00Z");
    ada.pay(&change("studio", Year));
    ada.run(&change("starter", Month));
    ada.paying_until("2027-06-20T00:00:00Z");
    ada.run(&cancel());
    ada.paying_until("2027-07-20T00:00:00Z");
    assert_eq!(ada.account.status(), "retention");
    let (subscription, breakage, _) = earned(&ada);
    assert_eq!((subscription + breakage, ada.account.billing.unearned), (invoiced(&ada), 0));
    assert_eq!(ada.account.billing.carried, 0);
}

#[test]
fn all_that_was_invoiced_is_earned_at_the_end() {
    ends_earned(scriptkit());
    ends_earned(taxed(scriptkit(), false));
    ends_earned(taxed(scriptkit(), true));
}

#[test]
fn what_is_carried_forward_is_not_earned_by_another_change() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-01-01T00:00:00Z", "starter", Year);
    ada.run(&change("professional", Month));
    // 313 are unearned, of which 224 are carried forward. The next change is at once, so nothing of
    // the month is used either.
    assert_eq!((ada.account.billing.unearned, ada.account.billing.carried), (31_300, 22_400));
    ada.pay(&change("professional", Year));
    assert_eq!(earned(&ada), (0, 0, 0));
    assert_eq!((ada.account.billing.unearned, ada.account.billing.carried), (96_100, 0));
}

#[test]
fn a_renewal_that_was_never_paid_was_never_earned() {
    let mut ada = Customer::subscribed(scriptkit(), "2026-04-01T00:00:00Z", "starter", Month);
    ada.declined_until("2026-06-01T00:00:00Z");
    assert_eq!((earned(&ada), ada.account.billing.unearned), ((0, 2_900, 0), 0));
}
