//! A catalog as tables for people.

use bursar_core::catalog::{
    Catalog, DocumentPolicy, Operation, OperationRate, Plan, Seller, TaxRate,
};
use bursar_core::pricing::Rate;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use crate::costs::{cost_table, quality_name};
use crate::documents::page_word;
use crate::policy_words;
use crate::words::{country, grouped, per_credit, percent, size};

/// The whole catalog in plain text, without colour codes: plans, features, packs, credit costs with
/// their computed ranges, rates, seller, tax, documents and policies. Ends with a line break.
pub fn show(catalog: &Catalog) -> String {
    let title = format!(
        "{}, catalog {}, prices in {}, {}\n",
        catalog.name, catalog.version, catalog.currency, catalog.support_email
    );
    let sections = [
        ("Plans", Some(plans(catalog))),
        ("Features", (!catalog.features.is_empty()).then(|| features(catalog))),
        ("Packs", (!catalog.packs.is_empty()).then(|| packs(catalog))),
        ("Credit costs", (!catalog.operations.is_empty()).then(|| costs(catalog))),
        ("Rates", (!catalog.operations.is_empty()).then(|| rates(catalog))),
        ("What else changes a price", attributes(catalog)),
        ("Seller", Some(seller(&catalog.seller))),
        ("Tax", Some(tax(catalog))),
        ("Documents", Some(documents(&catalog.documents))),
        ("Policies", Some(policy_words::sentences(&catalog.policies).join("\n"))),
    ];
    let sections = sections.into_iter().filter_map(|(heading, body)| {
        body.map(|body| format!("\n{heading}\n{}\n", body.trim_end()))
    });
    std::iter::once(title).chain(sections).collect()
}

/// A table; columns from the second on are numbers and go to the right, up to `numbers` of them.
fn table(header: &[&str], numbers: usize, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header.to_vec()).add_rows(rows);
    for column in 1..=numbers {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

fn plans(catalog: &Catalog) -> String {
    let header = ["Plan", "Month", "Year", "Year, per month", "Credits a month", "Storage", "Key"];
    table(&header, 5, catalog.plans.iter().map(plan))
}

fn plan(plan: &Plan) -> Vec<String> {
    let note = match (plan.retired, plan.popular) {
        (true, _) => " (no longer for sale)",
        (false, true) => " (most popular)",
        (false, false) => "",
    };
    vec![
        format!("{}{note}", plan.name),
        grouped(plan.price_month),
        grouped(plan.price_year),
        grouped(plan.price_year_per_month),
        grouped(plan.allowance),
        size(plan.storage_bytes),
        plan.key.to_string(),
    ]
}

fn features(catalog: &Catalog) -> String {
    let names = catalog.plans.iter().map(|plan| plan.name.as_str());
    let header: Vec<&str> = std::iter::once("Feature").chain(names).collect();
    let rows = catalog.features.iter().map(|feature| {
        let has = catalog.plans.iter().map(|plan| plan.features.contains(&feature.key));
        let cells = has.map(|has| if has { "Yes" } else { "-" }.to_owned());
        std::iter::once(feature.name.clone()).chain(cells).collect()
    });
    table(&header, 0, rows)
}

fn packs(catalog: &Catalog) -> String {
    let rows = catalog.packs.iter().map(|pack| {
        vec![
            pack.name.clone(),
            grouped(pack.credits),
            grouped(pack.price),
            per_credit(pack.price, pack.credits).unwrap_or_default(),
            pack.key.to_string(),
        ]
    });
    table(&["Pack", "Credits", "Price", "Per credit", "Key"], 3, rows)
}

fn costs(catalog: &Catalog) -> String {
    let rows = cost_table(catalog).into_iter().map(|row| vec![row.label.clone(), row.credits()]);
    table(&["Operation", "Credits"], 1, rows)
}

fn rates(catalog: &Catalog) -> String {
    let rows = catalog.operations.iter().flat_map(|operation| {
        operation.rates.iter().map(|rate| rate_row(catalog, operation, rate))
    });
    let header = ["Operation", "Credits", "per", "Model", "Quality", "Rounded", "Needs"];
    table(&header, 1, rows)
}

fn rate_row(catalog: &Catalog, operation: &Operation, rate: &OperationRate) -> Vec<String> {
    let default =
        rate.model == operation.default_model && rate.quality == operation.default_quality;
    let needs: Vec<&str> = (catalog.features.iter())
        .filter(|feature| {
            [&operation.feature, &rate.feature]
                .into_iter()
                .any(|key| *key == Some(feature.key.clone()))
        })
        .map(|feature| feature.name.as_str())
        .collect();
    vec![
        operation.key.to_string(),
        rate.rate.unit_price.to_string(),
        operation.unit.clone(),
        format!("{}{}", rate.model, if default { " (default)" } else { "" }),
        quality_name(&rate.quality),
        rounding(&rate.rate),
        needs.join(", "),
    ]
}

/// `up, steps of 1`, or `half up, steps of 0.01, at least 1`.
fn rounding(rate: &Rate) -> String {
    let direction = rate.rounding.as_str().replace('_', " ");
    let minimum = match rate.minimum {
        minimum if minimum == rate.step => String::new(),
        minimum => format!(", at least {minimum}"),
    };
    format!("{direction}, steps of {}{minimum}", rate.step)
}

fn attributes(catalog: &Catalog) -> Option<String> {
    let rows: Vec<Vec<String>> = (catalog.operations.iter())
        .flat_map(|operation| operation.attributes.iter().map(move |a| (operation, a)))
        .map(|(operation, attribute)| {
            let values = attribute.values.iter().map(|value| {
                let default = if value.key == attribute.default { " (default)" } else { "" };
                format!("{}{default} × {}", value.key, value.multiplier)
            });
            let values: Vec<String> = values.collect();
            vec![operation.key.to_string(), attribute.key.to_string(), values.join(", ")]
        })
        .collect();
    (!rows.is_empty()).then(|| table(&["Operation", "Attribute", "Values"], 0, rows.into_iter()))
}

fn seller(seller: &Seller) -> String {
    let Seller { name, address, country: home, vat_id, tax_id, registration, email } = seller;
    let labelled =
        |label: &str, text: &Option<String>| text.as_ref().map(|text| format!("{label} {text}"));
    let facts = [
        home.map(country),
        labelled("VAT id", vat_id),
        labelled("Tax id", tax_id),
        registration.clone(),
        email.clone(),
    ];
    let lines = std::iter::once(name).chain(address).cloned();
    lines.chain(facts.into_iter().flatten()).collect::<Vec<_>>().join("\n")
}

fn tax(catalog: &Catalog) -> String {
    let policy = &catalog.tax;
    if policy.rates.is_empty() {
        return "Nothing is taxed.".to_owned();
    }
    let name = &policy.name;
    let rule = if policy.inclusive {
        format!("Prices include the {name} of the buyer's country; everyone pays them as listed.")
    } else {
        format!("The {name} of the buyer's country is added to prices.")
    };
    let rows = policy.rates.iter().map(|rate| tax_row(rate, &catalog.seller));
    format!("{rule}\n{}", table(&["Country", name, "Reverse charge"], 1, rows))
}

fn tax_row(rate: &TaxRate, seller: &Seller) -> Vec<String> {
    // There is none where the seller is, whatever the rate says.
    let reverse_charge = rate.reverse_charge && seller.country != Some(rate.country);
    vec![
        country(rate.country),
        percent(rate.rate_ppm),
        if reverse_charge { "Yes" } else { "-" }.to_owned(),
    ]
}

fn documents(policy: &DocumentPolicy) -> String {
    let DocumentPolicy { invoice_series, credit_note_series, letter, notes } = policy;
    let page = page_word(*letter);
    let numbers = format!(
        "Invoices are numbered {invoice_series}-…, credit notes {credit_note_series}-…; the paper \
         is {page}."
    );
    let notes = notes.iter().map(|note| format!("Each says: {note}"));
    std::iter::once(numbers).chain(notes).collect::<Vec<_>>().join("\n")
}
