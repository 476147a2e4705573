//! `bursar invoice ACCOUNT ID`: one document, also as the PDF that the customer gets.

use std::path::Path;

use anyhow::Result;
use bursar_core::account::documents::record::{DocumentKind, DocumentRecord};
use bursar_core::bill::{BillLine, TaxTreatment};
use bursar_core::id::{AccountId, DocumentId};
use bursar_core::money::Money;
use bursar_documents::{NotExpressible, electronic_invoice, render};
use clap::Args;
use serde_json::json;

use super::invoices::{card, for_programs, percent};
use crate::cli::{FormatArgs, StoreArgs};
use crate::data::{Reading, directory, documents};
use crate::problem::{self, Answer, Problem};
use crate::{instant, output, table};

const EXAMPLES: &str = "\
Examples:
  bursar invoice ada inv_3                    what was billed, and how it was paid
  bursar invoice ada inv_3 --pdf inv_3.pdf    the file, with the electronic invoice in it

The data directory is only read, also while a server runs. The same document gives the same file.";

/// Which document.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct InvoiceArgs {
    /// The account's id
    account: AccountId,
    /// The document's id, as `bursar invoices ACCOUNT` shows it
    #[arg(value_name = "ID")]
    document: DocumentId,
    /// Write it to this file as PDF/A-3, with the EN 16931 XML attached
    #[arg(long, value_name = "FILE")]
    pdf: Option<String>,
    #[command(flatten)]
    data: StoreArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) fn run(args: &InvoiceArgs) -> Result<Answer> {
    let reading = Reading::open(&args.data)?;
    let account = reading.account(&args.account)?;
    let record = reading.document(&account.id, args.document)?;
    if let Some(file) = &args.pdf {
        let page = documents::page(&reading, &account, &record)?;
        let pdf = render(&page).map_err(|error| {
            let what = format!("{} can't be drawn: {error}", record.number);
            Problem::error(what, "Check the seller in the catalog, and the billing details.")
        })?;
        directory::write_private(Path::new(file), &pdf)
            .map_err(|error| problem::of_file(&format!("cannot write {file}"), &error))?;
        return written(args, &record, file, pdf.len(), electronic_invoice(&page).err());
    }
    if args.format.is_json() {
        output::json(&for_programs(&record))?;
    } else {
        output::text(&for_people(&record))?;
    }
    Ok(Answer::Yes)
}

fn written(
    args: &InvoiceArgs,
    record: &DocumentRecord,
    file: &str,
    bytes: usize,
    without_xml: Option<NotExpressible>,
) -> Result<Answer> {
    let why = without_xml.map(|why| why.to_string());
    if args.format.is_json() {
        let number = record.number.to_string();
        output::json(&json!({
            "file": file,
            "bytes": bytes,
            "number": number,
            "electronic_invoice": why.is_none(),
            "without_because": why,
        }))?;
    } else {
        output::text(&format!("{file}: {}, {bytes} bytes\n", record.number))?;
        if let Some(why) = why {
            output::note(&format!("It has no electronic invoice attached: {why}."));
        }
    }
    Ok(Answer::Yes)
}

fn for_people(record: &DocumentRecord) -> String {
    let bill = &record.bill;
    let mut rows = vec![
        ("Id", record.id.to_string()),
        ("State", record.state().to_owned()),
        ("Issued", instant::second(record.issued_at)),
    ];
    match &record.kind {
        DocumentKind::Invoice { purchase } => rows.push(("For", purchase.as_str().to_owned())),
        DocumentKind::CreditNote { corrects, reason, .. } => {
            rows.push(("Corrects", corrects.to_string()));
            rows.push(("Reason", reason.words().to_owned()));
        }
    }
    if let Some(paid) = &record.paid {
        let card = card(paid).map_or_else(String::new, |card| format!(" with {card}"));
        let (at, payment) = (instant::second(paid.at), paid.payment);
        rows.push(("Paid", format!("{at}{card}, {payment}")));
    }
    rows.extend(record.credited_by.map(|note| ("Credited by", note.to_string())));
    let mut lines: Vec<Vec<String>> =
        bill.lines.iter().map(|line| line_row(line, record)).collect();
    let tax = match bill.treatment {
        TaxTreatment::Standard { country, rate_ppm } => {
            format!("Tax, {}% of {country}", percent(rate_ppm))
        }
        TaxTreatment::ReverseCharge { country } => format!("Tax, reverse charge in {country}"),
        TaxTreatment::OutOfScope => "Tax, none".to_owned(),
    };
    for (name, amount) in [("Net", bill.net), (&tax, bill.tax), ("Total", bill.total)] {
        let amount = Money::new(amount, bill.currency).to_string();
        lines.push(vec![name.to_owned(), String::new(), String::new(), amount]);
    }
    let kind = if record.kind() == "invoice" { "Invoice" } else { "Credit note" };
    let header = ["Line", "From", "To", "Amount"];
    let lines = table::of(&header, &[3], lines);
    format!("{kind} {}\n\n{}\n{lines}", record.number, table::pairs(&rows))
}

fn line_row(line: &BillLine, record: &DocumentRecord) -> Vec<String> {
    let (start, end) = line.period.unzip();
    let time = |at: Option<_>| at.map(instant::second).unwrap_or_default();
    let amount = Money::new(line.net, record.bill.currency).to_string();
    vec![line.description.clone(), time(start), time(end), amount]
}
