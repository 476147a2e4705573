//! `bursar ledger [ACCOUNT]`: the journal as accountants read it, also as it grows.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use anyhow::Result;
use bursar_core::account::event::{Actor, Recorded};
use bursar_core::credits::Credits;
use bursar_core::describe;
use bursar_core::id::AccountId;
use bursar_core::money::Money;
use bursar_core::postings::{Book, MoneyBook, MoneyPosting, Posting, money_postings, postings};
use bursar_store::{Entry, JournalPosition};
use clap::Args;
use serde_json::{Value, json};

use crate::cli::{FormatArgs, StoreArgs};
use crate::data::Reading;
use crate::problem::Answer;
use crate::{instant, json, output};

const EXAMPLES: &str = "\
Examples:
  bursar ledger                       everything, oldest first
  bursar ledger ada --follow          one account, and what happens from now on
  bursar ledger ada --postings        one posting a line, with running sums
  bursar ledger --format json | jq .  one JSON object a line

The postings of an entry sum to zero. The data directory is only read, also while a server runs.";

/// How often a followed journal is looked at.
const PAUSE: Duration = Duration::from_millis(200);
/// Entries that are read at once.
const AT_ONCE: usize = 1_000;

/// What to print.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LedgerArgs {
    /// Only this account
    account: Option<AccountId>,
    /// Go on with what happens from now on, until interrupted
    #[arg(long, short)]
    follow: bool,
    /// Only postings, one a line: time, account, book, credits or money, the book's running sum, event
    #[arg(long)]
    postings: bool,
    #[command(flatten)]
    data: StoreArgs,
    #[command(flatten)]
    format: FormatArgs,
}

/// One event with where it stands.
struct Booked<'a> {
    position: JournalPosition,
    entry: &'a Entry,
    version: u64,
    recorded: &'a Recorded,
}

pub(crate) fn run(args: &LedgerArgs) -> Result<Answer> {
    let reading = Reading::open(&args.data)?;
    if let Some(account) = args.account.as_ref().filter(|_| !args.follow) {
        // A typo should not look like an account to which nothing has happened.
        reading.account(account)?;
    }
    let mut after = JournalPosition::default();
    let mut sums = Sums::default();
    loop {
        let entries = reading.journal(after, AT_ONCE)?;
        let mut page = String::new();
        for (position, entry) in &entries {
            after = *position;
            if args.account.as_ref().is_some_and(|account| entry.account != *account) {
                continue;
            }
            for (version, recorded) in entry.versions() {
                let booked = Booked { position: *position, entry, version, recorded };
                write_event(&mut page, args, &booked, &mut sums)?;
            }
        }
        output::text(&page)?;
        if entries.len() == AT_ONCE {
            continue;
        }
        if !args.follow {
            return Ok(Answer::Yes);
        }
        std::thread::sleep(PAUSE);
    }
}

/// Running sums of each account's books.
#[derive(Default)]
struct Sums {
    credits: BTreeMap<(AccountId, Book), Credits>,
    money: BTreeMap<(AccountId, MoneyBook), i64>,
}

/// The postings of an event.
struct Lines {
    credits: Vec<Posting>,
    money: Vec<MoneyPosting>,
}

fn write_event(
    page: &mut String,
    args: &LedgerArgs,
    booked: &Booked<'_>,
    sums: &mut Sums,
) -> Result<()> {
    let event = &booked.recorded.event;
    let lines = Lines { credits: postings(event), money: money_postings(event) };
    match (args.format.is_json(), args.postings) {
        (true, _) => writeln!(page, "{}", for_programs(booked, &lines))?,
        (false, true) => write_postings(page, booked, &lines, sums)?,
        (false, false) => write_entry(page, booked, &lines)?,
    }
    Ok(())
}

/// An entry as ledger programs write it: a line that says what happened, the postings below it.
fn write_entry(page: &mut String, booked: &Booked<'_>, lines: &Lines) -> std::fmt::Result {
    let Booked { entry, version, recorded, .. } = booked;
    let (at, account) = (instant::milli(recorded.at), &entry.account);
    writeln!(page, "{at} {account} ({version}) {}", describe::summary(&recorded.event))?;
    // Once for all events of an entry.
    if *version == entry.first_version {
        let key = entry.idempotency.as_ref().map(|kept| format!(", idempotency key {}", kept.key));
        writeln!(page, "    ; {}{}", actor(&entry.actor), key.unwrap_or_default())?;
    }
    let credits = lines.credits.iter().map(|Posting { book, credits }| {
        let balance = match book {
            Book::Available => format!(" = {}", recorded.available),
            Book::Held => format!(" = {}", recorded.held),
            _ => String::new(),
        };
        (book.to_string(), credits.to_string(), balance)
    });
    let money = lines
        .money
        .iter()
        .map(|MoneyPosting { book, money }| (book.to_string(), money.to_string(), String::new()));
    let lines: Vec<_> = credits.chain(money).collect();
    let width = lines.iter().map(|(book, ..)| book.len()).max().unwrap_or(0);
    let digits = lines.iter().map(|(_, amount, _)| amount.len()).max().unwrap_or(0);
    for (book, amount, balance) in lines {
        writeln!(page, "    {book:width$}  {amount:>digits$}{balance}")?;
    }
    writeln!(page)
}

fn write_postings(
    page: &mut String,
    booked: &Booked<'_>,
    lines: &Lines,
    sums: &mut Sums,
) -> std::fmt::Result {
    let Booked { entry, recorded, .. } = booked;
    let (at, kind) = (instant::milli(recorded.at), describe::kind(&recorded.event));
    let account = &entry.account;
    for Posting { book, credits } in &lines.credits {
        let sum = sums.credits.entry((account.clone(), book.clone())).or_default();
        *sum = sum.plus(*credits);
        writeln!(page, "{at} {account:<16} {book:<20} {credits:>12} {sum:>12} {kind}")?;
    }
    for MoneyPosting { book, money } in &lines.money {
        let sum = sums.money.entry((account.clone(), *book)).or_default();
        *sum = sum.saturating_add(money.amount);
        let sum = Money::new(*sum, money.currency);
        writeln!(page, "{at} {account:<16} {book:<20} {money:>12} {sum:>12} {kind}")?;
    }
    Ok(())
}

fn actor(actor: &Actor) -> String {
    match actor {
        Actor::System => "fell due".to_owned(),
        Actor::ApiKey(key) => format!("by {key}"),
        Actor::Provider(name) => format!("said by {name}"),
        Actor::Customer => "by the customer".to_owned(),
    }
}

fn for_programs(booked: &Booked<'_>, lines: &Lines) -> Value {
    let Booked { position, entry, version, recorded } = booked;
    let credits = lines.credits.iter().map(|Posting { book, credits }| {
        json!({"book": book.to_string(), "credits": json::credits(*credits)})
    });
    let money = lines.money.iter().map(|MoneyPosting { book, money }| {
        json!({"book": book.as_str(), "amount": money.amount, "currency": money.currency.code()})
    });
    json!({
        "commit": position.commit,
        "index": position.index,
        "account": entry.account,
        "version": version,
        "at": json::time(recorded.at),
        "actor": match &entry.actor {
            Actor::System => "system",
            Actor::ApiKey(key) | Actor::Provider(key) => key.as_str(),
            Actor::Customer => "customer",
        },
        "idempotency_key": entry.idempotency.as_ref().map(|kept| kept.key.as_str()),
        "event": describe::kind(&recorded.event),
        "summary": describe::summary(&recorded.event),
        "postings": credits.collect::<Vec<_>>(),
        "money_postings": money.collect::<Vec<_>>(),
        "available": json::credits(recorded.available),
        "held": json::credits(recorded.held),
    })
}
