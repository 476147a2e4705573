//! `bursar export documents|postings`: what finance and tax advisers load into their own programs.

mod cell;
mod documents;
mod postings;
mod sheet;
mod target;
mod totals;

use std::sync::Arc;

use anyhow::Result;
use bursar_core::account::documents::record::subjects;
use bursar_core::account::event::Event;
use bursar_core::bill::LegalNumber;
use bursar_core::id::{AccountId, DocumentId};
use bursar_core::time::Timestamp;
use bursar_store::{Entry, JournalPosition};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::StoreArgs;
use crate::data::Reading;
use crate::output;
use crate::problem::Answer;
use crate::progress::Progress;
use documents::{Layout, Subject};
use postings::{About, Booked};
use sheet::{Sheet, SheetFormat};
use target::Target;

const EXAMPLES: &str = "\
Examples:
  bursar export documents --from 2026-01-01 --to 2026-04-01 --output q1.csv
  bursar export documents --lines --format jsonl | jq .
  bursar export postings --output postings.csv

Amounts are exact decimals of the currency in the same row. What a credit note gives back is negative, so \
columns add up. In CSV a text that a spreadsheet would take for a formula has an apostrophe in front. \
There is no personal data in it but with --buyers. The data directory is only read, also while a server \
runs.

What it adds up to, and whether that ties with the books, is said on stderr, in JSON with --format jsonl. \
Exits with 1 if it doesn't tie.";

/// What to export.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum ExportCommand {
    /// Invoices and credit notes, in order of issue, as they stand
    #[command(after_help = EXAMPLES)]
    Documents(DocumentArgs),
    /// Every posting of money and of credits, in order of the journal
    #[command(after_help = EXAMPLES)]
    Postings(PostingArgs),
}

/// What to export of documents.
#[derive(Debug, Args)]
pub(crate) struct DocumentArgs {
    /// One row per line of a document instead of one per document
    #[arg(long)]
    lines: bool,
    /// With names, addresses and VAT ids of buyers, which are personal data
    #[arg(long)]
    buyers: bool,
    #[command(flatten)]
    common: CommonArgs,
}

/// What to export of postings.
#[derive(Debug, Args)]
pub(crate) struct PostingArgs {
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
struct CommonArgs {
    /// How rows are written
    #[arg(long, value_enum, default_value_t)]
    format: SheetFormat,
    /// What happened at that time or later: a date (in UTC) or an instant
    #[arg(long, value_name = "DATE", value_parser = instant)]
    from: Option<Timestamp>,
    /// What happened before that time: a date (in UTC), which is not in it, or an instant
    #[arg(long, value_name = "DATE", value_parser = instant)]
    to: Option<Timestamp>,
    /// The file to write, which is replaced when all is written; else to stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<String>,
    #[command(flatten)]
    data: StoreArgs,
}

impl CommonArgs {
    fn covers(&self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }
}

/// Reads `2026-03-31`, as its first instant in UTC, or `2026-03-31T12:00:00Z`.
fn instant(text: &str) -> Result<Timestamp, String> {
    let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    full.parse().map_err(|_| {
        format!("{text:?} is neither a date such as 2026-03-31 nor an instant such as 2026-03-31T12:00:00Z")
    })
}

pub(crate) fn run(command: &ExportCommand) -> Result<Answer> {
    match command {
        ExportCommand::Documents(args) => export_documents(args),
        ExportCommand::Postings(args) => export_postings(&args.common),
    }
}

fn export_documents(args: &DocumentArgs) -> Result<Answer> {
    let DocumentArgs { lines, buyers, common } = args;
    let reading = Reading::open(&common.data)?;
    let layout = Layout { lines: *lines, buyers: *buyers };
    let target = Target::open(common.output.as_deref())?;
    let mut sheet = Sheet::new(common.format, layout.columns(), target)?;
    let mut totals = totals::Documents::default();
    each_entry(&reading, |_, entry| {
        for recorded in entry.events.iter().filter(|recorded| common.covers(recorded.at)) {
            let event = &recorded.event;
            let (Some(_), [Some(id), _]) = (event.legal_number(), subjects(event)) else {
                continue;
            };
            let account = &entry.account;
            let record = reading.document(account, id)?;
            let counterpart = bursar_documents::Document::counterpart(&record);
            let counterpart = counterpart.map(|id| reading.document(account, id)).transpose()?;
            let buyer =
                if layout.buyers { reading.billing_details(account, record.buyer)? } else { None };
            let subject = Subject {
                account,
                record: &record,
                counterpart: counterpart.as_ref(),
                buyer: buyer.as_ref(),
            };
            totals.add(&subject, event);
            layout.rows(&subject).iter().try_for_each(|row| sheet.row(row))?;
        }
        Ok(())
    })?;
    let (target, rows) = sheet.finish()?;
    target.complete()?;
    let summary = Summary {
        what: "documents",
        text: totals.for_people(),
        json: totals.for_programs(),
        ties: totals.tie(),
    };
    summary.print(common, rows)
}

fn export_postings(common: &CommonArgs) -> Result<Answer> {
    let reading = Reading::open(&common.data)?;
    let target = Target::open(common.output.as_deref())?;
    let mut sheet = Sheet::new(common.format, postings::COLUMNS.to_vec(), target)?;
    let mut totals = totals::Postings::default();
    each_entry(&reading, |position, entry| {
        for (version, recorded) in entry.versions() {
            let lines = postings::lines(&recorded.event);
            if lines.is_empty() || !common.covers(recorded.at) {
                continue;
            }
            let number = number(&reading, &entry.account, &recorded.event)?;
            let number = number.map(|number| number.to_string());
            let booked = Booked { position, entry, version, recorded };
            for row in postings::rows(booked, &lines, number.as_deref()) {
                sheet.row(&row)?;
            }
            lines.iter().for_each(|line| totals.add(line));
        }
        Ok(())
    })?;
    let (target, rows) = sheet.finish()?;
    target.complete()?;
    let summary = Summary {
        what: "postings",
        text: totals.for_people(),
        json: totals.for_programs(),
        ties: totals.tie(),
    };
    summary.print(common, rows)
}

/// The number of the document that an event moves money for.
fn number(reading: &Reading, account: &AccountId, event: &Event) -> Result<Option<LegalNumber>> {
    if let Some(number) = event.legal_number() {
        return Ok(Some(number.clone()));
    }
    let document: Option<DocumentId> = match postings::about(event) {
        Some(About::Issued(document)) => Some(document),
        Some(About::Payment(payment)) => {
            reading.payment(account, payment)?.and_then(|payment| payment.invoice)
        }
        Some(About::Refund(payment, refund)) => {
            let payment = reading.payment(account, payment)?;
            let refunds = payment.map(|payment| payment.refunds).unwrap_or_default();
            refunds.iter().find(|known| known.id == refund).and_then(|known| known.document)
        }
        None => None,
    };
    document.map(|id| Ok(reading.document(account, id)?.number)).transpose()
}

/// Entries that are read at once.
const AT_ONCE: usize = 1_000;

/// The whole journal as it is now, with progress.
fn each_entry(
    reading: &Reading,
    mut entry: impl FnMut(JournalPosition, &Entry) -> Result<()>,
) -> Result<()> {
    let last = reading.last_commit()?;
    let progress = Progress::new("Exporting", "commits");
    let mut after = JournalPosition::default();
    loop {
        let entries: Vec<(JournalPosition, Arc<Entry>)> = reading.journal(after, AT_ONCE)?;
        for (position, read) in &entries {
            // What a server commits meanwhile is of the next export.
            if position.commit > last {
                return Ok(());
            }
            after = *position;
            entry(*position, read)?;
        }
        progress.at(after.commit, last);
        if entries.len() < AT_ONCE {
            return Ok(());
        }
    }
}

/// What an export came to.
struct Summary {
    what: &'static str,
    text: String,
    json: Value,
    ties: bool,
}

impl Summary {
    /// To stderr, since stdout may be the export.
    fn print(self, common: &CommonArgs, rows: u64) -> Result<Answer> {
        let Self { what, text, mut json, ties } = self;
        if common.format == SheetFormat::Jsonl {
            if let Some(fields) = json.as_object_mut() {
                fields.insert("export".to_owned(), what.into());
                fields.insert("rows".to_owned(), rows.into());
            }
            output::note(&serde_json::to_string(&json!(json))?);
        } else {
            let verdict = match (what, ties) {
                ("documents", true) => "The documents are what the books say was invoiced.",
                ("documents", false) => "THE DOCUMENTS ARE NOT WHAT THE BOOKS SAY WAS INVOICED.",
                (_, true) => "Every book's postings are balanced by others.",
                (_, false) => "THE BOOKS DO NOT BALANCE.",
            };
            output::note(&format!("{rows} rows of {what}.\n\n{text}\n{verdict}"));
        }
        Ok(if ties { Answer::Yes } else { Answer::No })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_first_instant() {
        let first: Timestamp = "2026-03-31T00:00:00Z".parse().unwrap();
        assert_eq!(instant("2026-03-31"), Ok(first));
        assert_eq!(instant("2026-03-31T02:00:00+02:00"), Ok(first));
        for wrong in ["", "yesterday", "2026-02-30", "31.03.2026"] {
            assert!(instant(wrong).is_err(), "{wrong}");
        }
    }
}
