//! A bill as pages show it: the same figures that its invoice will have.

use bursar_core::bill::{Bill, TaxTreatment};
use bursar_core::catalog::Catalog;
use bursar_core::money::Money;
use bursar_core::readable::period;

use crate::session::Customer;

/// A bill with its figures as they read.
pub(super) struct ShownBill {
    pub(super) lines: Vec<ShownLine>,
    /// Without tax.
    pub(super) net: String,
    /// What tax, and how much; `None` if none applies.
    pub(super) tax: Option<(String, String)>,
    /// What the total is called.
    pub(super) label: &'static str,
    pub(super) total: String,
}

/// One line of it.
pub(super) struct ShownLine {
    pub(super) what: String,
    /// The time it covers; empty if it is about none.
    pub(super) period: String,
    pub(super) amount: String,
}

impl ShownBill {
    /// A bill that a customer looks at.
    pub(super) fn of(bill: &Bill, catalog: &Catalog, customer: &Customer) -> Self {
        let (zone, locale) = (&customer.account().zone, &customer.locale);
        let money = |amount| locale.money(Money::new(amount, bill.currency));
        let lines = bill.lines.iter().map(|line| ShownLine {
            what: line.description.clone(),
            period: line.period.map(|span| period(span, zone)).unwrap_or_default(),
            amount: money(line.net),
        });
        let name = &catalog.tax.name;
        let tax = match bill.treatment {
            TaxTreatment::OutOfScope => None,
            TaxTreatment::Standard { country, rate_ppm } => {
                Some(format!("{name}, {} ({})", percent(rate_ppm), country.name()))
            }
            TaxTreatment::ReverseCharge { .. } => {
                Some(format!("{name}: accounted for by you (reverse charge)"))
            }
        };
        Self {
            lines: lines.collect(),
            net: money(bill.net),
            tax: tax.map(|tax| (tax, money(bill.tax))),
            label: "Due now",
            total: money(bill.total),
        }
    }
}

/// `19%`, `8.1%`, of parts per million.
fn percent(ppm: u32) -> String {
    let (whole, rest) = (ppm / 10_000, ppm % 10_000);
    let rest = format!("{rest:04}");
    match rest.trim_end_matches('0') {
        "" => format!("{whole}%"),
        rest => format!("{whole}.{rest}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn rates_read_as_they_are() {
        assert_eq!(percent(190_000), "19%");
        assert_eq!(percent(81_000), "8.1%");
        assert_eq!(percent(77_500), "7.75%");
        assert_eq!(percent(0), "0%");
    }
}
