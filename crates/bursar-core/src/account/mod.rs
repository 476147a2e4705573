//! One customer's account: its state, what can be asked of it, what can happen to it.
//!
//! Every command goes the same way: [`advance`](advance::advance) books what fell due until now, the
//! command's own file decides, [`apply`](apply::apply) folds the events into the state.

pub mod advance;
pub mod apply;
pub mod clock;
pub mod command;
pub mod documents;
pub mod event;
pub mod holds;
pub mod lots;
pub mod notices;
pub mod open;
pub mod payments;
mod revenue;
pub mod spend;
pub mod state;
pub mod storage;
pub mod subscription;
pub mod topups;

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::Context;
use crate::catalog::Catalog;
use crate::rejection::{AccountRejection, Rejection};
use crate::time::Timestamp;
use command::Command;
use event::{Event, Recorded};
use payments::record::PaymentRecord;
use spend::Spend;
pub use state::Account;
use storage::record::AssetRecord;

/// What deciding a command takes of history that the state no longer has. Most take nothing.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The spend that [`Command::needs_history`] asked for, if it exists.
    pub spend: Option<Box<Spend>>,
    /// The payment that [`Command::needs_payment`] asked for, if it exists.
    pub payment: Option<Box<PaymentRecord>>,
    /// The asset that [`Command::needs_asset`] asked for, if it exists.
    pub asset: Option<Box<AssetRecord>>,
}

/// Decides `command` and applies what it does to `account`, which has been advanced to
/// `context.now`. `past` has what the command [needs](Command::needs_history) of history.
///
/// # Errors
/// A [`Rejection`]; `account` is as it was.
pub fn execute(
    account: &mut Account,
    catalog: &Catalog,
    command: &Command,
    context: &Context,
    past: &Past,
) -> Result<Vec<Recorded>, Rejection> {
    if let Command::AdvanceClock(command) = command {
        let target = command.target(account, context.now)?;
        let to = advance::first_stop(account, catalog, target).unwrap_or(target);
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
    past: &Past,
) -> Result<Vec<Event>, Rejection> {
    let now = context.now;
    Ok(match command {
        Command::Open(_) => return Err(AccountRejection::Exists.into()),
        Command::Advance | Command::AdvanceClock(_) => Vec::new(),
        Command::PlaceHold(command) => command.decide(account, catalog, context)?,
        Command::CaptureHold(command) => command.decide(account, catalog, past.spend.as_deref())?,
        Command::ReleaseHold(command) => command.decide(account, past.spend.as_deref())?,
        Command::ExtendHold(command) => {
            command.decide(account, catalog, now, past.spend.as_deref())?
        }
        Command::Charge(command) => command.decide(account, catalog, context)?,
        Command::RefundCharge(command) => {
            command.decide(account, catalog, now, past.spend.as_deref())?
        }
        Command::AdjustCredits(command) => command.decide(account, now)?,
        Command::ChangePlan(command) => command.decide(account, catalog, now)?,
        Command::Cancel(command) => command.decide(account, catalog, now)?,
        Command::Resume => subscription::resume::decide(account, catalog, now)?,
        Command::DropScheduledChange => subscription::drop_scheduled::decide(account)?,
        Command::LinkCustomer(command) => command.decide(account)?,
        Command::AddPaymentMethod(command) => command.decide(account, catalog, now)?,
        Command::SetDefaultMethod(method) => {
            payments::methods::set_default(account, catalog, now, method)?
        }
        Command::RemovePaymentMethod(method) => {
            payments::methods::remove(account, catalog, now, method)?
        }
        Command::SetBillingDetails(command) => command.decide(account)?,
        Command::BuyTopup(command) => command.decide(account, catalog, now)?,
        Command::SetAutoTopup(settings) => {
            topups::auto::decide(account, catalog, now, settings.as_ref())?
        }
        Command::PayInvoice(document) => payments::invoice::pay(account, catalog, now, *document)?,
        Command::SettlePayment(command) => {
            command.decide(account, catalog, context, past.payment.as_deref())?
        }
        Command::SettleRefund(command) => command.decide(account)?,
        Command::NoteDispute(command) => command.decide(account, past.payment.as_deref())?,
        Command::RefundSubscription(command) => command.decide(account, catalog, context)?,
        Command::RefundTopup(command) => command.decide(account, catalog, context)?,
        Command::SetCustomPlan(plan) => {
            subscription::custom::decide(account, catalog, plan.as_deref())?
        }
        Command::ReserveUpload(command) => command.decide(account, catalog, context)?,
        Command::StoreAsset(command) => {
            command.decide(account, catalog, now, past.asset.as_deref())?
        }
        Command::RegisterExternal(command) => command.decide(account, catalog, context)?,
        Command::DeleteAsset(asset) => {
            storage::delete::decide(account, *asset, past.asset.as_deref())?
        }
        Command::NoteErased(command) => command.decide(account)?,
        Command::CertifyPurge(command) => command.decide(account)?,
    })
}

/// Applies an event and notes the balance it left.
fn record(account: &mut Account, at: Timestamp, event: Event) -> Recorded {
    apply::apply(account, at, &event);
    Recorded { at, available: account.available(), held: account.held(), event }
}
