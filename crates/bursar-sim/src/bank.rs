//! The payment provider: the sandbox, which outlives every crash, and the nodes' lines to it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bursar_core::Context;
use bursar_core::id::PaymentId;
use bursar_core::provider::{CustomerRef, MethodRef, SetupRef};
use bursar_core::time::Timestamp;
use bursar_engine::Clock;
use bursar_payments::sandbox::{Sandbox, SandboxConfig, Webhooks};
use bursar_payments::{
    AttachMethod, Attachment, Attempt, NewCustomer, Payment, PaymentLookup, PaymentMethod,
    PaymentProvider, PaymentRequest, ProviderError, ProviderEvent, Refund, RefundLookup,
    RefundRequest, Secret, Setup, SetupSession, StartSetup, WebhookError,
};
use http::HeaderMap;
use parking_lot::Mutex;

use crate::clock::WorldClock;
use crate::life::Life;
use crate::step::{Mishap, Sending};

/// How late what is late is.
const LATE: Duration = Duration::from_secs(10);

/// The bank of a world.
pub struct Bank {
    /// Who takes the money.
    pub sandbox: Sandbox,
    clock: Arc<WorldClock>,
    mishaps: Mutex<VecDeque<Mishap>>,
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    sent: BTreeMap<PaymentId, Sender>,
    offences: BTreeSet<String>,
}

/// Who sent a payment's request last, and when it was sent first.
#[derive(Clone, Copy)]
struct Sender {
    process: u64,
    first_at: Timestamp,
}

/// How long a provider remembers an idempotency key at least, with a margin.
const REMEMBERED: Duration = Duration::from_secs(12 * 3_600);

impl Bank {
    /// A bank that knows nobody.
    pub fn new(clock: Arc<WorldClock>) -> Arc<Self> {
        let config = SandboxConfig {
            base_url: "http://127.0.0.1/sandbox".to_owned(),
            webhook_secret: Secret::new("simulated"),
        };
        let sandbox = Sandbox::new(config);
        Arc::new(Self { sandbox, clock, mishaps: Mutex::default(), heard: Mutex::default() })
    }

    pub(crate) fn line(self: &Arc<Self>, process: u64, life: Life) -> Arc<Line> {
        Arc::new(Line { bank: Arc::clone(self), process, life })
    }

    /// The next call goes wrong; after those that were to before.
    pub fn mishap(&self, mishap: Mishap) {
        self.mishaps.lock().push_back(mishap);
    }

    /// Nothing goes wrong any more, and what was lost is found.
    ///
    /// # Errors
    /// [`ProviderError`]: the sandbox can't.
    pub fn heal(&self) -> Result<(), ProviderError> {
        self.mishaps.lock().clear();
        self.sandbox.controls().webhooks(Webhooks::OnTime)?;
        self.sandbox.controls().find_lost_webhooks(self.clock.now()).map(drop)
    }

    /// How messages are sent from now on.
    ///
    /// # Errors
    /// As [`Bank::heal`].
    pub fn send(&self, how: Sending) -> Result<(), ProviderError> {
        self.sandbox.controls().webhooks(match how {
            Sending::OnTime => Webhooks::OnTime,
            Sending::Late => Webhooks::Late,
            Sending::Lost => Webhooks::Lost,
            Sending::Twice => Webhooks::Twice,
            Sending::Reordered => Webhooks::Reordered,
        })
    }

    /// Payments that were ever sent.
    pub fn payments(&self) -> Vec<PaymentId> {
        self.heard.lock().sent.keys().copied().collect()
    }

    /// What was taken under an id and not returned, in minor units.
    pub fn kept(&self, payment: PaymentId) -> i64 {
        self.sandbox.controls().kept(payment)
    }

    /// What no caller of the port may do.
    pub fn offences(&self) -> BTreeSet<String> {
        self.heard.lock().offences.clone()
    }

    /// The bank's own time.
    pub fn context(&self) -> Context {
        Context { now: self.clock.now(), entropy: [0; 10] }
    }

    /// `First` is a promise: providers forget their keys, and would take the money again. Two nodes may
    /// send at the same time, which the key makes good; one knows what it has sent.
    fn listen(&self, process: u64, request: &PaymentRequest) {
        let now = self.clock.now();
        let mut heard = self.heard.lock();
        let fresh = Sender { process, first_at: now };
        let known = heard.sent.insert(request.id, fresh);
        let Some(known) = known else { return };
        heard.sent.insert(request.id, Sender { process, first_at: known.first_at });
        let forgotten = now.since(known.first_at) > REMEMBERED;
        if request.attempt == Attempt::First && (known.process == process || forgotten) {
            heard.offences.insert(format!("{} was sent as the first again", request.id));
        }
    }
}

/// A node's line to the bank.
pub(crate) struct Line {
    bank: Arc<Bank>,
    process: u64,
    life: Life,
}

impl Line {
    /// Asks the bank; on the way, the next mishap happens. A mishap before the request leaves comes out of
    /// `reaches` unasked.
    async fn ask<T: Send>(
        &self,
        reaches: impl Future<Output = Result<T, ProviderError>> + Send,
    ) -> Result<T, ProviderError> {
        self.life.goes_on().await;
        let mishap = self.bank.mishaps.lock().pop_front();
        self.ask_with(mishap, reaches).await
    }

    async fn ask_with<T: Send>(
        &self,
        mishap: Option<Mishap>,
        reaches: impl Future<Output = Result<T, ProviderError>> + Send,
    ) -> Result<T, ProviderError> {
        let lost = |what: &str| Err(ProviderError::Unknown(format!("the {what} was lost")));
        let answer = match mishap {
            None => reaches.await,
            Some(Mishap::Unavailable) => Err(ProviderError::unavailable("no connection")),
            Some(Mishap::RequestLost) => lost("request"),
            // A provider that had refused would have had nothing to lose.
            Some(Mishap::ReplyLost) => match reaches.await {
                Ok(_) => lost("reply"),
                refused => refused,
            },
            Some(Mishap::RequestLate) => {
                tokio::time::sleep(LATE).await;
                reaches.await
            }
            Some(Mishap::ReplyLate) => {
                let answer = reaches.await;
                tokio::time::sleep(LATE).await;
                answer
            }
        };
        self.life.goes_on().await;
        answer
    }
}

#[async_trait]
impl PaymentProvider for Line {
    fn name(&self) -> &'static str {
        self.bank.sandbox.name()
    }

    async fn create_customer(
        &self,
        customer: &NewCustomer,
        _: &Context,
    ) -> Result<CustomerRef, ProviderError> {
        let context = self.bank.context();
        self.ask(self.bank.sandbox.create_customer(customer, &context)).await
    }

    async fn start_setup(
        &self,
        setup: &StartSetup,
        _: &Context,
    ) -> Result<SetupSession, ProviderError> {
        let context = self.bank.context();
        self.ask(self.bank.sandbox.start_setup(setup, &context)).await
    }

    async fn setup(&self, setup: &SetupRef, _: &Context) -> Result<Option<Setup>, ProviderError> {
        let context = self.bank.context();
        self.ask(self.bank.sandbox.setup(setup, &context)).await
    }

    async fn attach(
        &self,
        method: &AttachMethod,
        _: &Context,
    ) -> Result<Attachment, ProviderError> {
        let context = self.bank.context();
        self.ask(self.bank.sandbox.attach(method, &context)).await
    }

    async fn method(
        &self,
        method: &MethodRef,
        _: &Context,
    ) -> Result<Option<PaymentMethod>, ProviderError> {
        let context = self.bank.context();
        self.ask(self.bank.sandbox.method(method, &context)).await
    }

    async fn detach(&self, method: &MethodRef, _: &Context) -> Result<(), ProviderError> {
        let context = self.bank.context();
        self.ask(self.bank.sandbox.detach(method, &context)).await
    }

    async fn charge(
        &self,
        payment: &PaymentRequest,
        _: &Context,
    ) -> Result<Payment, ProviderError> {
        self.life.goes_on().await;
        let mishap = self.bank.mishaps.lock().pop_front();
        // What counts is the order in which requests are sent, not that in which they arrive.
        if mishap != Some(Mishap::Unavailable) {
            self.bank.listen(self.process, payment);
        }
        let reaches = async { self.bank.sandbox.charge(payment, &self.bank.context()).await };
        self.ask_with(mishap, reaches).await
    }

    async fn payment(
        &self,
        payment: &PaymentLookup,
        _: &Context,
    ) -> Result<Option<Payment>, ProviderError> {
        let reaches = async { self.bank.sandbox.payment(payment, &self.bank.context()).await };
        self.ask(reaches).await
    }

    async fn cancel(
        &self,
        payment: &PaymentLookup,
        _: &Context,
    ) -> Result<Option<Payment>, ProviderError> {
        let reaches = async { self.bank.sandbox.cancel(payment, &self.bank.context()).await };
        self.ask(reaches).await
    }

    async fn refund(&self, refund: &RefundRequest, _: &Context) -> Result<Refund, ProviderError> {
        let reaches = async { self.bank.sandbox.refund(refund, &self.bank.context()).await };
        self.ask(reaches).await
    }

    async fn find_refund(
        &self,
        refund: &RefundLookup,
        _: &Context,
    ) -> Result<Option<Refund>, ProviderError> {
        let reaches = async { self.bank.sandbox.find_refund(refund, &self.bank.context()).await };
        self.ask(reaches).await
    }

    fn verify_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        _: Timestamp,
    ) -> Result<ProviderEvent, WebhookError> {
        self.bank.sandbox.verify_webhook(headers, body, self.bank.clock.now())
    }
}
