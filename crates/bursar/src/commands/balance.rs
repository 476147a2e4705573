//! `bursar balance ACCOUNT`: what an account has at this moment.

use anyhow::Result;
use bursar_core::account::event::Purpose;
use bursar_core::account::state::{Hold, LiveSubscription, Lot, Subscription};
use bursar_core::account::{Account, advance::advance};
use bursar_core::catalog::Class;
use bursar_core::credits::Credits;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use clap::Args;
use serde_json::{Map, Value, json};

use crate::cli::{FormatArgs, StoreArgs};
use crate::data::Reading;
use crate::problem::Answer;
use crate::{instant, json, output, span, table};

const EXAMPLES: &str = "\
Examples:
  bursar balance ada
  bursar balance ada --format json | jq .available

The data directory is only read, also while a server runs. What has fallen due is counted, whether or \
not a server has booked it yet.";

/// Whose balance.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BalanceArgs {
    /// The account's id
    account: AccountId,
    #[command(flatten)]
    data: StoreArgs,
    #[command(flatten)]
    format: FormatArgs,
}

pub(crate) fn run(args: &BalanceArgs) -> Result<Answer> {
    let reading = Reading::open(&args.data)?;
    let catalog = reading.catalog()?.catalog;
    let mut account = reading.account(&args.account)?;
    let now = account.now(reading.now());
    // Nothing is written: what fell due meanwhile is booked on this copy only.
    advance(&mut account, &catalog, now);
    if args.format.is_json() {
        output::json(&for_programs(&account, now))?;
    } else {
        output::text(&for_people(&account, now))?;
    }
    Ok(Answer::Yes)
}

fn for_people(account: &Account, now: Timestamp) -> String {
    let (available, held) = (account.available(), account.held());
    let mut rows = vec![
        ("Available", format!("{available} credits")),
        ("Held", format!("{held} credits")),
        ("Subscription", subscription(account)),
    ];
    if let Some(at) = next_refresh(account) {
        rows.push(("Next refresh", instant::second(at)));
    }
    rows.push(("Its clock", clock(account, now)));
    rows.push(("Version", account.version.to_string()));
    let mut text = format!("{}\n\n{}", account.id, table::pairs(&rows));
    if !account.lots.is_empty() {
        let header = ["Lot", "Class", "Remaining", "Held", "Available", "Expires"];
        let rows = account.lots.iter().map(lot_row).collect();
        text.push_str(&format!("\n{}", table::of(&header, &[2, 3, 4], rows)));
    }
    if !account.holds.is_empty() {
        let header = ["Hold", "Credits", "For", "Placed", "Expires"];
        let rows = account.holds.iter().map(hold_row).collect();
        text.push_str(&format!("\n{}", table::of(&header, &[1], rows)));
    }
    text
}

fn subscription(account: &Account) -> String {
    match &account.subscription {
        Subscription::None => "none yet".to_owned(),
        Subscription::Live(live) => {
            let LiveSubscription { plan, interval, billing, cancellation, scheduled, .. } = &**live;
            let runs = if cancellation.is_some() { "cancelled, ends" } else { "paid until" };
            let then = scheduled.as_ref().map_or_else(String::new, |change| {
                format!(", then {} by the {}", change.plan, change.interval.as_str())
            });
            let (interval, end) = (interval.as_str(), instant::second(billing.end));
            format!("{plan} by the {interval}, {runs} {end}{then}")
        }
        Subscription::Retention(ended) => {
            let (at, purge) = (instant::second(ended.ended_at), instant::second(ended.purge_at));
            format!("{} ended {at}; data is kept until {purge}, credits are frozen", ended.plan)
        }
        Subscription::Purged { at } => format!("ended; data was deleted {}", instant::second(*at)),
    }
}

fn clock(account: &Account, now: Timestamp) -> String {
    if account.clock_ahead.is_zero() {
        return instant::second(now);
    }
    let ahead = span::words(account.clock_ahead);
    format!("{} (a test clock, {ahead} ahead)", instant::second(now))
}

/// When the next allowance comes; none if the subscription ends first.
fn next_refresh(account: &Account) -> Option<Timestamp> {
    let live = account.live()?;
    let ends_first = live.cancellation.is_some() && live.credit.end >= live.billing.end;
    (!ends_first).then_some(live.credit.end)
}

fn lot_row(lot: &Lot) -> Vec<String> {
    let expires = match (lot.expired, lot.expires_at) {
        (true, _) => "expired".to_owned(),
        (false, Some(at)) => instant::second(at),
        (false, None) => "never".to_owned(),
    };
    let Lot { id, class, remaining, held, .. } = lot;
    vec![
        id.to_string(),
        class.as_str().to_owned(),
        remaining.to_string(),
        held.to_string(),
        lot.available().to_string(),
        expires,
    ]
}

fn hold_row(hold: &Hold) -> Vec<String> {
    let purpose = match &hold.purpose {
        Purpose::Operation { usage, .. } => usage.operation.to_string(),
        Purpose::Custom { reason } => reason.to_string(),
    };
    vec![
        hold.id.to_string(),
        hold.reserved().to_string(),
        purpose,
        instant::second(hold.placed_at),
        instant::second(hold.expires_at),
    ]
}

fn for_programs(account: &Account, now: Timestamp) -> Value {
    let lots = account.lots.iter().map(|lot| {
        json!({
            "id": lot.id.to_string(),
            "class": lot.class.as_str(),
            "remaining": json::credits(lot.remaining),
            "held": json::credits(lot.held),
            "expires_at": json::time_or_null(lot.expires_at),
            "expired": lot.expired,
        })
    });
    let holds = account.holds.iter().map(|hold| {
        json!({
            "id": hold.id.to_string(),
            "credits": json::credits(hold.reserved()),
            "operation": hold.purpose.operation(),
            "placed_at": json::time(hold.placed_at),
            "expires_at": json::time(hold.expires_at),
        })
    });
    json!({
        "account": account.id,
        "version": account.version,
        "now": json::time(now),
        "available": json::credits(account.available()),
        "held": json::credits(account.held()),
        "by_class": by_class(account),
        "lots": lots.collect::<Vec<_>>(),
        "holds": holds.collect::<Vec<_>>(),
        "status": account.status(),
        "plan": account.plan(),
        "next_refresh_at": json::time_or_null(next_refresh(account)),
    })
}

fn by_class(account: &Account) -> Map<String, Value> {
    let of_class = |class: Class| {
        let lots = || account.lots.iter().filter(move |lot| lot.class == class);
        let live = lots().filter(|lot| !lot.expired);
        let sums = json!({
            "remaining": json::credits(Credits::total(lots().map(|lot| lot.remaining))),
            "held": json::credits(Credits::total(lots().map(|lot| lot.held))),
            "next_expiry_at": json::time_or_null(live.filter_map(|lot| lot.expires_at).min()),
        });
        (class.as_str().to_owned(), sums)
    };
    Class::ALL.into_iter().map(of_class).collect()
}
