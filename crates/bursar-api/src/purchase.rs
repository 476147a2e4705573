//! What takes money: asked for, waited for, and told the same way on every repeat.
//!
//! A purchase leaves two entries in the journal: the one that asks for the payment, which carries the
//! caller's key, and the one in which the payment succeeds or fails. A reply is made of the second
//! as soon as there is one, so it is the same on each repeat, also years later.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::account::command::Command;
use bursar_core::account::event::Event;
use bursar_core::account::payments::record::{PaymentRecord, PaymentStatus};
use bursar_core::id::{AccountId, PaymentId};
use bursar_engine::{Committed, Envelope, Failure};
use bursar_payments::CustomerStep;
use bursar_store::{Entry, JournalPosition};
use serde::Serialize;

use crate::execute::envelope;
use crate::extract::Conditions;
use crate::middleware::auth::Caller;
use crate::problem::{Problem, payment};
use crate::reply;
use crate::return_url::ReturnUrl;
use crate::state::ApiState;
use crate::wire::balance::BalanceNow;
use crate::wire::payment::{InvoiceName, PaymentView, StatusName};

/// How long the provider's answer is waited for; then the reply says that it is on its way.
const PATIENCE: Duration = Duration::from_secs(15);

/// A change, with its payment if it took one.
#[derive(Debug)]
pub(crate) struct Purchase {
    /// What was asked for.
    pub(crate) committed: Committed,
    /// What it takes.
    pub(crate) paying: Option<Paying>,
}

/// A payment as far as the provider has answered.
#[derive(Debug)]
pub(crate) struct Paying {
    pub(crate) record: PaymentRecord,
    /// Where the customer completes it.
    pub(crate) step: Option<CustomerStep>,
    /// The entry in which it succeeded or failed.
    settled: Option<Arc<Entry>>,
}

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
        Envelope { besides, return_url, ..envelope(caller, account.clone(), command, conditions) };
    // Without a provider an order would wait for ever. What was bought before is still told.
    if sells(&envelope.command) && !api.engine().provider().takes_payments() {
        let before = api.engine().replay(&envelope).await;
        let committed = before.unwrap_or(Err(Failure::ProviderMisconfigured))?;
        return settled(api, &account, committed).await;
    }
    let committed = api.engine().execute(envelope).await?;
    settled(api, &account, committed).await
}

const fn sells(command: &Command) -> bool {
    matches!(command, Command::ChangePlan(_) | Command::BuyTopup(_) | Command::PayInvoice(_))
}

/// Waits for the payment that a change asked for, if it did.
pub(crate) async fn settled(
    api: &ApiState,
    account: &AccountId,
    committed: Committed,
) -> Result<Purchase, Problem> {
    let Some(id) = requested(&committed.entry) else {
        return Ok(Purchase { committed, paying: None });
    };
    let row = api.engine().settled(account, id, PATIENCE).await?;
    let row = row.ok_or_else(|| Problem::internal("a payment that was asked for is not there"))?;
    let settled = match row.settled {
        Some(position) => Some(entry_at(api, position).await?),
        None => None,
    };
    // Without it the payment still is what it is; a repeat of the request looks again.
    let step = api.engine().payment_step(account, &row).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "where the customer completes a payment is not known now");
        None
    });
    Ok(Purchase { committed, paying: Some(Paying { record: row.record, step, settled }) })
}

fn requested(entry: &Entry) -> Option<PaymentId> {
    entry.events.iter().find_map(|recorded| match &recorded.event {
        Event::PaymentRequested { payment, .. } => Some(*payment),
        _ => None,
    })
}

async fn entry_at(api: &ApiState, position: JournalPosition) -> Result<Arc<Entry>, Problem> {
    let JournalPosition { commit, index } = position;
    let before = match index.checked_sub(1) {
        Some(index) => JournalPosition { commit, index },
        None => {
            JournalPosition { commit: commit.saturating_sub(1), index: i32::MAX.unsigned_abs() }
        }
    };
    let found = api.engine().store().journal(before, 1).await?;
    let found = found.into_iter().find(|(at, _)| *at == position).map(|(_, entry)| entry);
    found.ok_or_else(|| Problem::internal("the journal lacks an entry that a payment names"))
}

impl Paying {
    /// How it stands. Money that bought nothing any more, and goes back, is a failure.
    pub(crate) fn status(&self) -> StatusName {
        match self.record.status {
            PaymentStatus::Requested | PaymentStatus::Processing => StatusName::Processing,
            PaymentStatus::RequiresAction => StatusName::RequiresAction,
            PaymentStatus::Failed { .. } => StatusName::Failed,
            PaymentStatus::Succeeded { .. } if self.record.invoice.is_some() => {
                StatusName::Succeeded
            }
            PaymentStatus::Succeeded { .. } => StatusName::Failed,
        }
    }
}

impl Purchase {
    /// How it stands. What took no payment is done.
    pub(crate) fn status(&self) -> StatusName {
        self.paying.as_ref().map_or(StatusName::Succeeded, Paying::status)
    }

    /// Its payment, as replies have it.
    pub(crate) fn payment(&self) -> Option<PaymentView> {
        self.paying.as_ref().map(PaymentView::of)
    }

    /// The entry that its reply is made of: the last one that it led to.
    pub(crate) fn entry(&self) -> &Entry {
        let settled = self.paying.as_ref().and_then(|paying| paying.settled.as_deref());
        settled.unwrap_or(&self.committed.entry)
    }

    /// The invoice that it paid.
    pub(crate) async fn invoice(
        &self,
        api: &ApiState,
        account: &AccountId,
    ) -> Result<Option<InvoiceName>, Problem> {
        let Some(invoice) = self.paying.as_ref().and_then(|paying| paying.record.invoice) else {
            return Ok(None);
        };
        let row = api.engine().store().document(account, invoice).await?;
        Ok(row.as_ref().map(InvoiceName::from))
    }

    /// What all replies to purchases say.
    pub(crate) async fn told(&self, api: &ApiState, account: &AccountId) -> Result<Told, Problem> {
        Ok(Told {
            status: self.status(),
            payment: self.payment(),
            invoice: self.invoice(api, account).await?,
            balance: BalanceNow::at_end(self.entry()),
            version: self.entry().version(),
        })
    }

    /// That the payment failed, as a problem.
    pub(crate) fn refuse_failure(&self) -> Result<(), Problem> {
        match self.payment() {
            Some(payment) if payment.status == StatusName::Failed => Err(payment::failed(payment)),
            _ => Ok(()),
        }
    }

    /// The reply of that body, with the headers of a change.
    pub(crate) fn reply<T: Serialize>(
        &self,
        status: StatusCode,
        body: Option<T>,
    ) -> Result<Response, Problem> {
        reply::changed_at(status, self.entry().version(), self.committed.replayed, body)
    }

    /// The reply of a failure: its problem, marked if it is a repeat.
    pub(crate) fn failed(&self, problem: Problem) -> Response {
        reply::marked(problem, self.committed.replayed)
    }
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
