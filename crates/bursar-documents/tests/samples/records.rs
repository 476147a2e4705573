//! Documents as accounts have them: records like those that the core makes, and their pages.

use bursar_core::account::documents::CreditReason;
use bursar_core::account::documents::record::{DocumentKind, DocumentRecord, Paid};
use bursar_core::account::payments::Purchase;
use bursar_core::bill::{Bill, Item, LegalNumber, TaxTreatment};
use bursar_core::catalog::Catalog;
use bursar_core::id::{DocumentId, PaymentId};
use bursar_core::provider::Card;
use bursar_core::time::Timestamp;
use bursar_documents::{Buyer, Document};

use super::at;

/// A catalog of a seller in Germany, or of one who has filled in nothing, with prices in `currency`.
#[derive(Clone, Copy)]
pub(crate) struct Shop {
    pub(crate) currency: &'static str,
    pub(crate) seller: Seller,
    pub(crate) inclusive: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seller {
    German,
    Nobody,
}

const GERMAN: Shop = Shop { currency: "EUR", seller: Seller::German, inclusive: false };

impl Shop {
    pub(crate) fn catalog(self) -> Catalog {
        let mut catalog = bursar_catalog::scriptkit().unwrap();
        catalog.currency = self.currency.parse().unwrap();
        catalog.tax.inclusive = self.inclusive;
        if self.seller == Seller::German {
            let text = include_str!("../../../../catalogs/tokens.toml");
            let german = bursar_catalog::parse(text).unwrap();
            catalog.seller = german.seller;
            catalog.tax.name = german.tax.name;
            catalog.tax.rates = german.tax.rates;
            catalog.documents = german.documents;
        }
        catalog
    }
}

/// What is sold, in words and minor units; months are April's.
pub(crate) fn item(description: &str, period: Option<(&str, &str)>, amount: i64) -> Item {
    let period = period.map(|(start, end)| (at(start), at(end)));
    Item { description: description.to_owned(), period, amount }
}

/// Someone in a country, a business if it has a VAT id.
pub(crate) fn buyer(country: &str, vat_id: Option<&str>) -> Buyer {
    Buyer {
        name: "Ada Sørensen".to_owned(),
        company: vat_id.map_or("", |_| "Nordlicht Film").to_owned(),
        address: vec!["12 Long Street".to_owned(), "10969 Springfield".to_owned()],
        country: Some(country.parse().unwrap()),
        vat_id: vat_id.map(str::to_owned),
        account: "acc_ada".parse().unwrap(),
    }
}

/// The bill that the core makes of items.
pub(crate) fn bill(catalog: &Catalog, buyer: &Buyer, items: Vec<Item>) -> Bill {
    let business = buyer.vat_id.is_some();
    let home = catalog.seller.country;
    let treatment = TaxTreatment::of(&catalog.tax, home, buyer.country, business);
    Bill::of(items, catalog.currency, treatment, catalog.tax.inclusive)
}

pub(crate) fn card(brand: &str) -> Card {
    Card {
        brand: brand.to_owned(),
        last4: "4242".parse().unwrap(),
        exp_month: 4,
        exp_year: 2029,
        fingerprint: None,
    }
}

/// An invoice that is open.
pub(crate) fn invoice(catalog: &Catalog, bill: Bill) -> DocumentRecord {
    let issued_at = at("2026-04-14T08:30:00Z");
    let pack = "small".parse().unwrap();
    let credits = bursar_core::credits::Credits::from_whole(100).unwrap();
    DocumentRecord {
        id: DocumentId(3),
        number: LegalNumber {
            number: 123,
            ..LegalNumber::pending(&catalog.documents.invoice_series, issued_at)
        },
        issued_at,
        // The page says what the lines say, whatever was bought.
        kind: DocumentKind::Invoice {
            purchase: Purchase::Topup { pack, credits, automatic: false },
        },
        bill,
        buyer: 1,
        catalog: catalog.version,
        paid: None,
        credited_by: None,
    }
}

pub(crate) fn paid(record: DocumentRecord, card: Option<Card>) -> DocumentRecord {
    let payment = PaymentId::numbered([7; 16], 1);
    let paid = Some(Paid { at: at("2026-04-14T08:30:04Z"), payment, card });
    DocumentRecord { paid, ..record }
}

/// The credit note that takes an invoice back.
pub(crate) fn credit_note(
    catalog: &Catalog,
    invoice: &mut DocumentRecord,
    reason: CreditReason,
) -> DocumentRecord {
    let issued_at = at("2026-04-18T15:00:00Z");
    let series = &catalog.documents.credit_note_series;
    invoice.credited_by = Some(DocumentId(4));
    DocumentRecord {
        id: DocumentId(4),
        number: LegalNumber { number: 7, ..LegalNumber::pending(series, issued_at) },
        issued_at,
        kind: DocumentKind::CreditNote {
            corrects: invoice.id,
            paid: invoice.paid.is_some(),
            reason,
        },
        paid: None,
        credited_by: None,
        ..invoice.clone()
    }
}

pub(crate) fn page(
    record: &DocumentRecord,
    counterpart: Option<&DocumentRecord>,
    catalog: &Catalog,
    buyer: Buyer,
    returned: Option<Timestamp>,
) -> Document {
    let zone = "Europe/Berlin".parse().unwrap();
    Document::of_record(record, counterpart, &zone, catalog, buyer, returned).unwrap()
}

const APRIL: (&str, &str) = ("2026-04-14T08:30:00Z", "2026-05-14T08:30:00Z");
const REST: (&str, &str) = ("2026-04-14T08:30:00Z", "2026-04-28T09:00:00Z");
const YEAR: (&str, &str) = ("2026-04-14T08:30:00Z", "2027-04-14T08:30:00Z");

fn starter() -> Vec<Item> {
    vec![item("Starter plan, monthly", Some(APRIL), 2_900)]
}

fn upgrade() -> Vec<Item> {
    vec![
        item("Unused time on Starter plan, monthly", Some(REST), -1_343),
        item("Remaining time on Professional plan, monthly", Some(REST), 4_121),
    ]
}

fn new_period() -> Vec<Item> {
    vec![
        item("Unused time on Professional plan, monthly", Some(REST), -4_121),
        item("Studio plan, yearly", Some(YEAR), 214_900),
        item("Carried forward from earlier unused time", None, -2_000),
    ]
}

fn topup(amount: i64) -> Vec<Item> {
    vec![item("Large pack, 1,000 credits", None, amount)]
}

/// A paid invoice.
fn sold(shop: Shop, buyer: Buyer, items: Vec<Item>, brand: &str) -> Document {
    let catalog = shop.catalog();
    let bill = bill(&catalog, &buyer, items);
    let record = paid(invoice(&catalog, bill), Some(card(brand)));
    page(&record, None, &catalog, buyer, None)
}

/// An unpaid renewal: open, then cancelled, with the credit note that did it.
fn renewals() -> [(&'static str, Document); 3] {
    let catalog = GERMAN.catalog();
    let buyer = buyer("DE", None);
    let mut record = invoice(&catalog, bill(&catalog, &buyer, starter()));
    let open = page(&record, None, &catalog, buyer.clone(), None);
    let note = credit_note(&catalog, &mut record, CreditReason::NotPaid);
    [
        ("record_renewal_open", open),
        ("record_renewal_void", page(&record, Some(&note), &catalog, buyer.clone(), None)),
        ("record_credit_note_unpaid", page(&note, Some(&record), &catalog, buyer, None)),
    ]
}

/// A paid invoice that is taken back: with its credit note before and after the money is there.
fn refunds() -> [(&'static str, Document); 4] {
    let catalog = GERMAN.catalog();
    let buyer = buyer("FR", None);
    let bill = bill(&catalog, &buyer, upgrade());
    let mut record = paid(invoice(&catalog, bill), Some(card("amex")));
    let reason = CreditReason::SubscriptionRefunded { reason: None };
    let note = credit_note(&catalog, &mut record, reason);
    let disputed = credit_note(&catalog, &mut record, CreditReason::Disputed);
    let on = Some(at("2026-04-19T11:00:00Z"));
    let note_page = |note, returned| page(note, Some(&record), &catalog, buyer.clone(), returned);
    [
        ("record_credited", page(&record, Some(&note), &catalog, buyer.clone(), None)),
        ("record_credit_note_owed", note_page(&note, None)),
        ("record_credit_note_refunded", note_page(&note, on)),
        ("record_credit_note_disputed", note_page(&disputed, None)),
    ]
}

/// The first of a shop that has filled in nothing, to someone who has filled in nothing.
fn bare() -> Document {
    let shop = Shop { currency: "USD", seller: Seller::Nobody, inclusive: false };
    let catalog = shop.catalog();
    let buyer = Buyer::unknown("acc_ada".parse().unwrap());
    let record = paid(invoice(&catalog, bill(&catalog, &buyer, topup(7_500))), None);
    page(&record, None, &catalog, buyer, None)
}

pub(crate) fn all() -> Vec<(&'static str, Document)> {
    let inclusive = Shop { inclusive: true, ..GERMAN };
    let yen = Shop { currency: "JPY", ..inclusive };
    let dinar = Shop { currency: "KWD", ..GERMAN };
    let business = || buyer("FR", Some("FR12345678901"));
    let mut all = vec![
        ("record_start", sold(GERMAN, buyer("DE", None), starter(), "visa")),
        ("record_inclusive", sold(inclusive, buyer("FI", None), new_period(), "mastercard")),
        ("record_upgrade", sold(GERMAN, business(), upgrade(), "visa")),
        ("record_new_period", sold(GERMAN, buyer("CH", None), new_period(), "visa")),
        ("record_topup_abroad", sold(GERMAN, buyer("US", None), topup(7_500), "discover")),
        ("record_yen", sold(yen, buyer("DE", None), upgrade(), "jcb")),
        ("record_dinar", sold(dinar, buyer("DE", None), upgrade(), "visa")),
        ("record_bare", bare()),
    ];
    all.extend(renewals());
    all.extend(refunds());
    all
}
