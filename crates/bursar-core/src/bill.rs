//! What a purchase costs: lines, tax and total. A preview shows a [`Bill`], an invoice is one; both
//! come from the same function, so they can't differ.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::catalog::{TaxPolicy, TaxRate};
use crate::country::Country;
use crate::id::Key;
use crate::money::{Currency, Money};
use crate::time::Timestamp;

/// A purchase in figures, in minor units of one currency.
///
/// Invariants: the lines sum to `net`, `net + tax = total`, and `total` is never negative: what
/// unused time is worth beyond what is bought is carried forward instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// The currency of every amount.
    pub currency: Currency,
    /// What is bought, and what is taken off.
    pub lines: Vec<BillLine>,
    /// How all of it is taxed.
    pub treatment: TaxTreatment,
    /// The sum of the lines.
    pub net: i64,
    /// The tax on it.
    pub tax: i64,
    /// What is due.
    pub total: i64,
}

/// One line of a bill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillLine {
    /// What it is, for people.
    pub description: String,
    /// The time it covers, half-open.
    pub period: Option<(Timestamp, Timestamp)>,
    /// The amount without tax, in minor units; negative if it is taken off.
    pub net: i64,
}

/// How a bill is taxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaxTreatment {
    /// No tax of the catalog applies to this buyer.
    OutOfScope,
    /// The rate of the buyer's country.
    Standard {
        /// The country.
        country: Country,
        /// The rate in parts per million: 19% is 190,000.
        rate_ppm: u32,
    },
    /// The buyer, a business of another country, accounts for the tax.
    ReverseCharge {
        /// The buyer's country.
        country: Country,
    },
}

impl TaxTreatment {
    /// How a buyer is taxed. `seller` is the seller's country; a buyer whose country is not known is
    /// taxed as one of the seller's. `business`: the buyer has given a VAT id.
    pub fn of(
        policy: &TaxPolicy,
        seller: Option<Country>,
        buyer: Option<Country>,
        business: bool,
    ) -> Self {
        let rate = |country| policy.rates.iter().find(move |rate| Some(rate.country) == country);
        match rate(buyer.or(seller)) {
            None => Self::OutOfScope,
            Some(TaxRate { country, reverse_charge: true, .. })
                if business && Some(*country) != seller =>
            {
                Self::ReverseCharge { country: *country }
            }
            Some(TaxRate { country, rate_ppm, .. }) => {
                Self::Standard { country: *country, rate_ppm: *rate_ppm }
            }
        }
    }

    /// The rate in parts per million.
    pub const fn rate_ppm(self) -> u32 {
        match self {
            Self::Standard { rate_ppm, .. } => rate_ppm,
            Self::OutOfScope | Self::ReverseCharge { .. } => 0,
        }
    }

    /// `standard`, `reverse_charge` or `out_of_scope`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard { .. } => "standard",
            Self::ReverseCharge { .. } => "reverse_charge",
            Self::OutOfScope => "out_of_scope",
        }
    }
}

/// A line before tax is worked out: `amount` as the catalog's prices are, with or without tax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is, for people.
    pub description: String,
    /// The time it covers, half-open.
    pub period: Option<(Timestamp, Timestamp)>,
    /// The amount in minor units, as listed.
    pub amount: i64,
}

impl Bill {
    /// The bill of items that sum to no less than zero.
    ///
    /// With prices that exclude tax the tax is added; with prices that include it, it is taken out of
    /// the sum, and the lines' shares of it are such that everything adds up (largest remainder).
    pub fn of(
        items: Vec<Item>,
        currency: Currency,
        treatment: TaxTreatment,
        inclusive: bool,
    ) -> Self {
        let sum = items.iter().fold(0_i64, |sum, item| sum.saturating_add(item.amount));
        let rate = i128::from(treatment.rate_ppm());
        let (net, tax) = if inclusive && rate > 0 {
            let tax = half_up(i128::from(sum).saturating_mul(rate), WHOLE.saturating_add(rate));
            (sum.saturating_sub(tax), tax)
        } else {
            (sum, half_up(i128::from(sum).saturating_mul(rate), WHOLE))
        };
        let nets = if inclusive && rate > 0 {
            let amounts: Vec<i64> = items.iter().map(|item| item.amount).collect();
            without_tax(&amounts, WHOLE.saturating_add(rate), net)
        } else {
            items.iter().map(|item| item.amount).collect()
        };
        let lines = items.into_iter().zip(nets).map(|(item, net)| BillLine {
            description: item.description,
            period: item.period,
            net,
        });
        let lines = lines.collect();
        Self { currency, lines, treatment, net, tax, total: net.saturating_add(tax) }
    }

    /// What is due.
    pub const fn due(&self) -> Money {
        Money::new(self.total, self.currency)
    }
}

const WHOLE: i128 = 1_000_000;

/// `numerator ÷ denominator`, rounded half up; the denominator is positive.
pub(crate) fn half_up(numerator: i128, denominator: i128) -> i64 {
    let denominator = denominator.max(1);
    let twice = numerator.saturating_mul(2).saturating_add(denominator);
    i64::try_from(twice.div_euclid(denominator.saturating_mul(2))).unwrap_or(i64::MAX)
}

/// Each of `amounts × WHOLE ÷ whole`, rounded so that they sum to `sum`: those with the largest
/// remainder are rounded up.
fn without_tax(amounts: &[i64], whole: i128, sum: i64) -> Vec<i64> {
    let exact = |amount: &i64| i128::from(*amount).saturating_mul(WHOLE);
    let floor = |amount| i64::try_from(exact(amount).div_euclid(whole)).unwrap_or(i64::MAX);
    let mut nets: Vec<i64> = amounts.iter().map(floor).collect();
    let floors = nets.iter().fold(0_i64, |sum, net| sum.saturating_add(*net));
    let missing = usize::try_from(sum.saturating_sub(floors)).unwrap_or(0);
    let mut order: Vec<(i128, usize)> =
        amounts.iter().map(|amount| exact(amount).rem_euclid(whole)).zip(0..).collect();
    order.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, place) in order.into_iter().take(missing) {
        if let Some(net) = nets.get_mut(place) {
            *net = net.saturating_add(1);
        }
    }
    nets
}

/// The number by which a document is known to the law: without gaps per series and year, given out in
/// the commit that makes the document. Shown as `INV-2026-000123`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LegalNumber {
    /// The series.
    pub series: Key,
    /// The year of issue, in UTC.
    pub year: u16,
    /// From 1; 0 until the commit gives it out.
    pub number: u32,
}

impl LegalNumber {
    /// A number of a series that is not given out yet, for a document of that moment.
    pub fn pending(series: &Key, at: Timestamp) -> Self {
        let year = at.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).year();
        Self { series: series.clone(), year: u16::try_from(year).unwrap_or(0), number: 0 }
    }
}

impl fmt::Display for LegalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&alloc::format!("{}-{}-{:06}", self.series, self.year, self.number))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn item(amount: i64) -> Item {
        Item { description: "x".to_string(), period: None, amount }
    }

    fn standard(rate_ppm: u32) -> TaxTreatment {
        TaxTreatment::Standard { country: "DE".parse().unwrap(), rate_ppm }
    }

    #[test]
    fn tax_is_added_to_prices_without_it_and_taken_out_of_prices_with_it() {
        let added = Bill::of(alloc::vec![item(2900)], Currency::USD, standard(190_000), false);
        assert_eq!((added.net, added.tax, added.total), (2900, 551, 3451));
        let inside = Bill::of(alloc::vec![item(2900)], Currency::USD, standard(190_000), true);
        assert_eq!((inside.net, inside.tax, inside.total), (2437, 463, 2900));
        let none = Bill::of(alloc::vec![item(2900)], Currency::USD, TaxTreatment::OutOfScope, true);
        assert_eq!((none.net, none.tax, none.total), (2900, 0, 2900));
    }

    #[test]
    fn a_business_abroad_accounts_for_the_tax_itself() {
        let country = |code: &str| code.parse::<Country>().unwrap();
        let rate =
            |code| TaxRate { country: country(code), rate_ppm: 190_000, reverse_charge: true };
        let policy = TaxPolicy {
            name: "VAT".to_string(),
            inclusive: false,
            rates: alloc::vec![rate("DE"), rate("FR")],
        };
        let seller = Some(country("DE"));
        let of = |buyer: Option<&str>, business| {
            TaxTreatment::of(&policy, seller, buyer.map(country), business).as_str()
        };
        assert_eq!(of(Some("FR"), true), "reverse_charge");
        assert_eq!(of(Some("FR"), false), "standard");
        assert_eq!(of(Some("DE"), true), "standard");
        assert_eq!(of(Some("US"), true), "out_of_scope");
        assert_eq!(of(None, false), "standard");
    }

    proptest::proptest! {
        #[test]
        fn parts_sum_to_the_whole(
            amounts in proptest::collection::vec(-1_000_000_i64..2_000_000, 1..8),
            rate in 0_u32..300_000,
            inclusive: bool,
        ) {
            let sum: i64 = amounts.iter().sum();
            let items = amounts.iter().map(|amount| item(*amount)).collect();
            let bill = Bill::of(items, Currency::USD, standard(rate), inclusive);
            let lines: i64 = bill.lines.iter().map(|line| line.net).sum();
            proptest::prop_assert_eq!(lines, bill.net);
            proptest::prop_assert_eq!(bill.net + bill.tax, bill.total);
            if inclusive {
                proptest::prop_assert_eq!(bill.total, sum);
            } else {
                proptest::prop_assert_eq!(bill.net, sum);
            }
        }
    }
}
