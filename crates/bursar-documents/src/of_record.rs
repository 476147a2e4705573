//! The page of a document that an account has: its record, as the journal has it, with the words and
//! the parties that the record only refers to.
//!
//! Nothing is computed here but the state of payment: all figures are the record's.

use bursar_core::account::documents::CreditReason;
use bursar_core::account::documents::record::{DocumentKind, DocumentRecord, Paid};
use bursar_core::bill::{Bill, TaxTreatment};
use bursar_core::catalog::Catalog;
use bursar_core::country::Country;
use bursar_core::id::{CatalogVersion, DocumentId};
use bursar_core::provider::Card;
use bursar_core::time::{Timestamp, ZoneName};

use crate::document::{
    Buyer, Document, Kind, Line, Method, PageSize, Payment, Quantity, Rate, Reference, Seller,
    Settlement, Tax, TaxCategory, TaxLine, Totals,
};
use crate::text::clean;

/// Enough for any brand; what a page takes is more.
const BRAND_MOST: usize = 30;

/// Why no page can be made of a record: what it refers to was not given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOfRecord {
    /// The invoice that a credit note takes back, or the credit note that took an invoice back.
    #[error("{document} refers to {wanted}, which was not given")]
    Counterpart {
        /// The document.
        document: DocumentId,
        /// What it refers to.
        wanted: DocumentId,
    },
    /// The catalog whose seller it shows.
    #[error("{document} was issued under catalog {wanted}; {given} was given")]
    Catalog {
        /// The document.
        document: DocumentId,
        /// Its catalog.
        wanted: CatalogVersion,
        /// Another one.
        given: CatalogVersion,
    },
}

impl Document {
    /// The page of a record.
    ///
    /// - `counterpart` is the document that [`counterpart`](Self::counterpart) names, if it names one.
    /// - `zone` is the account's, whose calendar the dates are read from.
    /// - `catalog` is the one that the record names.
    /// - `buyer` is the revision of the billing details that the record names. If it has no name and
    ///   no company, since none was given or it was erased, the account stands for both.
    /// - `returned`: when the money of a credit note was returned, if it has been. Has no meaning for
    ///   an invoice.
    ///
    /// [`check`](Self::check) accepts what comes out, for every bill that the core makes.
    ///
    /// # Errors
    /// [`NotOfRecord`], if the counterpart or the catalog is not the one that the record names.
    pub fn of_record(
        record: &DocumentRecord,
        counterpart: Option<&DocumentRecord>,
        zone: &ZoneName,
        catalog: &Catalog,
        buyer: Buyer,
        returned: Option<Timestamp>,
    ) -> Result<Self, NotOfRecord> {
        let document = record.id;
        if record.catalog != catalog.version {
            let (wanted, given) = (record.catalog, catalog.version);
            return Err(NotOfRecord::Catalog { document, wanted, given });
        }
        let wanted = Self::counterpart(record);
        let counterpart = counterpart.filter(|given| Some(given.id) == wanted);
        if let (Some(wanted), None) = (wanted, counterpart) {
            return Err(NotOfRecord::Counterpart { document, wanted });
        }
        let kind = kind(record, counterpart);
        let payment = payment(record, counterpart, &kind, returned);
        let tax = tax(&record.bill);
        Ok(Self {
            number: record.number.to_string(),
            issued_at: record.issued_at,
            zone: zone.clone(),
            currency: record.bill.currency,
            seller: seller(catalog),
            tax_name: catalog.tax.name.clone(),
            lines: lines(&record.bill, tax),
            taxes: vec![TaxLine {
                tax,
                net: record.bill.net,
                amount: record.bill.tax,
                note: tax_note(&record.bill, catalog, &buyer),
            }],
            totals: totals(record, &kind, payment.is_some()),
            payment,
            // A card is charged on the day of issue; whoever has none pays when they read it.
            due_at: None,
            notes: catalog.documents.notes.clone(),
            page: if catalog.documents.letter { PageSize::Letter } else { PageSize::A4 },
            buyer: named(buyer),
            kind,
        })
    }

    /// The other document that the page of a record refers to: the invoice that a credit note takes
    /// back, or the credit note that took an invoice back.
    pub const fn counterpart(record: &DocumentRecord) -> Option<DocumentId> {
        match record.kind {
            DocumentKind::CreditNote { corrects, .. } => Some(corrects),
            DocumentKind::Invoice { .. } => record.credited_by,
        }
    }
}

impl Buyer {
    /// Someone of whom no billing details are known.
    pub const fn unknown(account: bursar_core::id::AccountId) -> Self {
        Self {
            name: String::new(),
            company: String::new(),
            address: Vec::new(),
            country: None,
            vat_id: None,
            account,
        }
    }
}

/// A buyer whom one can call something.
fn named(mut buyer: Buyer) -> Buyer {
    if clean(&buyer.name).is_empty() && clean(&buyer.company).is_empty() {
        buyer.name = buyer.account.to_string();
    }
    buyer
}

fn kind(record: &DocumentRecord, counterpart: Option<&DocumentRecord>) -> Kind {
    let cited = counterpart
        .map(|other| Reference { number: other.number.to_string(), issued_at: other.issued_at });
    match (&record.kind, cited) {
        (DocumentKind::CreditNote { paid, reason, .. }, Some(corrects)) => Kind::CreditNote {
            corrects,
            reason: reason.words().to_owned(),
            settlement: match (paid, reason) {
                (false, _) => Settlement::Offset,
                (true, CreditReason::Disputed) => Settlement::Chargeback,
                (true, _) => Settlement::Refund,
            },
        },
        (_, credited_by) => Kind::Invoice { credited_by },
    }
}

/// How it was paid. Money goes back the way it came, so a credit note has the card of its invoice.
fn payment(
    record: &DocumentRecord,
    counterpart: Option<&DocumentRecord>,
    kind: &Kind,
    returned: Option<Timestamp>,
) -> Option<Payment> {
    match kind {
        Kind::Invoice { .. } => {
            let paid = record.paid.as_ref()?;
            Some(Payment { method: method(Some(paid)), paid_at: paid.at })
        }
        Kind::CreditNote { settlement: Settlement::Offset, .. } => None,
        Kind::CreditNote { .. } => {
            let paid = counterpart.and_then(|invoice| invoice.paid.as_ref());
            Some(Payment { method: method(paid), paid_at: returned? })
        }
    }
}

fn method(paid: Option<&Paid>) -> Method {
    match paid.and_then(|paid| paid.card.as_ref()) {
        Some(card) => Method::Card { brand: brand(card), last_four: card.last4.to_string() },
        None => Method::Other("online payment".to_owned()),
    }
}

/// `Visa`, as its owner writes it; what isn't known, with a capital.
fn brand(card: &Card) -> String {
    let known = match card.brand.as_str() {
        "visa" => "Visa",
        "mastercard" => "Mastercard",
        "amex" | "american_express" => "American Express",
        "discover" => "Discover",
        "diners" | "diners_club" => "Diners Club",
        "jcb" => "JCB",
        "unionpay" => "UnionPay",
        "cartes_bancaires" => "Cartes Bancaires",
        "eftpos_au" => "eftpos",
        "unknown" => "Card",
        other => return capitalised(other),
    };
    known.to_owned()
}

fn capitalised(brand: &str) -> String {
    let words = clean(&brand.replace('_', " "));
    let mut letters = words.chars().take(BRAND_MOST);
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => "Card".to_owned(),
    }
}

fn lines(bill: &Bill, tax: Tax) -> Vec<Line> {
    let line = |line: &bursar_core::bill::BillLine| Line {
        description: line.description.clone(),
        period: line.period,
        quantity: Quantity::ONE,
        unit_price: line.net,
        net: line.net,
        tax,
    };
    bill.lines.iter().map(line).collect()
}

/// All of a bill is taxed one way.
const fn tax(bill: &Bill) -> Tax {
    let (category, rate) = match bill.treatment {
        // The standard knows a rate of nothing under another name.
        TaxTreatment::Standard { rate_ppm: 0, .. } => (TaxCategory::ZeroRated, 0),
        TaxTreatment::Standard { rate_ppm, .. } => (TaxCategory::Standard, rate_ppm),
        TaxTreatment::ReverseCharge { .. } => (TaxCategory::ReverseCharge, 0),
        TaxTreatment::OutOfScope => (TaxCategory::OutOfScope, 0),
    };
    Tax { category, rate: Rate(rate) }
}

/// What the law wants said of it. A seller who taxes nothing says why in the catalog's notes, if
/// there is something to say.
fn tax_note(bill: &Bill, catalog: &Catalog, buyer: &Buyer) -> String {
    let tax = &catalog.tax.name;
    match bill.treatment {
        TaxTreatment::Standard { .. } => String::new(),
        TaxTreatment::ReverseCharge { country } => {
            let within = catalog.seller.country.is_some_and(in_eu) && in_eu(country);
            let law = if within { " (Article 196, Directive 2006/112/EC)" } else { "" };
            format!("Reverse charge: the recipient accounts for the {tax}{law}.")
        }
        TaxTreatment::OutOfScope => match buyer.country {
            Some(country) if !catalog.tax.rates.is_empty() => {
                format!("Not subject to {tax}; the customer's country is {}.", country.name())
            }
            _ => String::new(),
        },
    }
}

/// Is it a member state of the European Union, whose directive on VAT applies?
fn in_eu(country: Country) -> bool {
    const MEMBERS: [&str; 27] = [
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
        "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    ];
    MEMBERS.contains(&country.code())
}

/// What is settled is all of it or nothing: there are no payments in part.
fn totals(record: &DocumentRecord, kind: &Kind, has_payment: bool) -> Totals {
    let bill = &record.bill;
    let settled = match kind {
        Kind::Invoice { .. } | Kind::CreditNote { settlement: Settlement::Refund, .. } => {
            has_payment
        }
        Kind::CreditNote { settlement: Settlement::Offset, .. } => false,
        // The bank did not ask.
        Kind::CreditNote { settlement: Settlement::Chargeback, .. } => true,
    };
    let (paid, due) = if settled { (bill.total, 0) } else { (0, bill.total) };
    Totals { net: bill.net, tax: bill.tax, gross: bill.total, paid, due }
}

fn seller(catalog: &Catalog) -> Seller {
    let seller = catalog.seller.clone();
    Seller {
        name: seller.name,
        address: seller.address,
        country: seller.country,
        vat_id: seller.vat_id,
        tax_id: seller.tax_id,
        registration: seller.registration,
        email: seller.email,
    }
}
