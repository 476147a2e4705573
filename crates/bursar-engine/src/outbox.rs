//! Asks the payment provider for what accounts need, until it has answered.
//!
//! The outbox is the accounts' own state: what is to be asked follows from payments and refunds that
//! are not over ([`Billing::effects`](bursar_core::account::payments::Billing::effects)), so it is
//! durable in the commit that made it and over in the commit that settles it. This is the worker: it
//! learns of accounts from the writers as they commit, and finds the others by looking every now and
//! then, after a crash above all.
//!
//! A payment is sent under its own id as the provider's idempotency key. Whoever can't know that
//! nothing was sent under it before asks with [`Attempt::Again`], which looks first. So a crash before,
//! during or after a call neither takes money twice nor forgets that it was taken.

mod words;

use std::collections::{HashMap, HashSet};
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
use bursar_store::Entry;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Instant;

use crate::engine::Engine;
use crate::envelope::{Envelope, Failure};
use words::description;
pub(crate) use words::{key, outcome, settle_refund};

/// How often accounts that nobody told of are looked for.
const LOOK: Duration = Duration::from_secs(2);
const AT_ONCE: usize = 1_000;
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

/// The handle that writers and the engine have.
#[derive(Clone)]
pub(crate) struct Outbox {
    told: mpsc::UnboundedSender<AccountId>,
    known: Arc<Mutex<Known>>,
}

/// What this process knows besides what is stored. Losing it costs a look-up.
#[derive(Default)]
struct Known {
    /// Payments that this process has committed and not sent: the provider can't know them.
    unsent: HashSet<PaymentId>,
    /// Where customers complete payments. Holds secrets, so it is nowhere else.
    steps: HashMap<PaymentId, CustomerStep>,
    /// Where customers want to go after completing a payment.
    return_urls: HashMap<PaymentId, String>,
    /// When something is tried again, and how long after that.
    later: HashMap<(AccountId, What), (Instant, Duration)>,
    /// Accounts that are being served, and whether there is something new for them.
    busy: HashMap<AccountId, bool>,
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
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<AccountId>) {
        let (told, work) = mpsc::unbounded_channel();
        (Self { told, known: Arc::default() }, work)
    }

    /// A batch is committed: these accounts wait for the provider.
    pub(crate) fn committed(&self, asking: Vec<AccountId>, entries: &[Arc<Entry>]) {
        if asking.is_empty() {
            return;
        }
        let events = entries.iter().flat_map(|entry| &entry.events);
        self.known.lock().unsent.extend(events.filter_map(requested));
        for account in asking {
            self.tell(account);
        }
    }

    /// There may be something to do for an account.
    pub(crate) fn tell(&self, account: AccountId) {
        // Fails only when the engine is gone.
        let _ = self.told.send(account);
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
    mut work: mpsc::UnboundedReceiver<AccountId>,
) {
    let worker = Worker { engine, provider, outbox, seats: Arc::new(Semaphore::new(SERVED)) };
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            biased;
            () = worker.engine.stopped() => return,
            _ = look.tick() => worker.look().await,
            told = work.recv() => match told {
                Some(account) => worker.serve(account),
                None => return,
            },
        }
    }
}

#[derive(Clone)]
struct Worker {
    engine: Engine,
    provider: Arc<dyn PaymentProvider>,
    outbox: Outbox,
    seats: Arc<Semaphore>,
}

impl Worker {
    /// Looks for accounts that wait and that nobody told of.
    async fn look(&self) {
        let mut after = None;
        loop {
            let page = match self.engine.store().asking(after.as_ref(), AT_ONCE).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(%error, "cannot look for payments under way; trying again");
                    return;
                }
            };
            let more = page.len() == AT_ONCE;
            after = page.last().cloned();
            page.into_iter().for_each(|account| self.serve(account));
            if !more {
                return;
            }
        }
    }

    /// Serves an account on a task of its own; one at a time for each account.
    fn serve(&self, account: AccountId) {
        let mut known = self.outbox.known.lock();
        if let Some(again) = known.busy.get_mut(&account) {
            *again = true;
            return;
        }
        known.busy.insert(account.clone(), false);
        drop(known);
        let worker = self.clone();
        tokio::spawn(async move {
            let _seat = worker.seats.acquire().await;
            loop {
                worker.serve_once(&account).await;
                let mut known = worker.outbox.known.lock();
                match known.busy.get_mut(&account) {
                    Some(again) if *again => *again = false,
                    _ => {
                        known.busy.remove(&account);
                        return;
                    }
                }
            }
        });
    }

    /// Does what can be done for an account now, each thing once.
    async fn serve_once(&self, id: &AccountId) {
        let account = match self.engine.store().account(id).await {
            Ok(Some(account)) => account,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "cannot read an account that waits for a payment");
                return;
            }
        };
        for effect in account.billing.effects() {
            match effect {
                Effect::Charge(payment) => self.charge(&account, payment).await,
                Effect::Cancel(payment) => self.cancel(&account, payment).await,
                Effect::Refund(refund) => self.refund(&account, refund).await,
            }
        }
        for payment in &account.billing.payments {
            if payment.stage != Stage::Requested && !payment.abandoned {
                self.poll(&account, payment).await;
            }
        }
    }

    async fn charge(&self, account: &Account, payment: &OpenPayment) {
        let what = What::Payment(payment.id);
        let Some(customer) = account.billing.customer.clone() else {
            return;
        };
        if !self.is_time(account, what) {
            return;
        }
        let first = self.outbox.known.lock().unsent.remove(&payment.id);
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
            Err(error) => self.not_charged(account, payment, first, &error).await,
        }
    }

    /// A charge without a result. What certainly took nothing and won't, fails; everything else is
    /// asked again.
    async fn not_charged(
        &self,
        account: &Account,
        payment: &OpenPayment,
        first: bool,
        error: &ProviderError,
    ) {
        let waited = account.now(self.engine.wall_now()).since(payment.requested_at);
        let code = match error {
            ProviderError::NotDone(NotDone::Unavailable { .. })
            | ProviderError::Misconfigured(_) => {
                // Nothing of it has reached the provider; the next attempt is the first again.
                if first {
                    self.outbox.known.lock().unsent.insert(payment.id);
                }
                let gives_up = payment.on_session && first && waited >= PATIENCE;
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
        if self.outbox.known.lock().unsent.remove(&payment.id) {
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
        self.outbox.known.lock().later.contains_key(&(account.id.clone(), what))
    }

    fn is_time(&self, account: &Account, what: What) -> bool {
        let known = self.outbox.known.lock();
        let later = known.later.get(&(account.id.clone(), what));
        later.is_none_or(|(at, _)| *at <= Instant::now())
    }

    /// Tries something again later, each time twice as late.
    fn later(&self, account: &Account, what: What, first: Duration, most: Duration) {
        let mut known = self.outbox.known.lock();
        let place = known.later.entry((account.id.clone(), what));
        let (at, pause) = place.or_insert((Instant::now(), first));
        *at = Instant::now() + *pause;
        let wait = *pause;
        *pause = pause.saturating_mul(2).min(most);
        drop(known);
        let (outbox, account) = (self.outbox.clone(), account.id.clone());
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            outbox.tell(account);
        });
    }

    fn done(&self, account: &Account, what: What) {
        self.outbox.known.lock().later.remove(&(account.id.clone(), what));
    }
}

/// The payment that an event asks for.
const fn requested(recorded: &Recorded) -> Option<PaymentId> {
    match &recorded.event {
        Event::PaymentRequested { payment, .. } => Some(*payment),
        _ => None,
    }
}
