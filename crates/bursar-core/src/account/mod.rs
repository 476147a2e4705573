//! One customer's account: its state, what can be asked of it, what can happen to it.
//!
//! Every command goes the same way: [`advance`](advance::advance) books what fell due until now, the
//! command's own file decides, [`apply`](apply::apply) folds the events into the state.

pub mod advance;
pub mod apply;
pub mod clock;
pub mod command;
pub mod event;
pub mod holds;
pub mod lots;
pub mod open;
pub mod spend;
pub mod state;
pub mod subscription;

use alloc::vec::Vec;

use crate::Context;
use crate::catalog::Catalog;
use crate::rejection::{AccountRejection, Rejection};
use crate::time::Timestamp;
use command::Command;
use event::{Event, Recorded};
use spend::Spend;
pub use state::Account;

/// Decides `command` and applies what it does to `account`, which has been advanced to
/// `context.now`. `past` is the spend that [`Command::needs_history`] asked for, if it exists.
///
/// # Errors
/// A [`Rejection`]; `account` is as it was.
pub fn execute(
    account: &mut Account,
    catalog: &Catalog,
    command: &Command,
    context: &Context,
    past: Option<&Spend>,
) -> Result<Vec<Recorded>, Rejection> {
    if let Command::AdvanceClock(command) = command {
        let to = command.target(account, context.now)?;
        let moved = command.decide(account, context.now, to);
        let mut recorded = alloc::vec![record(account, context.now, moved)];
        recorded.extend(advance::advance(account, catalog, to));
        return Ok(recorded);
    }
    let events = decide(account, catalog, command, context, past)?;
    Ok(events.into_iter().map(|event| record(account, context.now, event)).collect())
}

/// One line per command: which file decides it.
fn decide(
    account: &Account,
    catalog: &Catalog,
    command: &Command,
    context: &Context,
    past: Option<&Spend>,
) -> Result<Vec<Event>, Rejection> {
    let now = context.now;
    Ok(match command {
        Command::Open(_) => return Err(AccountRejection::Exists.into()),
        Command::Advance | Command::AdvanceClock(_) => Vec::new(),
        Command::PlaceHold(command) => command.decide(account, catalog, context)?,
        Command::CaptureHold(command) => command.decide(account, catalog, past)?,
        Command::ReleaseHold(command) => command.decide(account, past)?,
        Command::ExtendHold(command) => command.decide(account, catalog, now, past)?,
        Command::Charge(command) => command.decide(account, catalog, context)?,
        Command::RefundCharge(command) => command.decide(account, catalog, now, past)?,
        Command::AdjustCredits(command) => command.decide(account, now)?,
        Command::ChangePlan(command) => command.decide(account, catalog, now)?,
        Command::Cancel(command) => command.decide(account)?,
        Command::Resume => subscription::resume::decide(account)?,
        Command::DropScheduledChange => subscription::drop_scheduled::decide(account)?,
    })
}

/// Applies an event and notes the balance it left.
fn record(account: &mut Account, at: Timestamp, event: Event) -> Recorded {
    apply::apply(account, at, &event);
    Recorded { at, available: account.available(), held: account.held(), event }
}
