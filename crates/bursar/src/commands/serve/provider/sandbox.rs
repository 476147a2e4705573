//! The sandbox over this server's store: what it remembers survives a restart, as a provider would.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;
use axum::http::HeaderMap;
use bursar_core::Context;
use bursar_core::provider::{CustomerRef, MethodRef, SetupRef};
use bursar_core::time::Timestamp;
use bursar_engine::{Engine, Failure};
use bursar_payments::sandbox::{Change, Sandbox, SandboxConfig};
use bursar_payments::{
    AttachMethod, Attachment, NewCustomer, Payment, PaymentLookup, PaymentMethod, PaymentProvider,
    PaymentRequest, ProviderError, ProviderEvent, Refund, RefundLookup, RefundRequest, Secret,
    Setup, SetupSession, StartSetup, WebhookError,
};
use bursar_store::Store;
use data_encoding::HEXLOWER;
use futures::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::problem::Problem;

/// What the names of its settings begin with.
const PREFIX: &str = "sandbox/";
const SECRET: &str = "sandbox_secret";
/// How often webhooks that are due are looked for.
const PAUSE: Duration = Duration::from_millis(200);

/// The sandbox of this server, on a thread of its own.
///
/// A call answers when what it changed is in the store, and others wait for it meanwhile. Neither may happen on
/// a thread of the runtime: with a database, what is waited for needs those threads itself.
#[derive(Clone)]
pub(in crate::commands::serve) struct SandboxProvider {
    calls: mpsc::Sender<Call>,
    /// For what neither reads nor changes its memory.
    sandbox: Arc<Sandbox>,
}

/// Something to do with the sandbox.
type Call = Box<dyn FnOnce(&Sandbox) + Send>;

impl SandboxProvider {
    pub(super) async fn open(store: &Arc<dyn Store>, url: &str) -> Result<Self> {
        let unreadable = |error: &dyn std::fmt::Display| {
            Problem::error(
                format!("the sandbox's memory can't be read: {error}"),
                "Name another data directory with --data.",
            )
        };
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh).map_err(|error| unreadable(&error))?;
        let secret = store.setting_or(SECRET, &fresh).await.map_err(|error| unreadable(&error))?;
        let rows = store.settings(PREFIX).await.map_err(|error| unreadable(&error))?;
        let rows = rows.into_iter().filter_map(|(name, value)| {
            Some((name.strip_prefix(PREFIX)?.to_owned(), String::from_utf8(value).ok()?))
        });
        let config = SandboxConfig {
            base_url: format!("{url}/sandbox"),
            webhook_secret: Secret::new(HEXLOWER.encode(&secret)),
        };
        let (store, runtime) = (Arc::clone(store), Handle::current());
        let keep = move |changes: Vec<Change>| {
            let settings = changes.into_iter().map(|change| {
                (format!("{PREFIX}{}", change.key), change.value.map(String::into_bytes))
            });
            let kept = store.change_settings(settings.collect());
            runtime.block_on(kept).map_err(|error| error.to_string())
        };
        let sandbox = Sandbox::restored(config, rows, Box::new(keep));
        let sandbox = Arc::new(sandbox.map_err(|error| unreadable(&error))?);
        let (calls, called) = mpsc::channel::<Call>();
        let at_work = Arc::clone(&sandbox);
        std::thread::Builder::new()
            .name("bursar-sandbox".to_owned())
            .spawn(move || called.into_iter().for_each(|call| call(&at_work)))
            .map_err(|error| unreadable(&error))?;
        Ok(Self { calls, sandbox })
    }

    pub(super) fn port(&self) -> Arc<dyn PaymentProvider> {
        Arc::new(self.clone())
    }

    /// Asks the sandbox in its turn. A caller who doesn't wait for the answer changes nothing of what is done.
    ///
    /// # Errors
    /// Those of the call; [`ProviderError::Unknown`] if it didn't come to an end.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        ask: impl AsyncFnOnce(&Sandbox) -> Result<T, ProviderError> + Send + 'static,
    ) -> Result<T, ProviderError> {
        let (reply, answer) = oneshot::channel();
        let call = Box::new(|sandbox: &Sandbox| {
            // It is asynchronous as a provider is, and never waits.
            if let Some(answer) = ask(sandbox).now_or_never() {
                // Fails only if nobody waits for it any more.
                let _ = reply.send(answer);
            }
        });
        let stopped = || ProviderError::Unknown("the sandbox has stopped".to_owned());
        self.calls.send(call).map_err(|_| stopped())?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Delivers the sandbox's webhooks to this very server, until the engine stops.
    pub(super) fn deliver_webhooks(&self, engine: Engine) {
        let provider = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = engine.stopped() => return,
                    () = tokio::time::sleep(PAUSE) => {}
                }
                if let Err(error) = deliver(&provider, &engine).await {
                    tracing::warn!(error, "a webhook of the sandbox is delivered again");
                }
            }
        });
    }
}

/// Delivers what is due; what isn't taken is due again later.
async fn deliver(provider: &SandboxProvider, engine: &Engine) -> Result<(), String> {
    let now = engine.wall_now();
    let due = provider.ask(async move |sandbox| sandbox.due_webhooks(now)).await;
    for webhook in due.map_err(|error| error.to_string())? {
        let event = provider.verify_webhook(&webhook.headers, &webhook.body, now);
        let event = event.map_err(|error| error.to_string())?;
        match engine.hear_provider(event).await {
            Ok(()) | Err(Failure::ShuttingDown) => {}
            Err(error) => return Err(error.to_string()),
        }
        let delivery = webhook.delivery;
        let done = provider.ask(async move |sandbox| sandbox.webhook_delivered(delivery)).await;
        done.map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[async_trait]
impl PaymentProvider for SandboxProvider {
    fn name(&self) -> &'static str {
        self.sandbox.name()
    }

    async fn create_customer(
        &self,
        customer: &NewCustomer,
        context: &Context,
    ) -> Result<CustomerRef, ProviderError> {
        let (customer, context) = (customer.clone(), *context);
        self.ask(async move |sandbox| sandbox.create_customer(&customer, &context).await).await
    }

    async fn start_setup(
        &self,
        setup: &StartSetup,
        context: &Context,
    ) -> Result<SetupSession, ProviderError> {
        let (setup, context) = (setup.clone(), *context);
        self.ask(async move |sandbox| sandbox.start_setup(&setup, &context).await).await
    }

    async fn setup(
        &self,
        setup: &SetupRef,
        context: &Context,
    ) -> Result<Option<Setup>, ProviderError> {
        let (setup, context) = (setup.clone(), *context);
        self.ask(async move |sandbox| sandbox.setup(&setup, &context).await).await
    }

    async fn attach(
        &self,
        method: &AttachMethod,
        context: &Context,
    ) -> Result<Attachment, ProviderError> {
        let (method, context) = (method.clone(), *context);
        self.ask(async move |sandbox| sandbox.attach(&method, &context).await).await
    }

    async fn method(
        &self,
        method: &MethodRef,
        context: &Context,
    ) -> Result<Option<PaymentMethod>, ProviderError> {
        let (method, context) = (method.clone(), *context);
        self.ask(async move |sandbox| sandbox.method(&method, &context).await).await
    }

    async fn detach(&self, method: &MethodRef, context: &Context) -> Result<(), ProviderError> {
        let (method, context) = (method.clone(), *context);
        self.ask(async move |sandbox| sandbox.detach(&method, &context).await).await
    }

    async fn charge(
        &self,
        payment: &PaymentRequest,
        context: &Context,
    ) -> Result<Payment, ProviderError> {
        let (payment, context) = (payment.clone(), *context);
        self.ask(async move |sandbox| sandbox.charge(&payment, &context).await).await
    }

    async fn payment(
        &self,
        payment: &PaymentLookup,
        context: &Context,
    ) -> Result<Option<Payment>, ProviderError> {
        let (payment, context) = (payment.clone(), *context);
        self.ask(async move |sandbox| sandbox.payment(&payment, &context).await).await
    }

    async fn cancel(
        &self,
        payment: &PaymentLookup,
        context: &Context,
    ) -> Result<Option<Payment>, ProviderError> {
        let (payment, context) = (payment.clone(), *context);
        self.ask(async move |sandbox| sandbox.cancel(&payment, &context).await).await
    }

    async fn refund(
        &self,
        refund: &RefundRequest,
        context: &Context,
    ) -> Result<Refund, ProviderError> {
        let (refund, context) = (refund.clone(), *context);
        self.ask(async move |sandbox| sandbox.refund(&refund, &context).await).await
    }

    async fn find_refund(
        &self,
        refund: &RefundLookup,
        context: &Context,
    ) -> Result<Option<Refund>, ProviderError> {
        let (refund, context) = (refund.clone(), *context);
        self.ask(async move |sandbox| sandbox.find_refund(&refund, &context).await).await
    }

    fn verify_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<ProviderEvent, WebhookError> {
        self.sandbox.verify_webhook(headers, body, now)
    }
}
