//! The sandbox, with a line to it that fails where a test wants it to. It outlives every crash.

use std::collections::BTreeSet;
use std::future::{Future, pending};
use std::sync::Arc;

use async_trait::async_trait;
use bursar_core::Context;
use bursar_core::id::PaymentId;
use bursar_core::provider::{CustomerRef, MethodRef, SetupRef};
use bursar_core::time::Timestamp;
use bursar_payments::sandbox::{Sandbox, SandboxConfig};
use bursar_payments::{
    AttachMethod, Attachment, Attempt, NewCustomer, Payment, PaymentLookup, PaymentMethod,
    PaymentProvider, PaymentRequest, ProviderError, ProviderEvent, Refund, RefundLookup,
    RefundRequest, Secret, Setup, SetupSession, StartSetup, WebhookError,
};
use parking_lot::Mutex;
use tokio::sync::Notify;

/// What is asked of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Charge,
    Cancel,
    Refund,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    /// The provider takes no requests.
    Unavailable,
    /// The request is lost; the caller knows nothing.
    RequestLost,
    /// It is done, and the reply is lost.
    ReplyLost,
    /// The process dies before the request is sent.
    DiesBefore,
    /// It is done, and the process dies before it has the reply.
    DiesAfter,
    /// It is done, and the reply comes when [`Bank::let_go`] says so.
    ReplyDelayed,
    /// It is sent when [`Bank::let_go`] says so.
    RequestDelayed,
    /// Nothing goes wrong; a test is told.
    Noticed,
}

/// Something that a test waits for, in whatever runtime.
#[derive(Clone, Default)]
pub(crate) struct Moment(Arc<Notify>);

impl Moment {
    pub(crate) fn reached(&self) {
        self.0.notify_one();
    }

    pub(crate) async fn wait(&self) {
        self.0.notified().await;
    }
}

pub(crate) struct Bank {
    pub(crate) sandbox: Sandbox,
    /// The next call of that kind goes wrong.
    plan: Mutex<Option<(Call, Mishap, Moment)>>,
    go_on: Notify,
    heard: Mutex<Heard>,
}

/// What came to the provider, or may have.
#[derive(Default)]
struct Heard {
    sent: BTreeSet<PaymentId>,
    offences: Vec<String>,
}

impl Bank {
    pub(crate) fn new() -> Self {
        let config = SandboxConfig {
            base_url: "http://127.0.0.1/sandbox".to_owned(),
            webhook_secret: Secret::new("crashes"),
        };
        Self {
            sandbox: Sandbox::new(config),
            plan: Mutex::default(),
            go_on: Notify::new(),
            heard: Mutex::default(),
        }
    }

    /// Lets the next call of that kind go wrong; the moment is when it has.
    pub(crate) fn plan(&self, call: Call, mishap: Mishap) -> Moment {
        let moment = Moment::default();
        *self.plan.lock() = Some((call, mishap, moment.clone()));
        moment
    }

    /// Lets a delayed call go on.
    pub(crate) fn let_go(&self) {
        self.go_on.notify_one();
    }

    /// Money taken and not returned, under all ids that were ever sent.
    pub(crate) fn kept(&self) -> i64 {
        let heard = self.heard.lock();
        heard.sent.iter().map(|id| self.sandbox.controls().kept(*id)).sum()
    }

    /// What no caller of the port may do.
    pub(crate) fn offences(&self) -> Vec<String> {
        self.heard.lock().offences.clone()
    }

    fn planned(&self, call: Call) -> Option<(Mishap, Moment)> {
        let mut plan = self.plan.lock();
        match &*plan {
            Some((of, ..)) if *of == call => plan.take().map(|(_, mishap, it)| (mishap, it)),
            _ => None,
        }
    }

    async fn meet<T>(
        &self,
        planned: Option<(Mishap, Moment)>,
        ask: impl Future<Output = Result<T, ProviderError>> + Send,
    ) -> Result<T, ProviderError> {
        let unknown = || Err(ProviderError::Unknown("told to fail".to_owned()));
        let Some((mishap, moment)) = planned else {
            return ask.await;
        };
        match mishap {
            Mishap::Unavailable => {
                moment.reached();
                Err(ProviderError::unavailable("told to fail"))
            }
            Mishap::RequestLost => {
                moment.reached();
                unknown()
            }
            Mishap::ReplyLost => {
                // A provider that had refused would have had nothing to lose.
                drop(ask.await?);
                moment.reached();
                unknown()
            }
            Mishap::DiesBefore => {
                moment.reached();
                pending().await
            }
            Mishap::DiesAfter => {
                drop(ask.await);
                moment.reached();
                pending().await
            }
            Mishap::ReplyDelayed => {
                let reply = ask.await;
                moment.reached();
                self.go_on.notified().await;
                reply
            }
            Mishap::Noticed => {
                moment.reached();
                ask.await
            }
            Mishap::RequestDelayed => {
                moment.reached();
                self.go_on.notified().await;
                ask.await
            }
        }
    }

    /// `First` is a promise: providers forget their keys, and would take the money again.
    fn listen(&self, request: &PaymentRequest, mishap: Option<Mishap>) {
        let mut heard = self.heard.lock();
        if request.attempt == Attempt::First && heard.sent.contains(&request.id) {
            heard.offences.push(format!("{} was sent as the first again", request.id));
        }
        if mishap != Some(Mishap::Unavailable) {
            heard.sent.insert(request.id);
        }
    }
}

#[async_trait]
impl PaymentProvider for Bank {
    fn name(&self) -> &'static str {
        self.sandbox.name()
    }

    async fn create_customer(
        &self,
        customer: &NewCustomer,
        context: &Context,
    ) -> Result<CustomerRef, ProviderError> {
        self.sandbox.create_customer(customer, context).await
    }

    async fn start_setup(
        &self,
        setup: &StartSetup,
        context: &Context,
    ) -> Result<SetupSession, ProviderError> {
        self.sandbox.start_setup(setup, context).await
    }

    async fn setup(
        &self,
        setup: &SetupRef,
        context: &Context,
    ) -> Result<Option<Setup>, ProviderError> {
        self.sandbox.setup(setup, context).await
    }

    async fn attach(
        &self,
        method: &AttachMethod,
        context: &Context,
    ) -> Result<Attachment, ProviderError> {
        self.sandbox.attach(method, context).await
    }

    async fn method(
        &self,
        method: &MethodRef,
        context: &Context,
    ) -> Result<Option<PaymentMethod>, ProviderError> {
        self.sandbox.method(method, context).await
    }

    async fn detach(&self, method: &MethodRef, context: &Context) -> Result<(), ProviderError> {
        self.sandbox.detach(method, context).await
    }

    async fn charge(
        &self,
        payment: &PaymentRequest,
        context: &Context,
    ) -> Result<Payment, ProviderError> {
        let planned = self.planned(Call::Charge);
        self.listen(payment, planned.as_ref().map(|(mishap, _)| *mishap));
        self.meet(planned, self.sandbox.charge(payment, context)).await
    }

    async fn payment(
        &self,
        payment: &PaymentLookup,
        context: &Context,
    ) -> Result<Option<Payment>, ProviderError> {
        self.sandbox.payment(payment, context).await
    }

    async fn cancel(
        &self,
        payment: &PaymentLookup,
        context: &Context,
    ) -> Result<Option<Payment>, ProviderError> {
        let planned = self.planned(Call::Cancel);
        self.meet(planned, self.sandbox.cancel(payment, context)).await
    }

    async fn refund(
        &self,
        refund: &RefundRequest,
        context: &Context,
    ) -> Result<Refund, ProviderError> {
        let planned = self.planned(Call::Refund);
        self.meet(planned, self.sandbox.refund(refund, context)).await
    }

    async fn find_refund(
        &self,
        refund: &RefundLookup,
        context: &Context,
    ) -> Result<Option<Refund>, ProviderError> {
        self.sandbox.find_refund(refund, context).await
    }

    fn verify_webhook(
        &self,
        headers: &http::HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<ProviderEvent, WebhookError> {
        self.sandbox.verify_webhook(headers, body, now)
    }
}
