//! `[seller]`: who sells, as invoices say at their top.

use bursar_core::catalog::Seller;
use bursar_core::country::Country;

use crate::file::Product;
use crate::reader::{Table, Value};

/// What a page of A4 has room for.
const ADDRESS_LINES_MOST: usize = 8;

/// The seller's country: the outer `None` is a mistake, the inner one absence.
pub(crate) type Home = Option<Option<Country>>;

/// The seller, and its country also when the rest has mistakes. What it doesn't say of itself, the
/// product does.
pub(crate) fn read(root: &Table<'_>, product: Option<&Product>) -> (Option<Seller>, Home) {
    let default = Seller {
        name: product.and_then(|product| product.name.clone()).unwrap_or_default(),
        address: Vec::new(),
        country: None,
        vat_id: None,
        tax_id: None,
        registration: None,
        email: product.and_then(|product| product.support_email.clone()),
    };
    let mut home = None;
    let seller = match root.field("seller") {
        Some(value) => seller(&value, default, &mut home),
        None => {
            home = Some(None);
            Some(default)
        }
    };
    (seller, home)
}

fn seller(value: &Value<'_>, default: Seller, home: &mut Home) -> Option<Seller> {
    let table = value.table()?;
    let name = table.or("name", default.name, Value::text);
    let address = table.or("address", default.address, |value| {
        value.list_of_at_most(ADDRESS_LINES_MOST, Value::text)
    });
    *home = table.optional("country", Value::country);
    let vat_id = table.optional("vat_id", |value| vat_id(value, *home));
    let tax_id = table.optional("tax_id", Value::text);
    let registration = table.optional("registration", Value::text);
    let email = table.or("email", default.email, |value| value.email().map(Some));
    table.close();
    Some(Seller {
        name: name?,
        address: address?,
        country: (*home)?,
        vat_id: vat_id?,
        tax_id: tax_id?,
        registration: registration?,
        email: email?,
    })
}

/// An e-invoice, and the register that buyers look it up in, refuse one without the right prefix.
fn vat_id(value: &Value<'_>, home: Home) -> Option<String> {
    let id = value.text()?;
    let has = |prefix: &str| {
        let number = id.strip_prefix(prefix);
        number.is_some_and(|number| number.contains(|c: char| c.is_ascii_alphanumeric()))
    };
    let prefixes = match home {
        // Its mistake is reported; which prefix is right can't be said.
        None => return Some(id),
        Some(None) => {
            let code = id.get(..2).unwrap_or("");
            if has(code) && (matches!(code, "EL" | "XI") || code.parse::<Country>().is_ok()) {
                return Some(id);
            }
            let message = format!("{} has no prefix of a country", value.quoted());
            value.wrong(message, "a VAT id such as \"DE123456789\"");
            return None;
        }
        Some(Some(country)) => prefixes(country),
    };
    if prefixes.iter().any(|prefix| has(prefix)) {
        return Some(id);
    }
    let country = home.flatten().map_or("", Country::name);
    let message = format!("{} is not a VAT id of {country}", value.quoted());
    value.wrong(message, format!("one that starts with {}", prefixes.join(" or ")));
    None
}

/// What VAT ids of a country start with.
fn prefixes(country: Country) -> Vec<&'static str> {
    match country.code() {
        "GR" => vec!["EL"],
        // The second one is Northern Ireland's.
        "GB" => vec!["GB", "XI"],
        // They belong to the VAT area of a neighbour and have its ids.
        "IM" => vec!["GB"],
        "MC" => vec!["FR"],
        code => vec![code],
    }
}
