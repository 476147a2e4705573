//! Tax on bills, also on prorated ones.

use bursar_core::account::command::{Command, SetBillingDetails};
use bursar_core::bill::{Bill, TaxTreatment};

use super::lines;
use super::support::customer::{Customer, Month, Year, change, confirm};
use super::support::{scriptkit, taxed};

fn details(customer: &mut Customer, country: &str, business: bool) {
    let revision = customer.account.billing.buyer + 1;
    let country = country.parse().ok();
    customer.run(&Command::SetBillingDetails(SetBillingDetails { revision, country, business }));
}

/// An upgrade from Starter to Professional at half of April.
fn upgraded(inclusive: bool, country: &str, business: bool) -> Vec<Bill> {
    let mut ada = Customer::with_card(taxed(scriptkit(), inclusive), "2026-04-01T00:00:00Z");
    details(&mut ada, country, business);
    ada.pay(&change("starter", Month));
    ada.paying_until("2026-04-16T00:00:00Z");
    let preview = ada.preview("professional", Month).unwrap();
    ada.pay(&confirm(&preview));
    assert_eq!(ada.invoices()[1], preview.order.bill);
    ada.invoices()
}

fn sums(bill: &Bill) -> (i64, i64, i64) {
    (bill.net, bill.tax, bill.total)
}

#[test]
fn tax_is_added_to_prices_without_it() {
    let bills = upgraded(false, "DE", true);
    assert_eq!(bills[0].treatment.as_str(), "standard", "no reverse charge at home");
    assert_eq!(sums(&bills[0]), (2_900, 551, 3_451));
    assert_eq!((lines(&bills[1]), sums(&bills[1])), (vec![-1_450, 4_450], (3_000, 570, 3_570)));
}

#[test]
fn tax_is_taken_out_of_prices_with_it_also_when_prorated() {
    let bills = upgraded(true, "FR", false);
    assert_eq!(sums(&bills[0]), (2_417, 483, 2_900));
    // 30.00 with 20%: 25.00 and 5.00; of the lines -12.083 and 37.083 the sum is kept.
    assert_eq!((lines(&bills[1]), sums(&bills[1])), (vec![-1_208, 3_708], (2_500, 500, 3_000)));
}

#[test]
fn a_business_abroad_accounts_for_the_tax_itself_also_when_prorated() {
    let bills = upgraded(false, "FR", true);
    for bill in &bills {
        let country = "FR".parse().unwrap();
        assert_eq!((bill.treatment, bill.tax), (TaxTreatment::ReverseCharge { country }, 0));
    }
    assert_eq!((bills[1].total, lines(&bills[1])), (3_000, vec![-1_450, 4_450]));
}

#[test]
fn a_preview_is_stale_once_the_country_is_another() {
    let mut ada = Customer::with_card(taxed(scriptkit(), false), "2026-04-01T00:00:00Z");
    let preview = ada.preview("starter", Month).unwrap();
    assert_eq!(sums(&preview.order.bill), (2_900, 551, 3_451), "not known: as the seller's");
    details(&mut ada, "US", false);
    assert_eq!(ada.refused(&confirm(&preview)).0, "stale_preview");
    ada.pay(&change("starter", Month));
    assert_eq!(sums(&ada.invoices()[0]), (2_900, 0, 2_900));
}

#[test]
fn what_is_carried_forward_is_taxed_once() {
    let mut ada = Customer::with_card(taxed(scriptkit(), false), "2026-01-01T00:00:00Z");
    ada.pay(&change("starter", Year));
    ada.run(&change("professional", Month));
    ada.paying_until("2026-04-01T00:00:00Z");
    // 313 + 19% at first; later 46 are left of 313 − 3 × 89, and only 43 are taxed again.
    let bills: Vec<_> = ada.invoices().iter().map(sums).collect();
    assert_eq!(bills, [(31_300, 5_947, 37_247), (4_300, 817, 5_117)]);
}
