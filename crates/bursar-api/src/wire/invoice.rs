//! Billing history: invoices and credit notes.

use bursar_core::account::documents::record::{DocumentKind, DocumentRecord};
use bursar_core::bill::Bill;
use bursar_core::id::{AccountId, DocumentId, PaymentId};
use bursar_core::money::Money;
use bursar_store::DocumentRow;
use serde::Serialize;
use utoipa::ToSchema;

use super::method::CardView;
use super::offer::{LineView, TaxView};
use super::{Price, Shown, Span, Time};

/// An invoice or a credit note.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Invoice)]
pub(crate) struct InvoiceView {
    /// Its id.
    #[schema(value_type = String, example = "inv_1")]
    id: Shown<DocumentId>,
    /// Its legal number, without gaps per series and year.
    #[schema(example = "INV-2026-000123")]
    number: String,
    /// `invoice` or `credit_note`.
    #[schema(example = "invoice")]
    kind: &'static str,
    /// `open`, `paid`, `credited` (paid, and taken back) or `void` (taken back without having been
    /// paid); a credit note is `issued`.
    #[schema(example = "paid")]
    state: &'static str,
    /// What it is for: `start`, `change`, `renewal` or `topup`; null for a credit note.
    #[schema(example = "start")]
    purpose: Option<&'static str>,
    /// When it was finalized.
    issued_at: Time,
    /// When it was paid.
    paid_at: Option<Time>,
    /// What was sold, and what was taken off; without tax.
    lines: Vec<LineView>,
    /// The sum of the lines.
    subtotal: Price,
    /// The tax on it.
    tax: TaxView,
    /// What it comes to. A credit note has the figures of the invoice that it takes back.
    total: Price,
    /// What is still to be paid.
    amount_due: Price,
    /// The time that its lines cover.
    period: Option<Span>,
    /// The card that it was paid with.
    card: Option<CardView>,
    /// The payment that paid it.
    #[schema(value_type = Option<String>, example = "pay_0198f3a2b4c57d6e8f9012345678abcd")]
    payment: Option<Shown<PaymentId>>,
    /// The invoice that a credit note takes back.
    #[schema(value_type = Option<String>, example = "inv_1")]
    corrects: Option<Shown<DocumentId>>,
    /// Why a credit note takes it back.
    reason: Option<&'static str>,
    /// The credit note that took it back.
    #[schema(value_type = Option<String>, example = "inv_2")]
    credited_by: Option<Shown<DocumentId>>,
    /// Where it is as PDF.
    #[schema(example = "/v1/accounts/customer-7/invoices/inv_1.pdf")]
    pdf: String,
}

impl InvoiceView {
    /// A document of an account; `tax` is what its catalog calls the tax.
    pub(crate) fn of(account: &AccountId, row: DocumentRow, tax: &str) -> Self {
        let DocumentRecord { id, number, issued_at, kind, bill, paid, credited_by, .. } =
            &row.record;
        let (purpose, corrects, reason) = match kind {
            DocumentKind::Invoice { purchase } => (Some(purchase.as_str()), None, None),
            DocumentKind::CreditNote { corrects, reason, .. } => {
                (None, Some(*corrects), Some(reason.words()))
            }
        };
        let state = row.record.state();
        let amount_due = if state == "open" { bill.total } else { 0 };
        Self {
            id: Shown(*id),
            number: number.to_string(),
            kind: row.record.kind(),
            state,
            purpose,
            issued_at: Time(*issued_at),
            paid_at: paid.as_ref().map(|paid| Time(paid.at)),
            lines: LineView::list(bill),
            subtotal: Money::new(bill.net, bill.currency).into(),
            tax: TaxView::of(bill, tax),
            total: bill.due().into(),
            amount_due: Money::new(amount_due, bill.currency).into(),
            period: period(bill),
            card: paid.as_ref().and_then(|paid| paid.card.as_ref()).map(CardView::from),
            payment: paid.as_ref().map(|paid| Shown(paid.payment)),
            corrects: corrects.map(Shown),
            reason,
            credited_by: credited_by.map(Shown),
            pdf: format!("/v1/accounts/{account}/invoices/{id}.pdf"),
        }
    }
}

/// From the first instant that a line covers to the last.
fn period(bill: &Bill) -> Option<Span> {
    let periods = || bill.lines.iter().filter_map(|line| line.period);
    let start = periods().map(|(start, _)| start).min()?;
    let end = periods().map(|(_, end)| end).max()?;
    Some(Span { start: Time(start), end: Time(end) })
}
