//! From a parsed request to the engine and back.

use bursar_core::account::command::Command;
use bursar_core::id::AccountId;
use bursar_core::rejection::{AccountRejection, Rejection};
use bursar_engine::{Committed, Envelope, View};

use crate::extract::Conditions;
use crate::middleware::auth::Caller;
use crate::problem::Problem;
use crate::state::ApiState;

/// Does a command for a caller and waits until it is durable.
pub(crate) async fn execute(
    api: &ApiState,
    caller: &Caller,
    account: AccountId,
    command: Command,
    conditions: Conditions,
) -> Result<Committed, Problem> {
    let envelope = envelope(caller, account, command, conditions);
    Ok(api.engine().execute(envelope).await?)
}

/// A command with who asks and how it may take effect.
pub(crate) fn envelope(
    caller: &Caller,
    account: AccountId,
    command: Command,
    Conditions { key, if_version }: Conditions,
) -> Envelope {
    Envelope { key, if_version, ..Envelope::new(account, command, caller.actor()) }
}

/// An account at this moment.
pub(crate) async fn view(api: &ApiState, account: &AccountId) -> Result<View, Problem> {
    let missing = || Rejection::from(AccountRejection::NotFound).into();
    api.engine().view(account).await?.ok_or_else(missing)
}
