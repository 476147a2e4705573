//! `/portal/invoices`: every invoice and credit note.

pub(super) mod pdf;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use bursar_core::account::documents::record::{DocumentKind, DocumentRecord};
use bursar_core::id::DocumentId;
use bursar_core::money::Money;
use serde::Deserialize;

use crate::page::problem::PageProblem;
use crate::page::shell::{Section, Shell};
use crate::page::words::{date, machine};
use crate::page::{html, names};
use crate::session::Customer;
use crate::state::Portal;

/// Documents on a page.
const DOCUMENTS: usize = 24;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    before: String,
}

#[derive(Template)]
#[template(path = "customer/invoices.html")]
struct InvoicesPage {
    shell: Shell,
    documents: Vec<Row>,
    newest: bool,
    older: Option<String>,
    /// What unused time was worth that no bill has used yet; empty if it is nothing.
    carried: String,
}

struct Row {
    id: String,
    number: String,
    at: (String, String),
    what: String,
    state: (&'static str, &'static str),
    /// How it was paid.
    paid: String,
    amount: String,
    /// Can it be paid now?
    is_open: bool,
}

/// The page.
pub(super) async fn show(
    State(portal): State<Portal>,
    customer: Customer,
    Query(asked): Query<Asked>,
) -> Result<Response, PageProblem> {
    let account = customer.account();
    let before: Option<DocumentId> = asked.before.parse().ok();
    let store = portal.engine().store();
    let mut rows = store.documents(&account.id, before, DOCUMENTS.saturating_add(1)).await?;
    let is_last = rows.len() <= DOCUMENTS;
    rows.truncate(DOCUMENTS);
    let older = rows.last().filter(|_| !is_last).map(|row| row.record.id);
    let carried = Money::new(account.billing.carried, account.currency);
    html(&InvoicesPage {
        shell: Shell::new(&portal, &customer, Section::Invoices, "Billing history"),
        newest: before.is_some(),
        older: older.map(|id| format!("/portal/invoices?before={id}")),
        documents: rows.iter().map(|row| self::row(&row.record, &customer)).collect(),
        carried: if carried.amount > 0 { customer.locale.money(carried) } else { String::new() },
    })
}

fn row(record: &DocumentRecord, customer: &Customer) -> Row {
    let account = customer.account();
    let zone = &account.zone;
    let bill = &record.bill;
    let is_note = matches!(record.kind, DocumentKind::CreditNote { .. });
    let total = if is_note { bill.total.saturating_neg() } else { bill.total };
    let unpaid = || account.billing.open_invoices.iter().any(|(id, _)| *id == record.id);
    let is_open = record.state() == "open" && unpaid();
    let paid = record.paid.as_ref().map(|paid| {
        let card = paid.card.as_ref().map(names::card);
        format!("{}{}", date(paid.at, zone), card.map_or_else(String::new, |it| format!(" · {it}")))
    });
    Row {
        id: record.id.to_string(),
        number: record.number.to_string(),
        at: (machine(record.issued_at), date(record.issued_at, zone)),
        what: what(record),
        state: state(record, is_open && account.is_past_due()),
        paid: paid.unwrap_or_default(),
        amount: customer.locale.money(Money::new(total, bill.currency)),
        is_open: is_open && account.billing.paying(record.id).is_none(),
    }
}

/// What was sold, by its first line.
fn what(record: &DocumentRecord) -> String {
    let line = record.bill.lines.first().map_or("", |line| line.description.as_str());
    match record.kind {
        DocumentKind::Invoice { .. } => line.to_owned(),
        DocumentKind::CreditNote { .. } => format!("Taken back: {line}"),
    }
}

fn state(record: &DocumentRecord, is_past_due: bool) -> (&'static str, &'static str) {
    match record.state() {
        "paid" => ("Paid", "good"),
        "credited" => ("Taken back", ""),
        "void" => ("Void", ""),
        "issued" => ("Credit note", ""),
        _ if is_past_due => ("Past due", "bad"),
        _ => ("Open", "warn"),
    }
}
