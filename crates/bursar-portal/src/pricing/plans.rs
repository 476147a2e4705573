//! Plans: their cards and the table that compares them.

use bursar_core::catalog::{Catalog, Interval, Plan};
use bursar_core::money::Money;
use url::Url;

use crate::page::words::Locale;

/// A plan's card.
pub(super) struct Offer<'a> {
    pub(super) name: &'a str,
    pub(super) popular: bool,
    /// `$29`
    pub(super) month: String,
    /// `$26`: what a year is shown as, per month.
    pub(super) year_per_month: String,
    /// `$313`
    pub(super) year: String,
    /// What a year saves, if it saves anything: `$35`.
    pub(super) year_saves: Option<String>,
    /// `400`
    pub(super) credits: String,
    /// `2 GB`; empty if it has none.
    pub(super) storage: String,
    /// What it has besides.
    pub(super) points: Vec<String>,
    /// Where its buttons lead, for a month and for a year.
    pub(super) links: [String; 2],
    /// Do they lead to a page on which one signs up?
    pub(super) signs_up: bool,
}

/// A row of the comparison.
pub(super) struct Comparison<'a> {
    pub(super) label: &'a str,
    /// A cell for each plan.
    pub(super) cells: Vec<Cell>,
}

/// What a plan has of something.
pub(super) enum Cell {
    Yes,
    No,
    Text(String),
}

/// All plans that are for sale, lowest first.
pub(super) fn offers<'a>(catalog: &'a Catalog, locale: &Locale) -> Vec<Offer<'a>> {
    let before = std::iter::once(None).chain(catalog.offered().map(Some));
    catalog.offered().zip(before).map(|(plan, below)| offer(catalog, locale, plan, below)).collect()
}

fn offer<'a>(
    catalog: &'a Catalog,
    locale: &Locale,
    plan: &'a Plan,
    below: Option<&Plan>,
) -> Offer<'a> {
    let saves = saved(plan);
    Offer {
        name: &plan.name,
        popular: plan.popular,
        month: locale.price(plan.price_month),
        year_per_month: locale.price(plan.price_year_per_month),
        year: locale.price(plan.price_year),
        year_saves: (saves.amount > 0).then(|| locale.price(saves)),
        credits: locale.number(plan.allowance),
        storage: if plan.storage_bytes == 0 {
            String::new()
        } else {
            locale.bytes(plan.storage_bytes)
        },
        points: points(catalog, plan, below),
        links: [Interval::Month, Interval::Year].map(|interval| link(catalog, plan, interval)),
        signs_up: catalog.signup_url.is_some(),
    }
}

/// What a plan has besides credits and storage: all of the plan below in one line, what is new, and what
/// the catalog adds in words.
fn points(catalog: &Catalog, plan: &Plan, below: Option<&Plan>) -> Vec<String> {
    let has_all_of = |other: &&Plan| {
        !other.features.is_empty() && other.features.iter().all(|key| plan.features.contains(key))
    };
    let below = below.filter(has_all_of);
    let everything = below.map(|below| format!("Everything in {}", below.name));
    let is_new = |key| below.is_none_or(|below| !below.features.contains(key));
    let features = catalog.features.iter().filter(|feature| plan.features.contains(&feature.key));
    let features = features.filter(|feature| is_new(&feature.key)).map(|it| it.name.clone());
    let said = |text: &&String| everything.as_ref() != Some(*text);
    let highlights = plan.highlights.iter().filter(said).cloned();
    everything.clone().into_iter().chain(features).chain(highlights).collect()
}

/// What a year saves against twelve months; nothing or less if it doesn't.
fn saved(plan: &Plan) -> Money {
    let twelve = plan.price_month.amount.saturating_mul(12);
    Money::new(twelve.saturating_sub(plan.price_year.amount), plan.price_month.currency)
}

/// What a year saves: `10%`, or `up to 20%` where plans differ. Never more than is true, but for what
/// rounding to whole amounts takes away.
pub(super) fn saving(catalog: &Catalog, locale: &Locale) -> Option<String> {
    let percents: Vec<u64> = catalog.offered().filter_map(percent_saved).collect();
    let most = percents.iter().copied().max().filter(|most| *most > 0)?;
    let few = percents.iter().any(|percent| *percent != most);
    Some(format!("{}{}%", if few { "up to " } else { "" }, locale.count(most)))
}

/// Whole percents of twelve months, after tenths were rounded half up; `None` of a plan that is free.
fn percent_saved(plan: &Plan) -> Option<u64> {
    let twelve = i128::from(plan.price_month.amount).checked_mul(12).filter(|it| *it > 0)?;
    let saved = i128::from(saved(plan).amount).max(0);
    let tenths = (saved.checked_mul(2_000)?.checked_add(twelve)?) / twelve.checked_mul(2)?;
    u64::try_from(tenths / 10).ok()
}

/// Where the button leads: to where one signs up, with the choice; or to a mail.
fn link(catalog: &Catalog, plan: &Plan, interval: Interval) -> String {
    let pairs = [("plan", plan.key.as_str()), ("interval", interval.as_str())];
    let signup = catalog.signup_url.as_ref().and_then(|url| Url::parse(url).ok());
    if let Some(mut url) = signup {
        url.query_pairs_mut().extend_pairs(pairs);
        return url.into();
    }
    mail(&catalog.support_email, &format!("{}: {}", catalog.name, plan.name))
}

/// A link that writes a mail.
pub(super) fn mail(to: &str, subject: &str) -> String {
    let subject: String = url::form_urlencoded::byte_serialize(subject.as_bytes()).collect();
    format!("mailto:{to}?subject={}", subject.replace('+', "%20"))
}

/// The rows of the comparison: prices, credits, storage, features in the catalog's order.
pub(super) fn comparison<'a>(catalog: &'a Catalog, locale: &Locale) -> Vec<Comparison<'a>> {
    let row = |label, cell: &dyn Fn(&Plan) -> String| Comparison {
        label,
        cells: catalog.offered().map(|plan| Cell::Text(cell(plan))).collect(),
    };
    let mut rows = vec![
        row("Monthly", &|plan| locale.price(plan.price_month)),
        row("Yearly, per month", &|plan| locale.price(plan.price_year_per_month)),
        row("Yearly, in total", &|plan| locale.price(plan.price_year)),
        row("Credits a month", &|plan| locale.number(plan.allowance)),
    ];
    if catalog.offered().any(|plan| plan.storage_bytes > 0) {
        rows.push(row("Storage", &|plan| locale.bytes(plan.storage_bytes)));
    }
    let features = catalog.features.iter().map(|feature| {
        let has = |plan: &Plan| plan.features.contains(&feature.key);
        let cells = catalog.offered().map(|plan| if has(plan) { Cell::Yes } else { Cell::No });
        Comparison { label: &feature.name, cells: cells.collect() }
    });
    rows.extend(features);
    rows
}
