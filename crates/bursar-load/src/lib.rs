//! Load on a server over HTTP.
//!
//! Clients with a connection each ask for charges, holds, balances or prices, as fast as they are answered or
//! at a rate of their own, and note how long it took. Afterwards the balances are asked what was used: it has
//! to be what was acknowledged, account by account.
//!
//! It shares the machine with the server more often than not, so it is made to be light: HTTP/1.1 over plain
//! sockets, requests as bytes, replies looked at and not parsed.
//!
//! **Architecture invariant:** it knows the server by its API alone, and nothing of ours.

mod accounts;
mod check;
mod client;
mod connection;
mod error;
mod exchange;
mod pace;
mod plan;
mod processor;
mod report;
mod spread;
mod tally;
mod target;
mod verify;

use std::sync::Arc;

pub use error::Error;
pub use plan::{Pace, Plan, Spread, Work};
pub use report::{Report, Verdict};
pub use target::Target;

use accounts::Accounts;
use client::Shared;

/// Makes the accounts, puts the load on, and compares what the balances say with what was acknowledged.
///
/// # Errors
/// The server can't be reached, refuses the key or an account, or the plan asks for what doesn't exist. What
/// is refused or lost under load is no error, it is in the report.
pub fn run(plan: Plan) -> Result<Report, Error> {
    run_watched(plan, &mut |_| {})
}

/// The same; `watch` is told when it begins to count, and when it ends.
///
/// # Errors
/// As those of [`run`].
pub fn run_watched(plan: Plan, watch: &mut dyn FnMut(Moment)) -> Result<Report, Error> {
    plan.validate()?;
    runtime(&plan)?.block_on(async {
        let accounts = Accounts::prepare(&plan).await?;
        let (mut report, accounts) = under_load(plan, accounts, watch).await?;
        report.verdict = Some(verify::verify(&accounts.0, &accounts.1).await?);
        Ok(report)
    })
}

/// The load alone, on a server that only looks like one: no accounts are made, any reply that isn't an error
/// is good, and nothing is verified.
///
/// # Errors
/// As those of [`run`].
pub fn run_blind(plan: Plan, watch: &mut dyn FnMut(Moment)) -> Result<Report, Error> {
    plan.validate()?;
    runtime(&plan)?.block_on(async {
        let accounts = Accounts::imagined(&plan);
        Ok(under_load(plan, accounts, watch).await?.0)
    })
}

/// When it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// From here on.
    Begin,
    /// Until here.
    End,
}

async fn under_load(
    plan: Plan,
    accounts: Accounts,
    watch: &mut dyn FnMut(Moment),
) -> Result<(Report, (Plan, Accounts)), Error> {
    let shared = Arc::new(Shared::new(plan, accounts)?);
    let report = client::run(&shared, watch).await?;
    // Whoever had no reply in time was ended, so nobody else has it; if one lingers, it is shared no less.
    let plan = shared.plan.clone();
    let accounts = shared.accounts.clone();
    Ok((report, (plan, accounts)))
}

/// One thread does most on a machine that it shares: nothing is handed from one to another.
fn runtime(plan: &Plan) -> Result<tokio::runtime::Runtime, Error> {
    let mut builder = match plan.threads.get() {
        1 => tokio::runtime::Builder::new_current_thread(),
        threads => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(threads);
            builder
        }
    };
    builder.enable_all().build().map_err(Error::Runtime)
}
