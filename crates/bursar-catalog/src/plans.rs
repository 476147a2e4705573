//! `[[plans]]`: lowest first, because their order decides what is an upgrade.

use bursar_core::catalog::Plan;
use bursar_core::id::Key;
use bursar_core::money::{Currency, Money};

use crate::annual::{Annual, Presence};
use crate::reader::{Table, Value};
use crate::references::{Known, distinct};

/// What plans refer to.
pub(crate) struct Context<'c> {
    pub(crate) currency: Option<Currency>,
    pub(crate) annual: &'c Presence,
    pub(crate) features: &'c Known,
}

/// What is compared between plans, also of those that have mistakes elsewhere.
#[derive(Default)]
struct Seen<'a> {
    keys: Vec<(Key, Value<'a>)>,
    months: Vec<(Money, Value<'a>)>,
}

/// The plans.
pub(crate) fn read(root: &Table<'_>, context: &Context<'_>) -> Option<Vec<Plan>> {
    let Some(value) = root.field("plans") else {
        root.absent("there are no plans", "a [[plans]] table for each plan, lowest first");
        return None;
    };
    let entries = value.list()?;
    if entries.is_empty() {
        value.wrong("there are no plans", "a [[plans]] table for each plan, lowest first");
    }
    let mut seen = Seen::default();
    let plans: Vec<Option<Plan>> =
        entries.iter().map(|entry| plan(entry, context, &mut seen)).collect();
    distinct(seen.keys, "key");
    check_order(&seen.months);
    plans.into_iter().collect()
}

fn plan<'a>(entry: &Value<'a>, context: &Context<'_>, seen: &mut Seen<'a>) -> Option<Plan> {
    let table = entry.table()?;
    let key = table.required("key", "\"starter\"", key);
    seen.keys.extend(key.clone().zip(table.field("key")));
    let name = table.required("name", "\"Starter\"", Value::text);
    let price =
        table.required("price", "{ month = \"29.00\" }", |value| price(value, context, seen));
    let allowance = table.required("allowance", "400", Value::credits);
    let storage = table.required("storage", "\"2 GB\"", Value::bytes);
    let features = table.or("features", Vec::new(), |value| features(value, context.features));
    let highlights = table.or("highlights", Vec::new(), |value| value.list_of(Value::text));
    let popular = table.or("popular", false, Value::boolean);
    let retired = table.or("retired", false, Value::boolean);
    table.close();
    let price = price?;
    Some(Plan {
        key: key?,
        name: name?,
        price_month: price.month,
        price_year: price.year,
        price_year_per_month: price.year_per_month,
        allowance: allowance?,
        storage_bytes: storage?,
        features: features?,
        highlights: highlights?,
        popular: popular?,
        retired: retired?,
    })
}

/// The key of the plan that an administrator sets for one account.
const RESERVED: &str = "custom";

fn key(value: &Value<'_>) -> Option<Key> {
    let key = value.key()?;
    if key.as_str() == RESERVED {
        let message = format!(
            "{} is reserved for what an administrator sets for one account",
            value.quoted()
        );
        value.wrong(message, "another key");
        return None;
    }
    Some(key)
}

struct Price {
    month: Money,
    year: Money,
    year_per_month: Money,
}

fn price<'a>(value: &Value<'a>, context: &Context<'_>, seen: &mut Seen<'a>) -> Option<Price> {
    let table = value.table()?;
    let month = table.required("month", "\"29.00\"", |value| value.money(context.currency));
    seen.months.extend(month.zip(table.field("month")));
    let year = table.optional("year", |value| explicit_year(value, month, context));
    table.close();
    let (month, year) = (month?, year?);
    let prices = match (context.annual, year) {
        (Presence::Unreadable, None) => return None,
        (Presence::Absent, None) => {
            value.table()?.missing("year", "\"313.00\", or an [annual] rule for every plan");
            return None;
        }
        (Presence::Rule(rule), None) => rule.year(month).zip(rule.shown(month)),
        (Presence::Rule(rule), Some(year)) => Some(year).zip(rule.shown_of_year(year)),
        (Presence::Absent | Presence::Unreadable, Some(year)) => {
            Some(year).zip(Annual::EXPLICIT.shown_of_year(year))
        }
    };
    if prices.is_none() {
        value.wrong("the price of a year is too large", "a lower price of a month");
    }
    let (year, year_per_month) = prices?;
    Some(Price { month, year, year_per_month })
}

/// A plan's own yearly price. More than twelve months cost is a slip of the keyboard.
fn explicit_year(value: &Value<'_>, month: Option<Money>, context: &Context<'_>) -> Option<Money> {
    let year = value.money(context.currency)?;
    let twelve = month.and_then(|month| month.scaled(12, 1, 1));
    if let Some(twelve) = twelve.filter(|twelve| year.amount > twelve.amount) {
        let message = format!("{} is more than 12 months at the monthly price", value.quoted());
        value.wrong(message, format!("at most {twelve}"));
        return None;
    }
    Some(year)
}

fn features(value: &Value<'_>, known: &Known) -> Option<Vec<Key>> {
    let elements = value.list()?;
    let keys: Vec<Option<Key>> = elements.iter().map(|value| known.reference(value)).collect();
    let given = elements.iter().filter_map(|value| Some((value.as_str()?, value.clone())));
    distinct(given, "feature");
    keys.into_iter().collect()
}

/// Lowest first: a plan that costs less than the one before it is out of place, and would turn what
/// customers take for a downgrade into an upgrade.
fn check_order(months: &[(Money, Value<'_>)]) {
    for ((before, first), (month, value)) in months.iter().zip(months.iter().skip(1)) {
        if month.amount < before.amount {
            let message = format!(
                "{} is less than {}, but plans are listed lowest first",
                value.quoted(),
                first.place().path
            );
            value.wrong(message, format!("at least {before}, or another order of the plans"));
        }
    }
}
