//! How what was bought is called.

use std::time::Duration;

use bursar_core::account::Account;
use bursar_core::account::payments::Purchase;
use bursar_core::bill::{Bill, TaxTreatment};
use bursar_core::catalog::{Catalog, Interval};
use bursar_core::id::Key;
use bursar_core::money::Money;
use bursar_core::time::Timestamp;
use bursar_mail::OneLine;
use bursar_mail::occasion::Line;

/// `Professional`: the name in the catalog in force or of the account's own plan; the key of one that
/// is gone.
pub(super) fn plan(account: &Account, catalog: &Catalog, key: &Key) -> OneLine {
    plan_name(account, catalog, key).into()
}

/// `Professional, monthly`.
pub(super) fn plan_paid(
    account: &Account,
    catalog: &Catalog,
    key: &Key,
    interval: Interval,
) -> OneLine {
    let interval = match interval {
        Interval::Month => "monthly",
        Interval::Year => "yearly",
    };
    format!("{}, {interval}", plan_name(account, catalog, key)).into()
}

fn plan_name<'a>(account: &'a Account, catalog: &'a Catalog, key: &'a Key) -> &'a str {
    account.plan_of(catalog, key).map_or(key.as_str(), |plan| &plan.name)
}

/// What is paid for, in words that follow "for": `Professional, monthly`; `Small pack, 100 credits`.
pub(super) fn purpose(
    account: &Account,
    catalog: &Catalog,
    purchase: &Purchase,
    bill: &Bill,
) -> OneLine {
    match purchase {
        Purchase::Start { plan, interval, .. } | Purchase::Renewal { plan, interval, .. } => {
            plan_paid(account, catalog, plan, *interval)
        }
        Purchase::Change { plan, interval, .. } => {
            let plan = plan_paid(account, catalog, plan, *interval);
            format!("the change to {}", plan.as_str()).into()
        }
        // The bill says how the pack was called when it was bought.
        Purchase::Topup { pack, .. } => {
            let line = bill.lines.first().map(|line| line.description.as_str());
            line.unwrap_or_else(|| pack.as_str()).into()
        }
    }
}

/// A bill's lines, and its tax if there is any to speak of. They sum to what is due.
pub(super) fn lines(catalog: &Catalog, bill: &Bill) -> Vec<Line> {
    let money = |amount| Money::new(amount, bill.currency);
    let line =
        |description: OneLine, period, amount| Line { description, period, amount: money(amount) };
    let of_bill = bill.lines.iter();
    let mut lines: Vec<Line> = of_bill
        .map(|of_bill| line(of_bill.description.as_str().into(), of_bill.period, of_bill.net))
        .collect();
    let tax = &catalog.tax.name;
    match bill.treatment {
        TaxTreatment::OutOfScope if bill.tax == 0 => {}
        TaxTreatment::ReverseCharge { .. } => {
            lines.push(line(format!("{tax}, reverse charge").into(), None, bill.tax));
        }
        treatment => {
            let rate = percent(treatment.rate_ppm());
            lines.push(line(format!("{tax} {rate}").into(), None, bill.tax));
        }
    }
    lines
}

/// `19%`, `8.875%`.
fn percent(ppm: u32) -> String {
    let (whole, rest) = (ppm / 10_000, ppm % 10_000);
    if rest == 0 {
        return format!("{whole}%");
    }
    let fraction = format!("{rest:04}");
    format!("{whole}.{}%", fraction.trim_end_matches('0'))
}

/// Whole days until then, rounded to the nearest: those of a notice are whole but for the hour that
/// summer time takes or gives.
pub(super) fn days_left(now: Timestamp, then: Timestamp) -> u32 {
    const HALF: Duration = Duration::from_secs(43_200);
    const DAY: u64 = 86_400;
    let left = then.since(now).saturating_add(HALF).as_secs() / DAY;
    u32::try_from(left).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_shown_as_people_write_them() {
        assert_eq!(percent(190_000), "19%");
        assert_eq!(percent(88_750), "8.875%");
        assert_eq!(percent(0), "0%");
        assert_eq!(percent(55_000), "5.5%");
    }

    #[test]
    fn days_are_counted_to_the_nearest() {
        let check = |from: &str, to: &str, days| {
            assert_eq!(days_left(from.parse().unwrap(), to.parse().unwrap()), days);
        };
        check("2026-03-15T00:00:00Z", "2026-03-31T00:00:00Z", 16);
        check("2026-03-15T00:00:00Z", "2026-03-30T23:00:00Z", 16);
        check("2026-03-15T00:00:00Z", "2026-03-15T10:00:00Z", 0);
        check("2026-03-16T00:00:00Z", "2026-03-15T10:00:00Z", 0);
    }
}
