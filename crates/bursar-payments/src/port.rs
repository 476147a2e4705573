//! The port: what the engine needs of a payment provider, and nothing else.
//!
//! # Races, and who wins them
//!
//! **The reply is lost.** A call that ends in [`ProviderError::Unknown`] may have been done. Repeating
//! it under the same id with [`Attempt::Again`](crate::Attempt) is always right: it returns what was
//! done, or does it. [`PaymentProvider::payment`] only looks, and never takes money.
//!
//! **The request is still on its way.** A payment that isn't found right after an unknown outcome may
//! appear a moment later, so `None` doesn't mean that it never will be. Repeating the call under the
//! same id settles it, since the provider lets only one of the two through.
//!
//! **The key is forgotten.** Providers forget idempotency keys (Stripe after a day). `Again` looks
//! for the payment first, by the id that it carries as metadata.
//!
//! **The webhook overtakes the reply.** [`ProviderEvent`]s carry our id, so they can be applied
//! before the reply is there; [`PaymentStatus::settle`](crate::PaymentStatus::settle) makes the
//! order irrelevant.
//!
//! **The customer completes an old payment while a new one is made** (a 3-D Secure page left open,
//! then another card): [`cancel`](PaymentProvider::cancel) the old one first and look at what comes
//! back. It is either cancelled, and can't take money any more, or it succeeded, and the new one is
//! not needed.
//!
//! **Two nodes send the same payment.** The provider answers one, and tells the other that the first
//! is under way, which is [`ProviderError::Unknown`]; repeating it returns the first one's result.

use async_trait::async_trait;
use bursar_core::Context;
use bursar_core::time::Timestamp;
use http::HeaderMap;

use crate::error::{ProviderError, WebhookError};
use crate::event::ProviderEvent;
use crate::id::{CustomerRef, MethodRef, SetupRef};
use crate::method::{
    AttachMethod, Attachment, NewCustomer, PaymentMethod, Setup, SetupSession, StartSetup,
};
use crate::payment::{Payment, PaymentLookup, PaymentRequest};
use crate::refund::{Refund, RefundLookup, RefundRequest};

/// A payment provider.
///
/// Calls may take as long as the provider's timeout times its attempts. The `context` carries the
/// real time (never an account's test clock) and fresh randomness, from which an adapter spreads its
/// retries.
///
/// # Errors
/// Every call fails with a [`ProviderError`], which says whether it was done.
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    /// What it is called in configuration, records and logs: `sandbox`, `stripe`.
    fn name(&self) -> &'static str;

    /// Can anything be paid with it? Only what stands for no provider says no.
    fn takes_payments(&self) -> bool {
        true
    }

    /// Makes a customer.
    async fn create_customer(
        &self,
        customer: &NewCustomer,
        context: &Context,
    ) -> Result<CustomerRef, ProviderError>;

    /// Starts a session in which the customer enters payment details.
    async fn start_setup(
        &self,
        setup: &StartSetup,
        context: &Context,
    ) -> Result<SetupSession, ProviderError>;

    /// How far a session is; `None` if there is none of that name.
    async fn setup(
        &self,
        setup: &SetupRef,
        context: &Context,
    ) -> Result<Option<Setup>, ProviderError>;

    /// Attaches a payment method to a customer.
    async fn attach(
        &self,
        method: &AttachMethod,
        context: &Context,
    ) -> Result<Attachment, ProviderError>;

    /// Describes a payment method; `None` if there is none of that name.
    async fn method(
        &self,
        method: &MethodRef,
        context: &Context,
    ) -> Result<Option<PaymentMethod>, ProviderError>;

    /// Detaches a payment method for good. One that is detached already stays so.
    async fn detach(&self, method: &MethodRef, context: &Context) -> Result<(), ProviderError>;

    /// Takes money, at most once per payment id.
    async fn charge(
        &self,
        payment: &PaymentRequest,
        context: &Context,
    ) -> Result<Payment, ProviderError>;

    /// Looks for a payment; `None` if the provider has none of that id now.
    async fn payment(
        &self,
        payment: &PaymentLookup,
        context: &Context,
    ) -> Result<Option<Payment>, ProviderError>;

    /// Gives a payment up, unless it has succeeded, and returns what it has come to. `None` if the
    /// provider has none of that id now; one whose outcome is unknown may still appear, so settle
    /// that first by repeating [`charge`](Self::charge).
    async fn cancel(
        &self,
        payment: &PaymentLookup,
        context: &Context,
    ) -> Result<Option<Payment>, ProviderError>;

    /// Returns money, at most once per refund id.
    async fn refund(
        &self,
        refund: &RefundRequest,
        context: &Context,
    ) -> Result<Refund, ProviderError>;

    /// Looks for a refund; `None` if the provider has none of that id now.
    async fn find_refund(
        &self,
        refund: &RefundLookup,
        context: &Context,
    ) -> Result<Option<Refund>, ProviderError>;

    /// Reads a message if it is really the provider's. A repetition within the tolerance verifies
    /// again, with the same [`EventRef`](crate::id::EventRef): applying it once is the caller's part.
    ///
    /// # Errors
    /// [`WebhookError`]; nothing of the body is to be believed.
    fn verify_webhook(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<ProviderEvent, WebhookError>;
}
