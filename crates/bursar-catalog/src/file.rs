//! The catalog file as a whole.

use bursar_core::catalog::Catalog;
use bursar_core::id::CatalogVersion;
use bursar_core::money::Currency;
use toml::de::DeTable;

use crate::mistake::Mistake;
use crate::reader::{Table, Value};
use crate::report::Report;
use crate::{
    annual, documents, features, operations, packs, plans, policies, seller, tax, version,
};

/// Larger than any catalog, small enough to read in a moment.
const MOST_BYTES: usize = 1_048_576;

/// Reads and checks a catalog file.
///
/// # Errors
/// Every mistake in it, in the order of the file; at least one.
pub fn parse(text: &str) -> Result<Catalog, Vec<Mistake>> {
    if text.len() > MOST_BYTES {
        return Err(vec![too_large(text.len())]);
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    let report = Report::new(text, &errors);
    let catalog = read(Table::root(&report, &document));
    let mistakes = report.finish();
    match catalog {
        Some(catalog) if mistakes.is_empty() => Ok(version::seal(catalog)),
        _ if mistakes.is_empty() => Err(vec![unexplained()]),
        _ => Err(mistakes),
    }
}

fn read(root: Table<'_>) -> Option<Catalog> {
    let product = root.section("product", product);
    let currency = product.as_ref().and_then(|product| product.currency);
    let annual = annual::read(&root, currency);
    let (features, known) = features::read(&root);
    let plans = plans::read(&root, &plans::Context { currency, annual: &annual, features: &known });
    let packs = packs::read(&root, currency);
    let (policies, max_credits) = policies::read(&root, &known);
    let operations =
        operations::read(&root, &operations::Context { features: &known, max_credits });
    let (seller, home) = seller::read(&root, product.as_ref());
    let tax = tax::read(&root, home);
    let documents = documents::read(&root);
    root.close();
    let product = product?;
    Some(Catalog {
        version: CatalogVersion([0; 8]),
        name: product.name?,
        support_email: product.support_email?,
        currency: currency?,
        features: features?,
        plans: plans?,
        packs: packs?,
        operations: operations?,
        policies: policies?,
        seller: seller?,
        tax: tax?,
        documents: documents?,
        signup_url: product.signup_url?,
    })
}

/// Read as far as it can be: the currency is needed to check every price.
pub(crate) struct Product {
    pub(crate) name: Option<String>,
    pub(crate) support_email: Option<String>,
    currency: Option<Currency>,
    signup_url: Option<Option<String>>,
}

fn product(table: Table<'_>) -> Option<Product> {
    let product = Product {
        name: table.required("name", "\"ScriptKit\"", Value::text),
        support_email: table.required("support_email", "\"support@example.com\"", Value::email),
        currency: table.required("currency", "\"USD\"", currency),
        signup_url: table.optional("signup_url", Value::https_address),
    };
    table.close();
    Some(product)
}

fn currency(value: &Value<'_>) -> Option<Currency> {
    let currency = value.as_str().and_then(|code| code.parse().ok());
    if currency.is_none() {
        let message = format!("{} is not a currency in use", value.quoted());
        value.wrong(message, "an ISO 4217 code in capitals, such as \"USD\", \"EUR\" or \"JPY\"");
    }
    currency
}

fn too_large(bytes: usize) -> Mistake {
    Mistake {
        line: 1,
        column: 1,
        path: String::new(),
        message: format!("the file has {bytes} bytes"),
        expected: Some(format!("a catalog of at most {MOST_BYTES} bytes")),
    }
}

/// A reader that returns nothing has reported why, so this isn't reached; a catalog that can't be
/// used must never pass as one without mistakes.
fn unexplained() -> Mistake {
    Mistake {
        line: 1,
        column: 1,
        path: String::new(),
        message: "the catalog can't be read".to_owned(),
        expected: None,
    }
}
