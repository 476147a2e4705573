//! What money buys, and what happens when it doesn't come: each test is named after its rule.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests may panic"
)]

mod changes;
mod dunning;
mod notices;
mod previews;
mod proration;
mod refunds;
mod revenue;
mod starts;
#[path = "../support/mod.rs"]
mod support;
mod taxes;
mod topups;

use bursar_core::account::event::{Event, Recorded};
use bursar_core::bill::Bill;
use support::customer::Customer;

/// The amounts of a bill's lines.
fn lines(bill: &Bill) -> Vec<i64> {
    bill.lines.iter().map(|line| line.net).collect()
}

/// The totals of all invoices.
fn totals(customer: &Customer) -> Vec<i64> {
    customer.invoices().iter().map(|bill| bill.total).collect()
}

/// When events of that kind happened.
fn times(history: &[Recorded], kind: &str) -> Vec<String> {
    let of_kind = history.iter().filter(|r| bursar_core::describe::kind(&r.event) == kind);
    of_kind.map(|recorded| recorded.at.to_string()).collect()
}

/// The kinds of events.
fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(bursar_core::describe::kind).collect()
}

fn available(customer: &Customer) -> String {
    customer.account.available().to_string()
}
