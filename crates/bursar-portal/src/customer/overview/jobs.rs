//! Jobs that are running: what they reserve, and until when.

use bursar_core::account::event::Purpose;
use bursar_core::account::state::Hold;
use bursar_core::catalog::Catalog;

use crate::page::names;
use crate::page::words::clock;
use crate::session::Customer;

/// The most that are listed.
const LISTED: usize = 10;

/// A job that is running.
pub(super) struct Job {
    pub(super) what: String,
    pub(super) detail: String,
    pub(super) held: String,
    pub(super) since: String,
    pub(super) until: String,
    pub(super) receipt: String,
}

/// The customer's running jobs, newest first.
pub(super) fn of(customer: &Customer, catalog: &Catalog) -> Vec<Job> {
    let holds = customer.account().holds.iter().rev().take(LISTED);
    holds.map(|hold| job(hold, customer, catalog)).collect()
}

fn job(hold: &Hold, customer: &Customer, catalog: &Catalog) -> Job {
    let zone = &customer.account().zone;
    let (what, detail) = match &hold.purpose {
        Purpose::Operation { usage, .. } => (
            names::operation(catalog, &usage.operation).to_owned(),
            format!("{} · {}", usage.model, usage.quality),
        ),
        Purpose::Custom { reason } => (reason.to_string(), String::new()),
    };
    Job {
        what,
        detail,
        held: customer.locale.number(hold.reserved()),
        since: clock(hold.placed_at, zone),
        until: clock(hold.expires_at, zone),
        receipt: format!("/portal/usage/receipts/{}", hold.id),
    }
}
