//! What takes money: asked for, waited for, and told the same way on every repeat.
//!
//! A purchase leaves two entries in the journal: the one that asks for the payment, which carries the
//! caller's key, and the one in which the payment succeeds or fails. What is told of it is made of the
//! second as soon as there is one, so it is the same on each repeat, also years later.

use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::command::Command;
use bursar_core::account::event::Event;
use bursar_core::account::payments::record::{PaymentRecord, PaymentStatus};
use bursar_core::id::{AccountId, PaymentId};
use bursar_payments::CustomerStep;
use bursar_store::{DocumentRow, Entry, JournalPosition, StoreError};

use crate::engine::Engine;
use crate::envelope::{Committed, Envelope, Failure};

/// How long the provider's answer is waited for; then it is on its way.
const PATIENCE: Duration = Duration::from_secs(15);

/// A change, with its payment if it took one.
#[derive(Debug)]
pub struct Purchase {
    /// What was asked for.
    pub committed: Committed,
    /// What it takes.
    pub paying: Option<Paying>,
}

/// A payment as far as the provider has answered.
#[derive(Debug)]
pub struct Paying {
    /// The payment.
    pub record: PaymentRecord,
    /// Where the customer completes it.
    pub step: Option<CustomerStep>,
    /// The entry in which it succeeded or failed.
    settled: Option<Arc<Entry>>,
}

/// How a purchase stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is paid and done.
    Succeeded,
    /// It waits for the customer.
    RequiresAction,
    /// It is with the bank; the outcome comes as an event.
    Processing,
    /// Nothing was bought.
    Failed,
}

impl Engine {
    /// Does a command that may take money, and waits for the provider's answer, at most 15 seconds.
    ///
    /// # Errors
    /// [`Failure`]; that the bank refuses is none.
    pub async fn buy(&self, envelope: Envelope) -> Result<Purchase, Failure> {
        let account = envelope.account.clone();
        // Without a provider an order would wait for ever. What was bought before is still told.
        if sells(&envelope.command) && !self.provider().takes_payments() {
            let before = self.replay(&envelope).await;
            let committed = before.unwrap_or(Err(Failure::ProviderMisconfigured))?;
            return self.purchase(&account, committed).await;
        }
        let committed = self.execute(envelope).await?;
        self.purchase(&account, committed).await
    }

    /// What a change comes to: waits for the payment that it asked for, if it did.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn purchase(
        &self,
        account: &AccountId,
        committed: Committed,
    ) -> Result<Purchase, Failure> {
        let Some(id) = requested(&committed.entry) else {
            return Ok(Purchase { committed, paying: None });
        };
        let row = self.settled(account, id, PATIENCE).await?;
        let row = row.ok_or_else(|| lost("a payment that was asked for is not there"))?;
        let settled = match row.settled {
            Some(position) => Some(self.entry_at(position).await?),
            None => None,
        };
        // Without it the payment still is what it is; a repeat of the request looks again.
        let step = self.payment_step(account, &row).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "where the customer completes a payment is not known now");
            None
        });
        Ok(Purchase { committed, paying: Some(Paying { record: row.record, step, settled }) })
    }

    async fn entry_at(&self, position: JournalPosition) -> Result<Arc<Entry>, Failure> {
        let JournalPosition { commit, index } = position;
        let before = match index.checked_sub(1) {
            Some(index) => JournalPosition { commit, index },
            None => {
                JournalPosition { commit: commit.saturating_sub(1), index: i32::MAX.unsigned_abs() }
            }
        };
        let found = self.store().journal(before, 1).await?;
        let found = found.into_iter().find(|(at, _)| *at == position).map(|(_, entry)| entry);
        found.ok_or_else(|| lost("the journal lacks an entry that a payment names"))
    }
}

const fn sells(command: &Command) -> bool {
    matches!(command, Command::ChangePlan(_) | Command::BuyTopup(_) | Command::PayInvoice(_))
}

fn requested(entry: &Entry) -> Option<PaymentId> {
    entry.events.iter().find_map(|recorded| match &recorded.event {
        Event::PaymentRequested { payment, .. } => Some(*payment),
        _ => None,
    })
}

fn lost(what: &str) -> Failure {
    StoreError::Damaged(what.to_owned()).into()
}

impl Standing {
    /// How a payment stands. Money that bought nothing any more, and goes back, is a failure.
    pub const fn of(record: &PaymentRecord) -> Self {
        match record.status {
            PaymentStatus::Requested | PaymentStatus::Processing => Self::Processing,
            PaymentStatus::RequiresAction => Self::RequiresAction,
            PaymentStatus::Failed { .. } => Self::Failed,
            PaymentStatus::Succeeded { .. } if record.invoice.is_some() => Self::Succeeded,
            PaymentStatus::Succeeded { .. } => Self::Failed,
        }
    }
}

impl Paying {
    /// How it stands.
    pub const fn standing(&self) -> Standing {
        Standing::of(&self.record)
    }
}

impl Purchase {
    /// How it stands. What took no payment is done.
    pub fn standing(&self) -> Standing {
        self.paying.as_ref().map_or(Standing::Succeeded, Paying::standing)
    }

    /// The entry that is told of it: the last one that it led to.
    pub fn entry(&self) -> &Entry {
        let settled = self.paying.as_ref().and_then(|paying| paying.settled.as_deref());
        settled.unwrap_or(&self.committed.entry)
    }

    /// The invoice that it paid.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invoice(
        &self,
        engine: &Engine,
        account: &AccountId,
    ) -> Result<Option<DocumentRow>, StoreError> {
        match self.paying.as_ref().and_then(|paying| paying.record.invoice) {
            Some(invoice) => engine.store().document(account, invoice).await,
            None => Ok(None),
        }
    }
}
