//! Asks the payment provider for what accounts need, until it has answered.
//!
//! The outbox is the accounts' own state: what is to be asked follows from payments and refunds that
//! are not over ([`Billing::effects`](bursar_core::account::payments::Billing::effects)), so it is
//! durable in the commit that made it and over in the commit that settles it. This is the
//! [errand](crate::errands) that does it.
//!
//! A payment is sent under its own id as the provider's idempotency key. Whoever can't know that
//! nothing was sent under it before asks with [`Attempt::Again`], which looks first. So a crash before,
//! during or after a call neither takes money twice nor forgets that it was taken.

mod words;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bursar_core::Context;
use bursar_core::account::Account;
use bursar_core::account::command::{Command, PaymentOutcome, SettlePayment, SettleRefund};
use bursar_core::account::event::{Actor, Event, Recorded};
use bursar_core::account::payments::{Effect, OpenPayment, OpenRefund, Retry, Stage};
use bursar_core::id::{AccountId, PaymentId};
use bursar_payments::{
    Attempt, CustomerStep, NotDone, Payment, PaymentLookup, PaymentProvider, PaymentRequest,
    PaymentStatus, Presence, ProviderError, RefundRequest, RefundStatus,
};
use bursar_store::{Entry, Task};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::engine::Engine;
use crate::envelope::{Envelope, Failure};
use crate::errands::{self, Bench, Errand, Told};
use crate::pauses::Pauses;
use words::description;
pub(crate) use words::{key, outcome, settle_refund};

/// Accounts that are served at the same time.
const SERVED: usize = 32;
/// How long to wait after the first failure; doubled with each, up to the most.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const MOST_PAUSE: Duration = Duration::from_secs(300);
/// How often a payment that is under way is asked about: the result should come by webhook, which may
/// be lost.
const FIRST_POLL: Duration = Duration::from_secs(5);
const MOST_POLL: Duration = Duration::from_secs(3_600);
/// How long a customer who is there waits for a provider that certainly takes nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long after its commit a payment that this node hasn't sent is sent as a new one. Providers know their
/// keys for longer than that, so it does no harm if another node has sent it before. Measured by both clocks: one
/// stands still while the machine sleeps, the other may be set back.
const NEW: Duration = Duration::from_secs(3_600);

/// The handle that writers and the engine have.
#[derive(Clone)]
pub(crate) struct Outbox {
    bench: Bench,
    known: Arc<Mutex<Known>>,
}

/// What this process knows besides what is stored. Losing it costs a look-up.
#[derive(Default)]
struct Known {
    /// Payments that this process has decided and not sent, and when. If there is no other that may have,
    /// the provider can't know them.
    unsent: HashMap<PaymentId, Instant>,
    /// Where customers complete payments. Holds secrets, so it is nowhere else.
    steps: HashMap<PaymentId, CustomerStep>,
    /// Where customers want to go after completing a payment.
    return_urls: HashMap<PaymentId, String>,
    /// What is tried again later.
    pauses: Pauses<(AccountId, What)>,
}

/// What is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum What {
    Payment(PaymentId),
    Cancel(PaymentId),
    Refund(bursar_core::id::RefundId),
}

impl Outbox {
    /// A handle, and what the worker takes its work from.
    pub(crate) fn new() -> (Self, Told) {
        let (bench, told) = Bench::new();
        (Self { bench, known: Arc::default() }, told)
    }

    /// A batch is about to be committed. Told before, since a payment may be found and sent as soon as its
    /// commit can be seen.
    pub(crate) fn decided(&self, entries: &[Arc<Entry>]) {
        let now = Instant::now();
        let unsent = events(entries).filter_map(requested).map(|payment| (payment, now));
        self.known.lock().unsent.extend(unsent);
    }

    /// A batch is committed: these accounts wait for the provider.
    pub(crate) fn committed(&self, asking: Vec<AccountId>) {
        asking.into_iter().for_each(|account| self.bench.tell(account));
    }

    /// A batch was not committed, or maybe it was.
    pub(crate) fn withdrawn(&self, entries: &[Arc<Entry>]) {
        let mut known = self.known.lock();
        for payment in events(entries).filter_map(requested) {
            known.unsent.remove(&payment);
        }
    }

    /// Where the customer completes a payment, if that is known here.
    pub(crate) fn step(&self, payment: PaymentId) -> Option<CustomerStep> {
        self.known.lock().steps.get(&payment).cloned()
    }

    /// Notes where the customer completes a payment.
    pub(crate) fn note(&self, payment: PaymentId, status: &PaymentStatus) {
        let mut known = self.known.lock();
        match status {
            PaymentStatus::RequiresAction(step) => {
                known.steps.insert(payment, step.clone());
            }
            status if status.is_final() => {
                known.steps.remove(&payment);
            }
            _ => {}
        }
    }

    /// Where the customer wants to go after completing the payment that these events ask for.
    pub(crate) fn return_to(&self, events: &[Recorded], url: &str) {
        for payment in events.iter().filter_map(requested) {
            self.known.lock().return_urls.insert(payment, url.to_owned());
        }
    }
}

/// Runs until the engine shuts down.
pub(crate) async fn run(
    engine: Engine,
    provider: Arc<dyn PaymentProvider>,
    outbox: Outbox,
    told: Told,
) {
    let bench = outbox.bench.clone();
    errands::run(engine.clone(), Asking { engine, provider, outbox }, bench, told).await;
}

struct Asking {
    engine: Engine,
    provider: Arc<dyn PaymentProvider>,
    outbox: Outbox,
}

impl Errand for Asking {
    const TASK: Task = Task::Pay;
    const SERVED: usize = SERVED;

    /// Does what can be done for an account now, each thing once.
    async fn serve(&self, id: &AccountId) -> Option<Duration> {
        let account = match self.engine.store().account(id).await {
            Ok(account) => account?,
            Err(error) => {
                tracing::warn!(%error, "cannot read an account that waits for a payment");
                return None;
            }
        };
        let mut open = Vec::new();
        for effect in account.billing.effects() {
            match effect {
                Effect::Charge(payment) => {
                    open.push(What::Payment(payment.id));
                    self.charge(&account, payment).await;
                }
                Effect::Cancel(payment) => {
                    open.extend([What::Payment(payment.id), What::Cancel(payment.id)]);
                    self.cancel(&account, payment).await;
                }
                Effect::Refund(refund) => {
                    open.push(What::Refund(refund.id));
                    self.refund(&account, refund).await;
                }
            }
        }
        for payment in &account.billing.payments {
            if payment.stage != Stage::Requested && !payment.abandoned {
                open.push(What::Payment(payment.id));
                self.poll(&account, payment).await;
            }
        }
        self.rest(id, &open)
    }
}

impl Asking {
    /// When the first of those things that are still open is tried again. What is over is forgotten.
    fn rest(&self, id: &AccountId, open: &[What]) -> Option<Duration> {
        let pauses = &mut self.outbox.known.lock().pauses;
        pauses.retain(|(account, what)| account != id || open.contains(what));
        open.iter().filter_map(|what| pauses.left(&(id.clone(), *what))).min()
    }

    /// Has this node the store for itself? Then what it hasn't sent, nobody has.
    fn is_alone(&self) -> bool {
        !self.engine.store().is_shared()
    }

    /// Does the provider certainly not know a payment?
    fn is_unknown(&self, payment: PaymentId) -> bool {
        self.is_alone() && self.outbox.known.lock().unsent.contains_key(&payment)
    }

    /// How long a payment has been wanted, by the account's clock.
    fn waited(&self, account: &Account, payment: &OpenPayment) -> Duration {
        account.now(self.engine.wall_now()).since(payment.requested_at)
    }

    async fn charge(&self, account: &Account, payment: &OpenPayment) {
        let what = What::Payment(payment.id);
        let Some(customer) = account.billing.customer.clone() else {
            return;
        };
        if !self.is_time(account, what) {
            return;
        }
        let unsent = self.outbox.known.lock().unsent.remove(&payment.id);
        let is_new = |committed_at: Instant| {
            self.is_alone() || (committed_at.elapsed() < NEW && self.waited(account, payment) < NEW)
        };
        let first = unsent.is_some_and(is_new);
        let return_url = self.outbox.known.lock().return_urls.remove(&payment.id);
        let request = PaymentRequest {
            id: payment.id,
            customer,
            method: payment.method.reference.clone(),
            money: payment.money(),
            description: description(payment),
            presence: if payment.on_session {
                Presence::OnSession { return_url }
            } else {
                Presence::OffSession { mandate: payment.method.mandate.clone() }
            },
            attempt: if first { Attempt::First } else { Attempt::Again },
        };
        let result = self.provider.charge(&request, &self.context()).await;
        self.count("charge", &result);
        match result {
            Ok(result) => self.settle(account, &result).await,
            Err(error) => self.not_charged(account, payment, unsent, &error).await,
        }
    }

    /// A charge without a result. What certainly took nothing and won't, fails; everything else is
    /// asked again.
    async fn not_charged(
        &self,
        account: &Account,
        payment: &OpenPayment,
        unsent: Option<Instant>,
        error: &ProviderError,
    ) {
        let code = match error {
            ProviderError::NotDone(NotDone::Unavailable { .. })
            | ProviderError::Misconfigured(_) => {
                // Nothing of it has reached the provider; the next attempt is the first again.
                let unsent = unsent.map(|committed_at| (payment.id, committed_at));
                self.outbox.known.lock().unsent.extend(unsent);
                let gives_up = payment.on_session
                    && self.is_unknown(payment.id)
                    && self.waited(account, payment) >= PATIENCE;
                gives_up.then_some("provider_unavailable")
            }
            ProviderError::NotDone(NotDone::Conflict(_)) | ProviderError::Unknown(_) => None,
            ProviderError::NotDone(_) => Some("provider_refused"),
        };
        match code.and_then(|code| code.parse().ok()) {
            Some(code) => {
                tracing::warn!(%error, payment = %payment.id, "a payment can't be made");
                let outcome = PaymentOutcome::Declined { code, retry: Retry::Later };
                self.apply(account, payment.id, None, outcome).await;
            }
            None => {
                tracing::warn!(%error, payment = %payment.id, "a payment is asked for again");
                self.later(account, What::Payment(payment.id), FIRST_PAUSE, MOST_PAUSE);
            }
        }
    }

    /// Makes sure that a payment takes no money any more, or learns that it has.
    async fn cancel(&self, account: &Account, payment: &OpenPayment) {
        let what = What::Cancel(payment.id);
        let Some(customer) = account.billing.customer.clone() else {
            return;
        };
        if self.is_unknown(payment.id) {
            self.outbox.known.lock().unsent.remove(&payment.id);
            self.apply(account, payment.id, None, PaymentOutcome::Cancelled).await;
            return;
        }
        if payment.stage == Stage::Requested {
            // Whether it was taken is not known, and a request may still be on its way: settled first
            // by asking again under the same id. What it takes is returned.
            let wanted = OpenPayment { abandoned: false, ..payment.clone() };
            self.charge(account, &wanted).await;
            return;
        }
        if !self.is_time(account, what) {
            return;
        }
        let reference = payment.reference.clone();
        let lookup = PaymentLookup { id: payment.id, customer, reference };
        let result = self.provider.cancel(&lookup, &self.context()).await;
        self.count("cancel", &result);
        match result {
            Ok(Some(result)) => self.settle(account, &result).await,
            Ok(None) => self.apply(account, payment.id, None, PaymentOutcome::Cancelled).await,
            Err(error) => {
                tracing::warn!(%error, payment = %payment.id, "a payment is cancelled again");
                self.later(account, what, FIRST_PAUSE, MOST_PAUSE);
            }
        }
    }

    /// Asks about a payment that is under way: its webhook may be lost.
    async fn poll(&self, account: &Account, payment: &OpenPayment) {
        let what = What::Payment(payment.id);
        let Some(customer) = account.billing.customer.clone() else {
            return;
        };
        if !self.is_scheduled(account, what) {
            self.later(account, what, FIRST_POLL, MOST_POLL);
            return;
        }
        if !self.is_time(account, what) {
            return;
        }
        let lookup =
            PaymentLookup { id: payment.id, customer, reference: payment.reference.clone() };
        let result = self.provider.payment(&lookup, &self.context()).await;
        self.count("look", &result);
        self.later(account, what, FIRST_POLL, MOST_POLL);
        match result {
            Ok(Some(result)) => self.settle(account, &result).await,
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "a payment can't be looked up"),
        }
    }

    async fn refund(&self, account: &Account, refund: &OpenRefund) {
        let what = What::Refund(refund.id);
        if !self.is_time(account, what) {
            return;
        }
        let request = RefundRequest {
            id: refund.id,
            payment: refund.reference.clone(),
            money: refund.money,
            attempt: Attempt::Again,
        };
        let result = self.provider.refund(&request, &self.context()).await;
        self.count("refund", &result);
        match result {
            Ok(result) if result.status == RefundStatus::Pending => {
                self.later(account, what, FIRST_POLL, MOST_POLL);
            }
            Ok(result) => {
                self.done(account, what);
                if let Some(command) = settle_refund(&result) {
                    self.execute(account, command).await;
                }
            }
            Err(
                error @ ProviderError::NotDone(
                    NotDone::Missing(_)
                    | NotDone::Refused { .. }
                    | NotDone::RefundTooLarge
                    | NotDone::Amount { .. },
                ),
            ) => {
                tracing::error!(%error, refund = %refund.id, "a refund can't be made");
                let outcome = Err(key("provider_refused"));
                let command = SettleRefund { refund: refund.id, outcome };
                self.execute(account, Command::SettleRefund(command)).await;
            }
            Err(error) => {
                tracing::warn!(%error, refund = %refund.id, "a refund is asked for again");
                self.later(account, what, FIRST_PAUSE, MOST_PAUSE);
            }
        }
    }

    /// What the provider says of a payment.
    async fn settle(&self, account: &Account, result: &Payment) {
        self.outbox.note(result.id, &result.status);
        self.done(account, What::Payment(result.id));
        self.done(account, What::Cancel(result.id));
        let outcome = outcome(&result.status);
        self.apply(account, result.id, result.reference.clone(), outcome).await;
    }

    async fn apply(
        &self,
        account: &Account,
        payment: PaymentId,
        reference: Option<bursar_core::provider::PaymentRef>,
        outcome: PaymentOutcome,
    ) {
        let command = SettlePayment { payment, reference, outcome };
        self.execute(account, Command::SettlePayment(command)).await;
    }

    async fn execute(&self, account: &Account, command: Command) {
        let actor = Actor::Provider(key(self.provider.name()));
        let envelope = Envelope::new(account.id.clone(), command, actor);
        match self.engine.execute(envelope).await {
            // A rejection says that it is known already.
            Ok(_) | Err(Failure::Rejected(_) | Failure::ShuttingDown) => {}
            Err(error) => {
                // The provider is asked again, and says the same again.
                tracing::warn!(%error, "what the payment provider said can't be kept now");
            }
        }
    }

    fn context(&self) -> Context {
        Context { now: self.engine.wall_now(), entropy: self.engine.entropy() }
    }

    fn count<T>(&self, call: &'static str, result: &Result<T, ProviderError>) {
        let outcome = match result {
            Ok(_) => "ok",
            Err(ProviderError::NotDone(_)) => "not_done",
            Err(ProviderError::Unknown(_)) => "unknown",
            Err(ProviderError::Misconfigured(_)) => "misconfigured",
        };
        self.engine.metrics().provider_call(call, outcome);
    }

    fn is_scheduled(&self, account: &Account, what: What) -> bool {
        self.outbox.known.lock().pauses.has(&(account.id.clone(), what))
    }

    fn is_time(&self, account: &Account, what: What) -> bool {
        self.outbox.known.lock().pauses.left(&(account.id.clone(), what)).is_none()
    }

    /// Tries something again later, each time twice as late.
    fn later(&self, account: &Account, what: What, first: Duration, most: Duration) {
        self.outbox.known.lock().pauses.rest((account.id.clone(), what), first, most);
    }

    fn done(&self, account: &Account, what: What) {
        self.outbox.known.lock().pauses.over(&(account.id.clone(), what));
    }
}

fn events(entries: &[Arc<Entry>]) -> impl Iterator<Item = &Recorded> {
    entries.iter().flat_map(|entry| &entry.events)
}

/// The payment that an event asks for.
const fn requested(recorded: &Recorded) -> Option<PaymentId> {
    match &recorded.event {
        Event::PaymentRequested { payment, .. } => Some(*payment),
        _ => None,
    }
}
