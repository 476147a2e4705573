//! How purchases are told: [`Purchase`]s of the engine as replies.

use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::Command;
use bursar_core::id::AccountId;
use bursar_engine::Envelope;
use bursar_engine::purchase::Purchase;
use serde::Serialize;

use crate::execute::envelope;
use crate::extract::Conditions;
use crate::middleware::auth::Caller;
use crate::problem::{Problem, payment as problem};
use crate::reply;
use crate::return_url::ReturnUrl;
use crate::state::ApiState;
use crate::wire::balance::BalanceNow;
use crate::wire::payment::{InvoiceName, PaymentView, StatusName};

/// Does a command that may take money.
pub(crate) async fn buy(
    api: &ApiState,
    caller: &Caller,
    account: AccountId,
    command: Command,
    conditions: Conditions,
    return_url: Option<ReturnUrl>,
) -> Result<Purchase, Problem> {
    let besides = return_url.as_ref().map_or(0, ReturnUrl::hash);
    let return_url = return_url.map(Into::into);
    let envelope =
        Envelope { besides, return_url, ..envelope(caller, account, command, conditions) };
    Ok(api.engine().buy(envelope).await?)
}

/// Its payment, as replies have it.
pub(crate) fn payment(purchase: &Purchase) -> Option<PaymentView> {
    purchase.paying.as_ref().map(PaymentView::of)
}

/// What all replies to purchases say.
pub(crate) async fn told(
    api: &ApiState,
    account: &AccountId,
    purchase: &Purchase,
) -> Result<Told, Problem> {
    let invoice = purchase.invoice(api.engine(), account).await?;
    Ok(Told {
        status: purchase.standing().into(),
        payment: payment(purchase),
        invoice: invoice.as_ref().map(InvoiceName::from),
        balance: BalanceNow::at_end(purchase.entry()),
        version: purchase.entry().version(),
    })
}

/// That the payment failed, as a problem.
pub(crate) fn refuse_failure(purchase: &Purchase) -> Result<(), Problem> {
    match payment(purchase) {
        Some(payment) if payment.status == StatusName::Failed => Err(problem::failed(payment)),
        _ => Ok(()),
    }
}

/// The reply of that body, with the headers of a change.
pub(crate) fn reply<T: Serialize>(
    purchase: &Purchase,
    status: StatusCode,
    body: Option<T>,
) -> Result<Response, Problem> {
    reply::changed_at(status, purchase.entry().version(), purchase.committed.replayed, body)
}

/// The reply of a failure: its problem, marked if it is a repeat.
pub(crate) fn failed(purchase: &Purchase, problem: Problem) -> Response {
    reply::marked(problem, purchase.committed.replayed)
}

/// What all replies to purchases say.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PurchaseOutcome)]
pub(crate) struct Told {
    /// How it stands.
    pub(crate) status: StatusName,
    /// The payment; null if there was nothing to pay.
    pub(crate) payment: Option<PaymentView>,
    /// The invoice, once it is paid.
    pub(crate) invoice: Option<InvoiceName>,
    /// The balance after it.
    pub(crate) balance: BalanceNow,
    /// The account's version after it.
    pub(crate) version: u64,
}
