//! `bursar verify`: the proof that the journal and everything derived from it agree.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use anyhow::Result;
use bursar_core::money::Currency;
use bursar_core::postings::{Book, MoneyBook};
use bursar_core::readable;
use bursar_sqlite::{Difference, Report};
use bursar_store::StoreError;
use clap::Args;
use serde_json::{Map, Value, json};

use crate::cli::{FormatArgs, StoreArgs};
use crate::data::{self, database, directory};
use crate::problem::{self, Answer};
use crate::progress::Progress;
use crate::{json, micro, output, table};

const EXAMPLES: &str = "\
Examples:
  bursar verify --data /var/lib/bursar
  bursar verify --format json | jq .trial_balance

Replays the whole journal and checks checksums, versions, balances and postings, then that the views \
say what the journal says. Works beside a running server. Exits with 1 at the first difference.";

/// What to prove.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    data: StoreArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) fn run(args: &VerifyArgs) -> Result<Answer> {
    let dir = args.data.database().map_or(args.data.dir(), |_| database::NAME);
    let started = Instant::now();
    match verified(&args.data)? {
        Ok(report) => {
            if args.format.is_json() {
                output::json(&for_programs(&report))?;
            } else {
                let took = started.elapsed().as_millis();
                output::text(&for_people(dir, &report, took))?;
            }
            Ok(Answer::Yes)
        }
        Err(Refuted::Unread(error)) if !matches!(error, StoreError::Damaged(_)) => {
            Err(problem::of_store("verify", dir, &error))
        }
        Err(refuted) => {
            let what = refuted.to_string();
            if args.format.is_json() {
                output::json(&json!({"verified": false, "difference": what}))?;
            } else {
                output::text(&format!("Not verified: {what}\n"))?;
            }
            Ok(Answer::No)
        }
    }
}

/// Why something is not proved.
#[derive(Debug, thiserror::Error)]
enum Refuted {
    /// It can't be read, or is damaged.
    #[error(transparent)]
    Unread(StoreError),
    /// It is not as it must be.
    #[error("{0}")]
    Wrong(String),
}

fn verified(args: &StoreArgs) -> Result<std::result::Result<Report, Refuted>> {
    let progress = Progress::new("Verifying", "commits");
    let at = |done, total| progress.at(done, total);
    if let Some(url) = args.database() {
        let verified = data::runtime()?.block_on(bursar_postgres::verify(url, at));
        return Ok(verified.map(of_database).map_err(|difference| match difference {
            bursar_postgres::Difference::Database(error) => Refuted::Unread(error),
            other => Refuted::Wrong(other.to_string()),
        }));
    }
    directory::must_have_data(args.dir())?;
    let verified = bursar_sqlite::verify(args.dir(), at);
    Ok(verified.map_err(|difference| match difference {
        Difference::File(error) => Refuted::Unread(error),
        other => Refuted::Wrong(other.to_string()),
    }))
}

/// The same figures, whichever store has them. A database's tables are of the same moment as its journal.
fn of_database(report: bursar_postgres::Report) -> Report {
    Report {
        commits: report.commits,
        entries: report.entries,
        events: report.events,
        accounts: report.accounts,
        keys: report.keys,
        totals: report.totals,
        counts: report.counts,
        assets: report.assets,
        money_totals: report.money_totals,
        views: Some(report.commits),
    }
}

fn for_people(dir: &str, report: &Report, took: u128) -> String {
    let Report { commits, entries, events, accounts, keys, totals, counts, assets, .. } = report;
    let Report { money_totals, views, .. } = report;
    let views = match views {
        Some(commit) if commit == commits => "agree with the journal".to_owned(),
        Some(commit) => format!("agree with the journal; written up to commit {commit} so far"),
        None => "none of this version; the next start builds them".to_owned(),
    };
    let rows = [
        ("Accounts", accounts.to_string()),
        ("Commits", commits.to_string()),
        ("Entries", entries.to_string()),
        ("Events", events.to_string()),
        ("Idempotency keys", keys.to_string()),
        ("Payments", counts.payments.to_string()),
        ("Refunds", counts.refunds.to_string()),
        ("Invoices", counts.invoices.to_string()),
        ("Credit notes", counts.credit_notes.to_string()),
        ("Files", format!("{} of {} in all", assets.files, readable::size(assets.bytes))),
        ("Views", views),
        ("Took", format!("{took} ms")),
    ];
    let mut text = format!("Verified: {dir}\n\n{}", table::pairs(&rows));
    if !totals.is_empty() {
        let balance = totals.iter().map(|(book, sum)| vec![book.to_string(), micro::text(*sum)]);
        let sum = vec!["sum".to_owned(), micro::text(totals.values().sum())];
        let rows = balance.chain([sum]).collect();
        text.push_str(&format!("\n{}", table::of(&["Trial balance", "Credits"], &[1], rows)));
    }
    for currency in currencies(money_totals) {
        let of_it = money_totals.iter().filter(|((of, _), _)| *of == currency);
        let balance =
            of_it.clone().map(|((_, book), sum)| vec![book.to_string(), money(*sum, currency)]);
        let sum = vec!["sum".to_owned(), money(of_it.map(|(_, sum)| sum).sum(), currency)];
        let rows = balance.chain([sum]).collect();
        let head = ["Trial balance", currency.code()];
        text.push_str(&format!("\n{}", table::of(&head, &[1], rows)));
    }
    text
}

fn currencies(totals: &BTreeMap<(Currency, MoneyBook), i128>) -> BTreeSet<Currency> {
    totals.keys().map(|(currency, _)| *currency).collect()
}

fn money(minor: i128, currency: Currency) -> String {
    micro::decimal(minor, currency.exponent())
}

fn for_programs(report: &Report) -> Value {
    json!({
        "verified": true,
        "accounts": report.accounts,
        "commits": report.commits,
        "entries": report.entries,
        "events": report.events,
        "idempotency_keys": report.keys,
        "views_commit": report.views,
        "payments": report.counts.payments,
        "refunds": report.counts.refunds,
        "invoices": report.counts.invoices,
        "credit_notes": report.counts.credit_notes,
        "files": report.assets.files,
        "files_bytes": report.assets.bytes,
        "uploads": report.assets.uploads,
        "trial_balance": trial_balance(&report.totals),
        "money_trial_balance": money_balance(&report.money_totals),
    })
}

/// By currency, then by book, in minor units.
fn money_balance(totals: &BTreeMap<(Currency, MoneyBook), i128>) -> Map<String, Value> {
    let of = |currency: Currency| {
        let books = totals.iter().filter(move |((of, _), _)| *of == currency);
        let books =
            books.map(|((_, book), sum)| (book.to_string(), json::number(&sum.to_string())));
        (currency.code().to_owned(), Value::Object(books.collect()))
    };
    currencies(totals).into_iter().map(of).collect()
}

fn trial_balance(totals: &BTreeMap<Book, i128>) -> Map<String, Value> {
    let books = totals.iter();
    books.map(|(book, sum)| (book.to_string(), json::number(&micro::text(*sum)))).collect()
}
