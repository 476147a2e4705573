//! `bursar quote OPERATION`: the price, why, and whether an account could run it.

use anyhow::Result;
use bursar_core::account::{Account, advance::advance};
use bursar_core::catalog::Catalog;
use bursar_core::credits::Credits;
use bursar_core::id::{AccountId, Key};
use bursar_core::pricing::{self, Price, PricingRejection, Quantity, Rounding, UsageRequest};
use bursar_core::quote::{self, Quoted};
use clap::Args;
use serde_json::{Value, json};

use crate::cli::{FormatArgs, StoreArgs};
use crate::data::{Reading, catalogs};
use crate::problem::{Answer, Problem};
use crate::{json, output, table};

const EXAMPLES: &str = "\
Examples:
  bursar quote video              at the operation's defaults
  bursar quote video --units 8 --attribute audio=on
  bursar quote image --model tempera-2 --quality hd --account ada

With --account it also says what would be left, and exits with 1 if it isn't allowed now. \
`bursar catalog show` lists operations, models, qualities and attributes.";

/// What to price.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct QuoteArgs {
    /// The operation, by its key in the catalog
    operation: String,
    /// The model; the operation's default, if left out
    #[arg(long)]
    model: Option<String>,
    /// The quality; the operation's default, if left out
    #[arg(long)]
    quality: Option<String>,
    /// How many units; the operation's default, if left out
    #[arg(long)]
    units: Option<Quantity>,
    /// An attribute of the operation, as key=value; may be repeated
    #[arg(long = "attribute", value_name = "KEY=VALUE", value_parser = attribute)]
    attributes: Vec<(String, String)>,
    /// Whether this account could run it now, and what it would have left
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    /// Price by this file rather than by the catalog in force
    #[arg(long, value_name = "FILE")]
    catalog: Option<String>,
    #[command(flatten)]
    data: StoreArgs,
    #[command(flatten)]
    format: FormatArgs,
}

fn attribute(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("an attribute is KEY=VALUE, as in audio=on")?;
    Ok((key.to_owned(), value.to_owned()))
}

pub(crate) fn run(args: &QuoteArgs) -> Result<Answer> {
    let request = UsageRequest {
        operation: args.operation.clone(),
        model: args.model.clone(),
        quality: args.quality.clone(),
        units: args.units,
        attributes: args.attributes.clone(),
    };
    let Some(id) = &args.account else {
        let catalog = in_force(args)?.catalog;
        let price = pricing::price(&catalog, &request).map_err(unknown)?;
        print(args, &catalog, &price, None)?;
        return Ok(Answer::Yes);
    };
    let reading = Reading::open(&args.data)?;
    let catalog = match &args.catalog {
        Some(file) => catalogs::load(Some(file))?.catalog,
        None => reading.catalog()?.catalog,
    };
    let mut account = reading.account(id)?;
    let now = account.now(reading.now());
    // Nothing is written: what fell due meanwhile is booked on this copy only.
    advance(&mut account, &catalog, now);
    let quoted = quote::quote(&account, &catalog, &request, now).map_err(unknown)?;
    print(args, &catalog, &quoted.quote.price, Some((&account, &quoted)))?;
    Ok(if quoted.allowed.is_ok() { Answer::Yes } else { Answer::No })
}

fn unknown(rejection: PricingRejection) -> anyhow::Error {
    let fix = "`bursar catalog show` prints operations, models, qualities and attributes.";
    Problem::error(rejection.to_string(), fix)
}

/// The catalog to price by without an account: a data directory need not exist for that.
fn in_force(args: &QuoteArgs) -> Result<catalogs::Loaded> {
    match &args.catalog {
        Some(file) => catalogs::load(Some(file)),
        None if Reading::exists(&args.data) => Reading::open(&args.data)?.catalog(),
        None => catalogs::load(None),
    }
}

type ForAccount<'a> = Option<(&'a Account, &'a Quoted)>;

fn print(args: &QuoteArgs, catalog: &Catalog, price: &Price, whose: ForAccount<'_>) -> Result<()> {
    if args.format.is_json() {
        return output::json(&for_programs(catalog, price, whose));
    }
    let Price { usage, credits, .. } = price;
    let operation = catalog.operation(&usage.operation);
    let name = operation.map_or(usage.operation.as_str(), |operation| &operation.name);
    let unit = operation.map_or("unit", |operation| &operation.unit);
    let mut rows = vec![
        ("Model", usage.model.to_string()),
        ("Quality", usage.quality.to_string()),
        ("Units", counted(usage.units, unit)),
    ];
    let given = usage.attributes.iter();
    rows.extend(given.map(|(key, value)| ("With", format!("{key}={value}"))));
    rows.push(("Because", because(price, unit)));
    if !price.features.is_empty() {
        rows.push(("Needs", needs(catalog, price)));
    }
    rows.push(("Catalog", format!("{}, version {}", catalog.name, catalog.version)));
    if let Some((account, quoted)) = whose {
        rows.extend(verdict(account, quoted));
    }
    let credits = counted_credits(*credits);
    output::text(&format!("{name}: {credits}\n\n{}", table::pairs(&rows)))
}

/// How the price was computed: `11 credits per second × 8 seconds, rounded up to a whole credit`.
fn because(price: &Price, unit: &str) -> String {
    let rate = &price.rate;
    let rounding = match rate.rounding {
        Rounding::Up => "up",
        Rounding::HalfUp => "to the nearest, half up,",
        Rounding::Down => "down",
    };
    let step = rate.step;
    let step = if step == Credits::ONE { "a whole credit".to_owned() } else { step.to_string() };
    let minimum = if rate.minimum == price.credits {
        format!(", at least {}", rate.minimum)
    } else {
        String::new()
    };
    let units = counted(price.usage.units, unit);
    format!(
        "{} credits per {unit} × {units}, rounded {rounding} to {step}{minimum}",
        rate.unit_price
    )
}

fn needs(catalog: &Catalog, price: &Price) -> String {
    let name = |key: &Key| {
        let feature = catalog.features.iter().find(|feature| feature.key == *key);
        feature.map_or_else(|| key.to_string(), |feature| feature.name.clone())
    };
    let names: Vec<String> = price.features.iter().map(name).collect();
    let lowest = catalog.unlocking_plan(price.features.iter());
    let plan = lowest
        .map_or_else(|| "no plan has it".to_owned(), |plan| format!("unlocked by {}", plan.name));
    format!("{}; {plan}", names.join(", "))
}

/// Whether the account could run it now, and what it would have left.
fn verdict(account: &Account, quoted: &Quoted) -> Vec<(&'static str, String)> {
    let id = &account.id;
    let mut rows =
        vec![("Account", format!("{id}, {} available", counted_credits(account.available())))];
    match &quoted.allowed {
        Ok(()) => {
            rows.push(("Allowed", "yes".to_owned()));
            let after = quoted.balance_after.unwrap_or(Credits::ZERO);
            rows.push(("Left", counted_credits(after)));
        }
        Err(rejection) => {
            rows.push(("Allowed", format!("no: {rejection}")));
            rows.push(("Fix", rejection.fix()));
        }
    }
    rows
}

fn for_programs(catalog: &Catalog, price: &Price, whose: ForAccount<'_>) -> Value {
    let Price { usage, rate, credits, features, .. } = price;
    let attributes = usage.attributes.iter();
    let attributes: serde_json::Map<String, Value> =
        attributes.map(|(key, value)| (key.to_string(), value.as_str().into())).collect();
    let mut value = json!({
        "operation": usage.operation,
        "model": usage.model,
        "quality": usage.quality,
        "units": json::number(&usage.units.to_string()),
        "attributes": attributes,
        "credits": json::credits(*credits),
        "rate": {
            "unit_price": json::number(&rate.unit_price.to_string()),
            "step": json::credits(rate.step),
            "rounding": rate.rounding.as_str(),
            "minimum": json::credits(rate.minimum),
        },
        "features": features,
        "rate_card_version": catalog.version.to_string(),
    });
    let Some((account, quoted)) = whose else {
        return value;
    };
    let reason = quoted.allowed.as_ref().err();
    let more = [
        ("account", account.id.as_str().into()),
        ("available", json::credits(account.available())),
        ("allowed", reason.is_none().into()),
        ("code", reason.map_or(Value::Null, |reason| reason.code().into())),
        ("reason", reason.map_or(Value::Null, |reason| reason.to_string().into())),
        ("fix", reason.map_or(Value::Null, |reason| reason.fix().into())),
        ("balance_after", quoted.balance_after.map_or(Value::Null, json::credits)),
    ];
    if let Some(fields) = value.as_object_mut() {
        fields.extend(more.map(|(name, value)| (name.to_owned(), value)));
    }
    value
}

fn counted(units: Quantity, unit: &str) -> String {
    let ending = if units == Quantity::ONE || unit.ends_with('s') { "" } else { "s" };
    format!("{units} {unit}{ending}")
}

fn counted_credits(credits: Credits) -> String {
    let ending = if credits == Credits::ONE { "" } else { "s" };
    format!("{credits} credit{ending}")
}
