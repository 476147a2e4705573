//! `[tax]`: how sales are taxed. Without rates nothing is, which is why all of it has defaults.

use bursar_core::catalog::{TaxPolicy, TaxRate};
use bursar_core::country::Country;

use crate::reader::{Table, Value};
use crate::references::distinct;
use crate::seller::Home;

const PRICES: [(&str, bool); 2] = [("exclusive", false), ("inclusive", true)];

/// The name stands in a column of a document.
const NAME_MOST: usize = 40;

/// The word of the file for prices that include tax, or don't.
pub(crate) const fn prices_word(inclusive: bool) -> &'static str {
    if inclusive { "inclusive" } else { "exclusive" }
}

/// The policy.
pub(crate) fn read(root: &Table<'_>, home: Home) -> Option<TaxPolicy> {
    let default = TaxPolicy { name: "Tax".to_owned(), inclusive: false, rates: Vec::new() };
    match root.field("tax") {
        Some(value) => tax(&value, default, home),
        None => Some(default),
    }
}

fn tax(value: &Value<'_>, default: TaxPolicy, home: Home) -> Option<TaxPolicy> {
    let table = value.table()?;
    let name = table.or("name", default.name, |value| value.text_of_at_most(NAME_MOST));
    let inclusive = table.or("prices", default.inclusive, |value| value.choice(&PRICES));
    let rates = rates(&table, home);
    table.close();
    Some(TaxPolicy { name: name?, inclusive: inclusive?, rates: rates? })
}

/// What is compared between rates, also of those that have mistakes elsewhere.
#[derive(Default)]
struct Seen<'a> {
    countries: Vec<(Country, Value<'a>)>,
    reverse_charges: Vec<Value<'a>>,
}

fn rates(table: &Table<'_>, home: Home) -> Option<Vec<TaxRate>> {
    let mut seen = Seen::default();
    let rates: Vec<Option<TaxRate>> =
        table.tables("rates").iter().map(|entry| rate(entry, &mut seen)).collect();
    distinct(seen.countries, "country");
    if let (Some(None), Some(value)) = (home, seen.reverse_charges.first()) {
        let expected = "a country in [seller], such as \"DE\"".to_owned();
        value
            .dangling("a reverse charge depends on where the seller is".to_owned(), Some(expected));
    }
    let mut rates: Vec<TaxRate> = rates.into_iter().collect::<Option<_>>()?;
    // Their order says nothing, so it must not make another catalog.
    rates.sort_by_key(|rate| rate.country);
    Some(rates)
}

fn rate<'a>(entry: &Value<'a>, seen: &mut Seen<'a>) -> Option<TaxRate> {
    let table = entry.table()?;
    let country = table.required("country", "\"DE\"", Value::country);
    seen.countries.extend(country.zip(table.field("country")));
    let rate_ppm = table.required("percent", "19", Value::percent_ppm);
    let reverse_charge = table.or("reverse_charge", false, Value::boolean);
    if reverse_charge == Some(true) {
        seen.reverse_charges.extend(table.field("reverse_charge"));
    }
    table.close();
    Some(TaxRate { country: country?, rate_ppm: rate_ppm?, reverse_charge: reverse_charge? })
}
