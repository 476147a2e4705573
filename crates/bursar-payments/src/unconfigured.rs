//! No provider: what a live server has until it is told of one. Everything but money works.

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
use crate::port::PaymentProvider;
use crate::refund::{Refund, RefundLookup, RefundRequest};

/// Refuses everything as [`ProviderError::Misconfigured`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Unconfigured;

fn refuse<T>() -> Result<T, ProviderError> {
    Err(ProviderError::Misconfigured("no payment provider is configured".to_owned()))
}

#[async_trait]
impl PaymentProvider for Unconfigured {
    fn name(&self) -> &'static str {
        "none"
    }

    fn takes_payments(&self) -> bool {
        false
    }

    async fn create_customer(
        &self,
        _customer: &NewCustomer,
        _context: &Context,
    ) -> Result<CustomerRef, ProviderError> {
        refuse()
    }

    async fn start_setup(
        &self,
        _setup: &StartSetup,
        _context: &Context,
    ) -> Result<SetupSession, ProviderError> {
        refuse()
    }

    async fn setup(
        &self,
        _setup: &SetupRef,
        _context: &Context,
    ) -> Result<Option<Setup>, ProviderError> {
        refuse()
    }

    async fn attach(
        &self,
        _method: &AttachMethod,
        _context: &Context,
    ) -> Result<Attachment, ProviderError> {
        refuse()
    }

    async fn method(
        &self,
        _method: &MethodRef,
        _context: &Context,
    ) -> Result<Option<PaymentMethod>, ProviderError> {
        refuse()
    }

    async fn detach(&self, _method: &MethodRef, _context: &Context) -> Result<(), ProviderError> {
        refuse()
    }

    async fn charge(
        &self,
        _payment: &PaymentRequest,
        _context: &Context,
    ) -> Result<Payment, ProviderError> {
        refuse()
    }

    async fn payment(
        &self,
        _payment: &PaymentLookup,
        _context: &Context,
    ) -> Result<Option<Payment>, ProviderError> {
        refuse()
    }

    async fn cancel(
        &self,
        _payment: &PaymentLookup,
        _context: &Context,
    ) -> Result<Option<Payment>, ProviderError> {
        refuse()
    }

    async fn refund(
        &self,
        _refund: &RefundRequest,
        _context: &Context,
    ) -> Result<Refund, ProviderError> {
        refuse()
    }

    async fn find_refund(
        &self,
        _refund: &RefundLookup,
        _context: &Context,
    ) -> Result<Option<Refund>, ProviderError> {
        refuse()
    }

    fn verify_webhook(
        &self,
        _headers: &HeaderMap,
        _body: &[u8],
        _now: Timestamp,
    ) -> Result<ProviderEvent, WebhookError> {
        Err(WebhookError::Unsigned)
    }
}
