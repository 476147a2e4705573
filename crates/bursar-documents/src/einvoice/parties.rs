//! Seller and buyer in the XML.

use super::writer::Element;
use crate::document::{Document, TaxCategory};
use crate::text::clean;
use bursar_core::country::Country;

pub(super) fn write(agreement: &mut Element, document: &Document) {
    let scope = Scope::of(document);
    agreement.text("ram:BuyerReference", document.buyer.account.as_str());
    agreement.child("ram:SellerTradeParty", |party| seller(party, document, scope));
    agreement.child("ram:BuyerTradeParty", |party| buyer(party, document, scope));
}

/// Whether VAT ids may be named: not where everything is out of the scope of tax.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Taxed,
    Outside,
}

impl Scope {
    fn of(document: &Document) -> Self {
        let outside = |category| category == TaxCategory::OutOfScope;
        if document.taxes.iter().any(|tax| outside(tax.tax.category)) {
            Self::Outside
        } else {
            Self::Taxed
        }
    }
}

/// Whether a VAT id, if there is one, starts with a country's code. Greece's is EL, that of
/// Northern Ireland XI.
pub(super) fn names_its_country(vat_id: Option<&str>) -> bool {
    let Some(vat_id) = said(vat_id) else {
        return true;
    };
    let code = vat_id.split_at_checked(2).map_or("", |(code, _)| code);
    matches!(code, "EL" | "XI") || code.parse::<Country>().is_ok()
}

/// A text that says something.
fn said(text: Option<&str>) -> Option<String> {
    text.map(clean).filter(|text| !text.is_empty())
}

fn seller(party: &mut Element, document: &Document, scope: Scope) {
    let seller = &document.seller;
    let vat_id = said(seller.vat_id.as_deref()).filter(|_| scope == Scope::Taxed);
    let registered = said(seller.registration.as_deref());
    if vat_id.is_none() && registered.is_none() {
        // Someone who has neither still has to be identified somehow.
        let known_by = said(seller.tax_id.as_deref()).or_else(|| said(seller.vat_id.as_deref()));
        if let Some(id) = known_by {
            party.text("ram:ID", &id);
        }
    }
    party.text("ram:Name", &clean(&seller.name));
    if let Some(id) = registered {
        party.child("ram:SpecifiedLegalOrganization", |it| it.text("ram:ID", &id));
    }
    if let Some(email) = said(seller.email.as_deref()) {
        party.child("ram:DefinedTradeContact", |it| {
            it.text("ram:PersonName", &clean(&seller.name));
            it.child("ram:EmailURIUniversalCommunication", |it| {
                it.text("ram:URIID", &email);
            });
        });
    }
    if let Some(country) = seller.country {
        address(party, &seller.address, country);
    }
    if let Some(id) = vat_id {
        registration(party, "VA", &id);
    }
    if let Some(id) = said(seller.tax_id.as_deref()) {
        registration(party, "FC", &id);
    }
}

fn buyer(party: &mut Element, document: &Document, scope: Scope) {
    let buyer = &document.buyer;
    let (company, name) = (clean(&buyer.company), clean(&buyer.name));
    party.text("ram:ID", buyer.account.as_str());
    party.text("ram:Name", if company.is_empty() { &name } else { &company });
    if !company.is_empty() && !name.is_empty() {
        party.child("ram:DefinedTradeContact", |it| it.text("ram:PersonName", &name));
    }
    if let Some(country) = buyer.country {
        address(party, &buyer.address, country);
    }
    if scope == Scope::Taxed
        && let Some(id) = said(buyer.vat_id.as_deref())
    {
        registration(party, "VA", &id);
    }
}

fn registration(party: &mut Element, scheme: &str, id: &str) {
    party.child("ram:SpecifiedTaxRegistration", |it| {
        it.text_with("ram:ID", ("schemeID", scheme), id);
    });
}

/// The standard has three lines; what is more goes on the third.
fn address(party: &mut Element, lines: &[String], country: Country) {
    let mut lines = lines.iter().filter_map(|line| said(Some(line)));
    party.child("ram:PostalTradeAddress", |address| {
        for name in ["ram:LineOne", "ram:LineTwo"] {
            if let Some(line) = lines.next() {
                address.text(name, &line);
            }
        }
        let rest: Vec<String> = lines.collect();
        if !rest.is_empty() {
            address.text("ram:LineThree", &rest.join(", "));
        }
        address.text("ram:CountryID", country.code());
    });
}
