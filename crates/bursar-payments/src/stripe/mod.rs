//! Stripe, over its REST API.
//!
//! Our own small client: ten calls, replies read by tolerant structs (unknown fields and kinds are
//! passed over, missing ones are no failure unless they matter). The API version is pinned, the
//! address configurable.
//!
//! How ours becomes Stripe's: a payment is a PaymentIntent that is confirmed as it is made, with the
//! payment id as `Idempotency-Key` and as metadata; a refund is a Refund likewise; a session is a
//! SetupIntent for use while the customer is absent, or a Checkout Session that makes one.

mod amount;
mod charge;
mod client;
mod customer;
mod form;
mod method;
mod objects;
mod refund;
mod retry;
mod setup;
mod webhook;

use std::time::Duration;

use async_trait::async_trait;
use bursar_core::Context;
use bursar_core::time::Timestamp;
use http::HeaderMap;

pub use webhook::SIGNATURE_HEADER;

use crate::error::{ProviderError, WebhookError};
use crate::event::ProviderEvent;
use crate::id::{CustomerRef, MethodRef, SetupRef};
use crate::method::{
    AttachMethod, Attachment, NewCustomer, PaymentMethod, Setup, SetupSession, StartSetup,
};
use crate::payment::{Payment, PaymentLookup, PaymentRequest};
use crate::port::PaymentProvider;
use crate::refund::{Refund, RefundLookup, RefundRequest};
use crate::secret::Secret;
use client::Client;

/// The version of Stripe's API that the adapter was written for.
pub const API_VERSION: &str = "2025-03-31.basil";

/// What the adapter needs to know. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct StripeConfig {
    /// `sk_test_…`, `sk_live_…`, or a restricted key `rk_…` with write access to customers, payment
    /// methods, setup intents, checkout sessions, payment intents and refunds.
    pub secret_key: Secret,
    /// `pk_…`; given to the browser.
    pub publishable_key: String,
    /// `whsec_…` of the webhook endpoint; two while it is rotated.
    pub webhook_secrets: Vec<Secret>,
    /// `https://api.stripe.com`; `http` on this machine only.
    pub base_url: String,
    /// How long one attempt may take, from connecting to the last byte. Stripe's own libraries wait
    /// 80 seconds: a charge can take long, and giving up early makes outcomes unknown.
    pub timeout: Duration,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How often a call is attempted, the first time included; at least 1.
    pub attempts: u32,
    /// The pause before the second attempt, doubled for each further one; at most [`PAUSE_MOST`].
    pub pause: Duration,
}

/// The longest pause between two attempts, also if Stripe asks for more: what takes longer is the
/// outbox's business.
pub const PAUSE_MOST: Duration = Duration::from_secs(5);

impl StripeConfig {
    /// The usual settings.
    pub fn new(secret_key: Secret, publishable_key: String, webhook_secrets: Vec<Secret>) -> Self {
        Self {
            secret_key,
            publishable_key,
            webhook_secrets,
            base_url: "https://api.stripe.com".to_owned(),
            timeout: Duration::from_secs(80),
            connect_timeout: Duration::from_secs(10),
            attempts: 3,
            pause: Duration::from_millis(500),
        }
    }
}

/// The Stripe adapter.
#[derive(Debug)]
pub struct Stripe {
    client: Client,
    config: StripeConfig,
}

impl Stripe {
    /// Makes the client. Sends nothing.
    ///
    /// # Errors
    /// [`ProviderError::Misconfigured`] if the key or the address can't be used.
    pub fn new(config: StripeConfig) -> Result<Self, ProviderError> {
        Ok(Self { client: Client::new(&config)?, config })
    }
}

#[async_trait]
impl PaymentProvider for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    async fn create_customer(
        &self,
        customer: &NewCustomer,
        context: &Context,
    ) -> Result<CustomerRef, ProviderError> {
        customer::create(self, customer, context).await
    }

    async fn start_setup(
        &self,
        setup: &StartSetup,
        context: &Context,
    ) -> Result<SetupSession, ProviderError> {
        setup::start(self, setup, context).await
    }

    async fn setup(
        &self,
        setup: &SetupRef,
        context: &Context,
    ) -> Result<Option<Setup>, ProviderError> {
        setup::find(self, setup, context).await
    }

    async fn attach(
        &self,
        method: &AttachMethod,
        context: &Context,
    ) -> Result<Attachment, ProviderError> {
        method::attach(self, method, context).await
    }

    async fn method(
        &self,
        method: &MethodRef,
        context: &Context,
    ) -> Result<Option<PaymentMethod>, ProviderError> {
        method::describe(self, method, context).await
    }

    async fn detach(&self, method: &MethodRef, context: &Context) -> Result<(), ProviderError> {
        method::detach(self, method, context).await
    }

    async fn charge(
        &self,
        payment: &PaymentRequest,
        context: &Context,
    ) -> Result<Payment, ProviderError> {
        charge::charge(self, payment, context).await
    }

    async fn payment(
        &self,
        payment: &PaymentLookup,
        context: &Context,
    ) -> Result<Option<Payment>, ProviderError> {
        charge::find(self, payment, context).await
    }

    async fn cancel(
        &self,
        payment: &PaymentLookup,
        context: &Context,
    ) -> Result<Option<Payment>, ProviderError> {
        charge::cancel(self, payment, context).await
    }

    async fn refund(
        &self,
        refund: &RefundRequest,
        context: &Context,
    ) -> Result<Refund, ProviderError> {
        refund::refund(self, refund, context).await
    }

    async fn find_refund(
        &self,
        refund: &RefundLookup,
        context: &Context,
    ) -> Result<Option<Refund>, ProviderError> {
        refund::find(self, refund, context).await
    }

    fn verify_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<ProviderEvent, WebhookError> {
        webhook::read(self, headers, body, now)
    }
}
