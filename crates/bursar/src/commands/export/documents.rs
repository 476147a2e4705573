//! Rows of invoices and credit notes.

use bursar_core::account::documents::record::{DocumentKind, DocumentRecord};
use bursar_core::account::payments::Purchase;
use bursar_core::bill::TaxTreatment;
use bursar_core::id::AccountId;
use bursar_core::money::Money;
use bursar_store::BillingDetails;

use super::cell::Cell;

const DOCUMENT: [&str; 28] = [
    "number",
    "id",
    "kind",
    "state",
    "account",
    "issued_at",
    "paid_at",
    "currency",
    "net",
    "tax",
    "total",
    "tax_treatment",
    "tax_rate_percent",
    "tax_country",
    "purchase",
    "plan",
    "interval",
    "pack",
    "credits",
    "automatic",
    "corrects",
    "credited_by",
    "reason",
    "payment",
    "card_brand",
    "card_last4",
    "catalog",
    "buyer_revision",
];

const LINE: [&str; 13] = [
    "number",
    "kind",
    "account",
    "issued_at",
    "line",
    "description",
    "period_start",
    "period_end",
    "currency",
    "net",
    "tax_treatment",
    "tax_rate_percent",
    "tax_country",
];

const BUYER: [&str; 5] =
    ["buyer_name", "buyer_company", "buyer_address", "buyer_country", "buyer_vat_id"];

/// What the rows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// One row per line instead of per document?
    pub(super) lines: bool,
    /// With the billing details, which are personal data?
    pub(super) buyers: bool,
}

impl Layout {
    /// The names of the columns.
    pub(super) fn columns(self) -> Vec<&'static str> {
        let own: &[&str] = if self.lines { &LINE } else { &DOCUMENT };
        let buyer: &[&str] = if self.buyers { &BUYER } else { &[] };
        [own, buyer].concat()
    }

    /// The rows of a document.
    pub(super) fn rows(self, subject: &Subject<'_>) -> Vec<Vec<Cell>> {
        let mut rows = if self.lines { lines(subject) } else { vec![document(subject)] };
        if self.buyers {
            for row in &mut rows {
                row.extend(buyer(subject.buyer));
            }
        }
        rows
    }
}

/// A document with what its row says of others.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) account: &'a AccountId,
    pub(super) record: &'a DocumentRecord,
    /// The invoice that a credit note takes back, or the credit note that took an invoice back.
    pub(super) counterpart: Option<&'a DocumentRecord>,
    /// The billing details, if they are wanted and there are any.
    pub(super) buyer: Option<&'a BillingDetails>,
}

impl Subject<'_> {
    /// An amount of it: what a credit note gives back is negative, so that columns add up.
    pub(super) const fn signed(&self, amount: i64) -> i64 {
        match self.record.kind {
            DocumentKind::Invoice { .. } => amount,
            DocumentKind::CreditNote { .. } => amount.saturating_neg(),
        }
    }

    fn money(&self, amount: i64) -> Cell {
        Cell::money(Money::new(self.signed(amount), self.record.bill.currency))
    }

    /// The invoice: itself, or the one that it takes back.
    fn invoice(&self) -> Option<&DocumentRecord> {
        match self.record.kind {
            DocumentKind::Invoice { .. } => Some(self.record),
            DocumentKind::CreditNote { .. } => self.counterpart,
        }
    }
}

fn document(subject: &Subject<'_>) -> Vec<Cell> {
    let record = subject.record;
    let paid = subject.invoice().and_then(|invoice| invoice.paid.as_ref());
    let card = paid.and_then(|paid| paid.card.as_ref());
    let other = || subject.counterpart.map(|other| Cell::word(&other.number));
    let (corrects, credited_by, reason) = match &record.kind {
        DocumentKind::Invoice { .. } => (None, other(), None),
        DocumentKind::CreditNote { reason, .. } => {
            (other(), None, Some(Cell::word(reason.words())))
        }
    };
    let bill = &record.bill;
    let [treatment, rate, country] = tax(bill.treatment);
    let mut row = vec![
        Cell::word(&record.number),
        Cell::word(record.id),
        Cell::word(record.kind()),
        Cell::word(record.state()),
        Cell::text(subject.account.as_str()),
        Cell::Time(record.issued_at),
        record.paid.as_ref().map(|paid| Cell::Time(paid.at)).into(),
        Cell::word(bill.currency),
        subject.money(bill.net),
        subject.money(bill.tax),
        subject.money(bill.total),
        treatment,
        rate,
        country,
    ];
    row.extend(purchase(subject.invoice()));
    row.extend([
        corrects.into(),
        credited_by.into(),
        reason.into(),
        paid.map(|paid| Cell::word(paid.payment)).into(),
        card.map(|card| Cell::text(&*card.brand)).into(),
        card.map(|card| Cell::word(card.last4)).into(),
        Cell::word(record.catalog),
        Cell::Whole(record.buyer.into()),
    ]);
    row
}

fn tax(treatment: TaxTreatment) -> [Cell; 3] {
    let country = match treatment {
        TaxTreatment::OutOfScope => None,
        TaxTreatment::Standard { country, .. } | TaxTreatment::ReverseCharge { country } => {
            Some(Cell::country(country))
        }
    };
    let rate = Cell::percent(treatment.rate_ppm());
    [Cell::word(treatment.as_str()), rate, country.into()]
}

/// What was bought: kind, plan, interval, pack, credits, and whether nobody asked for it at that
/// moment.
fn purchase(invoice: Option<&DocumentRecord>) -> [Cell; 6] {
    let Some(DocumentKind::Invoice { purchase }) = invoice.map(|invoice| &invoice.kind) else {
        return [const { Cell::Empty }; 6];
    };
    let kind = Cell::word(purchase.as_str());
    match purchase {
        Purchase::Start { plan, interval, .. }
        | Purchase::Change { plan, interval, .. }
        | Purchase::Renewal { plan, interval, .. } => {
            let automatic = matches!(purchase, Purchase::Renewal { .. });
            let (plan, interval) = (Cell::text(plan.as_str()), Cell::word(interval.as_str()));
            [kind, plan, interval, Cell::Empty, Cell::Empty, Cell::Flag(automatic)]
        }
        Purchase::Topup { pack, credits, automatic } => {
            let (pack, credits) = (Cell::text(pack.as_str()), Cell::Decimal(credits.to_string()));
            [kind, Cell::Empty, Cell::Empty, pack, credits, Cell::Flag(*automatic)]
        }
    }
}

fn lines(subject: &Subject<'_>) -> Vec<Vec<Cell>> {
    let record = subject.record;
    let row = |(number, line): (u64, &bursar_core::bill::BillLine)| {
        let mut row = vec![
            Cell::word(&record.number),
            Cell::word(record.kind()),
            Cell::text(subject.account.as_str()),
            Cell::Time(record.issued_at),
            Cell::Whole(number),
            Cell::text(&*line.description),
            line.period.map(|(start, _)| Cell::Time(start)).into(),
            line.period.map(|(_, end)| Cell::Time(end)).into(),
            Cell::word(record.bill.currency),
            subject.money(line.net),
        ];
        row.extend(tax(record.bill.treatment));
        row
    };
    (1..).zip(&record.bill.lines).map(row).collect()
}

fn buyer(details: Option<&BillingDetails>) -> [Cell; 5] {
    let Some(details) = details else {
        return [const { Cell::Empty }; 5];
    };
    [
        Cell::text(&*details.name),
        Cell::text(&*details.company),
        Cell::text(details.address.join(", ")),
        details.country.map(Cell::country).into(),
        details.vat_id.as_deref().map(Cell::text).into(),
    ]
}
