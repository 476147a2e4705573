//! The subscription over time: what has been, by its documents, and what comes.

use bursar_core::account::documents::record::DocumentKind;
use bursar_core::account::event::Direction;
use bursar_core::account::payments::Purchase;
use bursar_core::account::state::Subscription;
use bursar_core::account::subscription::next::{next_charge, next_refresh_at};
use bursar_core::catalog::Catalog;
use bursar_core::id::Key;
use bursar_core::time::Timestamp;
use bursar_store::DocumentRow;

use crate::charts::timeline::Timeline;
use crate::page::names;
use crate::page::words::{date, isolated};
use crate::session::Customer;

/// The subscription over time.
pub(super) struct TimelineCard {
    pub(super) chart: Timeline,
    pub(super) points: Vec<Point>,
}

pub(super) struct Point {
    at: Timestamp,
    pub(super) on: String,
    pub(super) what: String,
    /// Is it still to come?
    pub(super) comes: bool,
}

impl TimelineCard {
    /// The subscription of a customer who has or had one. `documents` are the last, newest first.
    pub(super) fn of(
        customer: &Customer,
        catalog: &Catalog,
        documents: &[DocumentRow],
    ) -> Option<Self> {
        let now = customer.view.now;
        let mut all = past(customer, catalog, documents);
        all.extend(present(customer, catalog));
        all.sort_by_key(|(at, _)| *at);
        if all.is_empty() {
            return None;
        }
        let zone = &customer.account().zone;
        let points = all.into_iter().map(|(at, what)| Point {
            at,
            on: date(at, zone),
            what,
            comes: at > now,
        });
        let points: Vec<Point> = points.collect();
        let words: Vec<_> = points.iter().map(|it| format!("{}: {}", it.on, it.what)).collect();
        let instants: Vec<_> = points.iter().map(|point| point.at).collect();
        let chart = Timeline::new(&instants, now, format!("{}.", words.join("; ")));
        Some(Self { chart, points })
    }
}

/// What has been, by what was paid for, oldest first.
fn past(
    customer: &Customer,
    catalog: &Catalog,
    documents: &[DocumentRow],
) -> Vec<(Timestamp, String)> {
    let account = customer.account();
    let name = |key: &Key| isolated(names::plan(account, catalog, key));
    let entry = |row: &DocumentRow| {
        let DocumentKind::Invoice { purchase } = &row.record.kind else { return None };
        let words = match purchase {
            _ if row.record.paid.is_none() => return None,
            Purchase::Start { plan, .. } => format!("Subscribed to {}", name(plan)),
            Purchase::Change { plan, direction: Direction::Upgrade, .. } => {
                format!("Upgraded to {}", name(plan))
            }
            Purchase::Change { plan, .. } => format!("Changed to {}", name(plan)),
            Purchase::Renewal { plan, change: Some(_), .. } => format!("Changed to {}", name(plan)),
            Purchase::Renewal { plan, .. } => format!("{} renewed", name(plan)),
            Purchase::Topup { .. } => return None,
        };
        Some((row.record.issued_at, words))
    };
    documents.iter().rev().filter_map(entry).collect()
}

/// What is known of now and later.
fn present(customer: &Customer, catalog: &Catalog) -> Vec<(Timestamp, String)> {
    let (account, locale) = (customer.account(), &customer.locale);
    let mut points = Vec::new();
    match &account.subscription {
        Subscription::Live(live) => {
            let charge = next_charge(account, catalog);
            if let Some(at) = next_refresh_at(account)
                && charge.is_none_or(|(_, charged_at)| charged_at != at)
            {
                points.push((at, "Credits refresh".to_owned()));
            }
            if let Some((amount, at)) = charge {
                let amount = locale.money(amount);
                points.push((
                    at,
                    match &live.scheduled {
                        Some(change) => {
                            let plan = isolated(names::plan(account, catalog, &change.plan));
                            format!("Changes to {plan}, {amount} is charged")
                        }
                        None if account.is_past_due() => format!("{amount} is tried again"),
                        None => format!("Renews for {amount}, credits refresh"),
                    },
                ));
            }
            let end = live.cancellation.as_ref().map(|_| live.billing.end);
            let unpaid = live.renewal.as_ref().and_then(|renewal| renewal.ends_at);
            points.extend(end.map(|at| (at, "Plan ends, files are kept".to_owned())));
            points.extend(unpaid.map(|at| (at, "Plan ends unless it is paid".to_owned())));
        }
        Subscription::Retention(retention) => {
            points.push((retention.ended_at, "Plan ended".to_owned()));
            points.push((retention.purge_at, "Files are deleted".to_owned()));
        }
        Subscription::Purged { at } => points.push((*at, "Files were deleted".to_owned())),
        Subscription::None => {}
    }
    points
}
