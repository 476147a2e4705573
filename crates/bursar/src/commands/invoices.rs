//! `bursar invoices ACCOUNT`: what was billed to an account.

use anyhow::Result;
use bursar_core::account::documents::record::{DocumentKind, DocumentRecord, Paid};
use bursar_core::id::AccountId;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::{FormatArgs, StoreArgs};
use crate::data::Reading;
use crate::problem::Answer;
use crate::{instant, json, output, table};

const EXAMPLES: &str = "\
Examples:
  bursar invoices ada
  bursar invoice ada inv_3 --pdf invoice.pdf

The data directory is only read, also while a server runs.";

/// Whose documents.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InvoicesArgs {
    /// The account's id
    account: AccountId,
    #[command(flatten)]
    data: StoreArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) fn run(args: &InvoicesArgs) -> Result<Answer> {
    let reading = Reading::open(&args.data)?;
    let account = reading.account(&args.account)?;
    let documents = reading.documents(&account.id)?;
    if args.format.is_json() {
        output::json(&documents.iter().map(for_programs).collect::<Vec<_>>())?;
    } else if documents.is_empty() {
        output::text(&format!("Nothing was billed to {} yet.\n", account.id))?;
    } else {
        let header = ["Id", "Number", "Kind", "State", "Issued", "Total", "Card"];
        let rows = documents.iter().map(row).collect();
        output::text(&table::of(&header, &[5], rows))?;
    }
    Ok(Answer::Yes)
}

fn row(record: &DocumentRecord) -> Vec<String> {
    vec![
        record.id.to_string(),
        record.number.to_string(),
        record.kind().replace('_', " "),
        record.state().to_owned(),
        instant::second(record.issued_at),
        record.bill.due().to_string(),
        record.paid.as_ref().and_then(card).unwrap_or_default(),
    ]
}

/// `visa 4242`.
pub(super) fn card(paid: &Paid) -> Option<String> {
    paid.card.as_ref().map(|card| format!("{} {}", card.brand, card.last4))
}

/// A document; amounts are minor units, as in the API.
pub(super) fn for_programs(record: &DocumentRecord) -> Value {
    let bill = &record.bill;
    let (purchase, corrects, reason) = match &record.kind {
        DocumentKind::Invoice { purchase } => (Some(purchase.as_str()), None, None),
        DocumentKind::CreditNote { corrects, reason, .. } => {
            (None, Some(corrects.to_string()), Some(reason.words()))
        }
    };
    let lines = bill.lines.iter().map(|line| {
        let period = line
            .period
            .map(|(start, end)| json!({"start": json::time(start), "end": json::time(end)}));
        json!({"description": line.description, "period": period, "net": line.net})
    });
    let paid = record.paid.as_ref().map(|paid| {
        let card = paid.card.as_ref();
        json!({
            "at": json::time(paid.at),
            "payment": paid.payment.to_string(),
            "card": card.map(|card| json!({"brand": card.brand, "last4": card.last4})),
        })
    });
    json!({
        "id": record.id.to_string(),
        "number": record.number.to_string(),
        "kind": record.kind(),
        "state": record.state(),
        "issued_at": json::time(record.issued_at),
        "purchase": purchase,
        "currency": bill.currency.code(),
        "lines": lines.collect::<Vec<_>>(),
        "net": bill.net,
        "tax": bill.tax,
        "tax_treatment": bill.treatment.as_str(),
        "tax_rate_percent": json::number(&percent(bill.treatment.rate_ppm())),
        "total": bill.total,
        "paid": paid,
        "corrects": corrects,
        "credited_by": record.credited_by.map(|id| id.to_string()),
        "reason": reason,
    })
}

/// Parts per million as percent: `19`, `8.1`.
pub(super) fn percent(ppm: u32) -> String {
    crate::micro::text(i128::from(ppm) * 100)
}
