//! What stands on bills and documents compared: the seller, taxes, numbers.

use bursar_core::catalog::{DocumentPolicy, Seller, TaxPolicy, TaxRate};

use super::change::{Changes, Effect};
use super::keyed;
use crate::documents::page_word;
use crate::tax::prices_word;
use crate::words::{country, percent, quoted, yes_or_no};

pub(super) fn seller(changes: &mut Changes, before: &Seller, after: &Seller) {
    // Taken apart in full here and below, so that a new field can't be forgotten.
    let Seller { name, address, country: home, vat_id, tax_id, registration, email } = before;
    let mut at = changes.at("seller", "Seller");
    let effect = Effect::NewDocuments;
    at.compare("name", "name", (name, &after.name), effect);
    at.compare("address", "address", (&quoted(address), &quoted(&after.address)), effect);
    // It decides where there is a reverse charge, and what a buyer of unknown country pays.
    let homes = (&home.map(country), &after.country.map(country));
    at.compare_option("country", "country", homes, Effect::NewBills);
    at.compare_option("vat_id", "VAT id", (vat_id, &after.vat_id), effect);
    at.compare_option("tax_id", "tax id", (tax_id, &after.tax_id), effect);
    at.compare_option("registration", "registration", (registration, &after.registration), effect);
    at.compare_option("email", "address of e-mail", (email, &after.email), effect);
}

pub(super) fn tax(changes: &mut Changes, before: &TaxPolicy, after: &TaxPolicy) {
    let TaxPolicy { name, inclusive, rates } = before;
    let effect = Effect::NewBills;
    let mut at = changes.at("tax", "Tax");
    at.compare("name", "name", (name, &after.name), effect);
    let words = (&prices_word(*inclusive), &prices_word(after.inclusive));
    at.compare("prices", "prices are", words, effect);
    // Their order says nothing.
    let pairs = keyed::pairs_by(rates, &after.rates, |rate| rate.country, |_| String::new());
    for pair in pairs.list {
        let TaxRate { country: buyers, rate_ppm, reverse_charge } = pair.either();
        let path = format!("tax.rates.{buyers}");
        let mut at = changes.at(path, format!("Tax of {}", country(*buyers)));
        match pair.both() {
            Ok((_, after)) => {
                let percents = (&percent(*rate_ppm), &percent(after.rate_ppm));
                at.compare("percent", "rate", percents, effect);
                let marks = (&yes_or_no(*reverse_charge), &yes_or_no(after.reverse_charge));
                at.compare("reverse_charge", "reverse charge", marks, effect);
            }
            Err(presence) => {
                let business =
                    if *reverse_charge { " (reverse charge for businesses)" } else { "" };
                let terms = format!("{}{business}", percent(*rate_ppm));
                at.presence_of("", &terms, presence, effect);
            }
        }
    }
}

pub(super) fn documents(changes: &mut Changes, before: &DocumentPolicy, after: &DocumentPolicy) {
    let DocumentPolicy { invoice_series, credit_note_series, letter, notes } = before;
    let mut at = changes.at("documents", "Documents");
    let series = (invoice_series, &after.invoice_series);
    at.compare("invoice_series", "series of invoices", series, Effect::NewNumbers);
    let series = (credit_note_series, &after.credit_note_series);
    at.compare("credit_note_series", "series of credit notes", series, Effect::NewNumbers);
    let pages = (&page_word(*letter), &page_word(after.letter));
    at.compare("page", "paper", pages, Effect::NewDocuments);
    let notes = (&quoted(notes), &quoted(&after.notes));
    at.compare("notes", "notes", notes, Effect::NewDocuments);
}
