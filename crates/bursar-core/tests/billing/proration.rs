//! Proration adds up, at every instant and price.

use bursar_core::time::Timestamp;
use proptest::prelude::*;

use super::lines;
use super::support::customer::{Customer, Month, Year, change, confirm};
use super::support::{catalog, plan};

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// What is taken off and what was used are what was paid; likewise what is paid and what was not
    /// used of the new price; and the invoice is the preview.
    #[test]
    fn the_parts_of_a_period_sum_to_its_price(
        old in 0_i64..100_000,
        more in 1_i64..100_000,
        into in 0_i64..31 * 86_400 * 1_000_000,
        year: bool,
        start in 0_i64..2_000_000_000,
    ) {
        let mut catalog = catalog();
        let interval = if year { Year } else { Month };
        catalog.plans = vec![
            plan("low", old, old * 10, "100", &[]),
            plan("high", old + more, (old + more) * 10, "150", &[]),
        ];
        let start = Timestamp::from_micros(start * 1_000_000).to_string();
        let mut ada = Customer::subscribed(catalog, &start, "low", interval);
        let billing = ada.account.live().unwrap().billing;
        let into = into % (billing.end.micros() - billing.start.micros());
        ada.now = Timestamp::from_micros(billing.start.micros() + into);
        ada.book_due();
        let preview = ada.preview("high", interval).unwrap();
        ada.pay(&confirm(&preview));

        // By the second: a second that has begun is still left.
        let whole = i128::from((billing.end.micros() - billing.start.micros()) / 1_000_000);
        let gone = i128::from(into / 1_000_000);
        let used = |price: i64| {
            // Half down, since what is left is half up.
            let twice = 2 * i128::from(price) * gone;
            i64::try_from((twice + whole - 1).div_euclid(2 * whole)).unwrap()
        };
        let factor = if year { 10 } else { 1 };
        let (old, new) = (old * factor, (old + more) * factor);
        let bill = &preview.order.bill;
        prop_assert_eq!(lines(bill), [used(old) - old, new - used(new)]);
        prop_assert_eq!(bill.total, new - old - (used(new) - used(old)));
        match ada.invoices().last() {
            Some(invoice) if bill.total > 0 => prop_assert_eq!(invoice, bill),
            _ => prop_assert_eq!(ada.count("invoice_issued"), usize::from(old > 0)),
        }
        // The same fraction of the credits, rounded up to a whole one.
        let month = ada.account.live().unwrap().credit;
        let (left, of) = month.remaining(ada.now);
        let credits = (50 * left + of - 1) / of;
        prop_assert_eq!(preview.allowance_change.micro(), credits * 1_000_000);
    }
}

#[test]
fn what_is_taken_off_is_never_more_than_was_paid() {
    let mut ada = Customer::subscribed(catalog(), "2026-01-01T00:00:00Z", "small", Month);
    ada.run(&change("large", Month));
    let bill = &ada.account.billing.payments[0].order.bill;
    assert_eq!(lines(bill), [-1_000, 5_000]);
}
