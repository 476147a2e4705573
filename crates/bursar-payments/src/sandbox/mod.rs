//! The sandbox: a payment provider inside the process, for trying things out and for tests.
//!
//! It knows Stripe's test cards by Stripe's names, has a form in which they can be entered and a 3-D
//! Secure page, sends signed webhooks (or loses, delays, repeats and reorders them), and moves no
//! money. It is deterministic: the same calls in the same order give the same names and results.
//!
//! The HTTP layer mounts [`card_form`](Sandbox::card_form), [`submit_card`](Sandbox::submit_card),
//! [`challenge`](Sandbox::challenge), [`answer_challenge`](Sandbox::answer_challenge) and
//! [`STYLESHEET`] below [`SandboxConfig::base_url`], and delivers
//! [`due_webhooks`](Sandbox::due_webhooks).
//!
//! What it remembers is kept as rows: each change hands those that changed to a [`Keep`], so that
//! its cost doesn't depend on how much there is, and [`restored`](Sandbox::restored) goes on from all
//! of them.

mod cards;
mod charge;
mod controls;
mod customer;
mod forms;
mod keep;
mod method;
mod offered;
mod pages;
mod refund;
mod rows;
mod setup;
mod state;
mod webhook;

use async_trait::async_trait;
use bursar_core::Context;
use bursar_core::time::Timestamp;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use parking_lot::Mutex;
use sha2::Sha256;

pub use cards::{LATENESS, Loss, Webhooks};
pub use controls::SandboxControls;
pub use keep::{Change, DamagedRow, Keep};
pub use offered::{CardGroup, OfferedCard, offered_cards};
pub use pages::{FormReply, Page, STYLESHEET};
pub use state::SandboxState;
pub use webhook::{DueWebhook, SIGNATURE_HEADER};

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

/// What a sandbox needs to know.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Where its pages are mounted, without a slash at the end:
    /// `http://127.0.0.1:8080/sandbox`.
    pub base_url: String,
    /// Signs its webhooks and makes the addresses of its pages unguessable.
    pub webhook_secret: Secret,
}

/// The built-in payment provider.
pub struct Sandbox {
    config: SandboxConfig,
    state: Mutex<SandboxState>,
    keep: Option<Keep>,
}

impl Sandbox {
    /// An empty one that forgets everything with the process.
    pub fn new(config: SandboxConfig) -> Self {
        Self { config, state: Mutex::default(), keep: None }
    }

    /// One that goes on from the rows that were kept, key and value each, in any order; none for a
    /// new one. Hands those that change to `keep`.
    ///
    /// # Errors
    /// [`DamagedRow`] names the row that isn't one of the sandbox's, or is missing.
    pub fn restored(
        config: SandboxConfig,
        rows: impl IntoIterator<Item = (String, String)>,
        keep: Keep,
    ) -> Result<Self, DamagedRow> {
        let state = Mutex::new(SandboxState::restored(rows)?);
        Ok(Self { config, state, keep: Some(keep) })
    }

    /// A copy of all that it remembers.
    pub fn state(&self) -> SandboxState {
        self.state.lock().clone()
    }

    /// The levers.
    pub fn controls(&self) -> SandboxControls<'_> {
        SandboxControls(self)
    }

    /// The webhooks that are due, in order. One that isn't acknowledged is due again after a minute,
    /// ten times at most. Cheap to ask, and keeps nothing, while none is due.
    ///
    /// # Errors
    /// [`ProviderError::Unknown`] if the change can't be kept.
    pub fn due_webhooks(&self, now: Timestamp) -> Result<Vec<DueWebhook>, ProviderError> {
        self.change(|state| {
            state.advance(now)?;
            Ok(webhook::due(state, &self.config, now))
        })
    }

    /// A webhook was taken: it isn't sent again.
    ///
    /// # Errors
    /// [`ProviderError::Unknown`] if the change can't be kept.
    pub fn webhook_delivered(&self, delivery: u64) -> Result<(), ProviderError> {
        self.change(|state| {
            state.queue.remove(&delivery);
            Ok(())
        })
    }

    /// Changes the state and keeps what changed, whatever the outcome: a lost reply changes it too.
    ///
    /// What an earlier call couldn't keep is kept first. Until it is, nothing is done and nobody is
    /// told of it, so looking goes through here, too.
    fn change<T>(
        &self,
        act: impl FnOnce(&mut SandboxState) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        let mut state = self.state.lock();
        self.keep(&mut state)?;
        let outcome = act(&mut state);
        self.keep(&mut state)?;
        outcome
    }

    /// Keeps what isn't kept yet. [`ProviderError::Unknown`] even if it is another call's: this one
    /// may be its repetition.
    fn keep(&self, state: &mut SandboxState) -> Result<(), ProviderError> {
        if let Some(keep) = &self.keep {
            let unwritable = |_| ProviderError::Unknown("a row can't be written".to_owned());
            let changes = state.changes().map_err(unwritable)?;
            if changes.is_empty() {
                return Ok(());
            }
            keep(changes).map_err(ProviderError::Unknown)?;
        }
        state.kept();
        Ok(())
    }

    /// An unguessable part of a page's address. Made from the secret, so that it needs no
    /// randomness.
    fn page_secret(&self, state: &mut SandboxState) -> String {
        let number = state.next();
        let key = self.config.webhook_secret.expose().as_bytes();
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
            return number.to_string();
        };
        mac.update(b"sandbox page ");
        mac.update(&number.to_be_bytes());
        let code = mac.finalize().into_bytes();
        HEXLOWER.encode(code.get(..16).unwrap_or_default())
    }

    fn form_url(&self, secret: &str) -> String {
        format!("{}/setup/{secret}", self.config.base_url)
    }

    fn challenge_url(&self, secret: &str) -> String {
        format!("{}/challenge/{secret}", self.config.base_url)
    }
}

#[async_trait]
impl PaymentProvider for Sandbox {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    async fn create_customer(
        &self,
        customer: &NewCustomer,
        _context: &Context,
    ) -> Result<CustomerRef, ProviderError> {
        self.change(|state| customer::create(state, customer))
    }

    async fn start_setup(
        &self,
        setup: &StartSetup,
        _context: &Context,
    ) -> Result<SetupSession, ProviderError> {
        self.change(|state| setup::start(self, state, setup))
    }

    async fn setup(
        &self,
        setup: &SetupRef,
        _context: &Context,
    ) -> Result<Option<Setup>, ProviderError> {
        self.change(|state| Ok((state.setups.get(setup)).map(|record| record.describe(setup))))
    }

    async fn attach(
        &self,
        method: &AttachMethod,
        _context: &Context,
    ) -> Result<Attachment, ProviderError> {
        self.change(|state| method::attach(state, method))
    }

    async fn method(
        &self,
        method: &MethodRef,
        _context: &Context,
    ) -> Result<Option<PaymentMethod>, ProviderError> {
        self.change(|state| Ok(method::describe(state, method)))
    }

    async fn detach(&self, method: &MethodRef, context: &Context) -> Result<(), ProviderError> {
        self.change(|state| method::detach(state, method, context.now))
    }

    async fn charge(
        &self,
        payment: &PaymentRequest,
        context: &Context,
    ) -> Result<Payment, ProviderError> {
        self.change(|state| {
            state.advance(context.now)?;
            charge::charge(self, state, payment, context.now)
        })
    }

    async fn payment(
        &self,
        payment: &PaymentLookup,
        context: &Context,
    ) -> Result<Option<Payment>, ProviderError> {
        self.change(|state| {
            state.advance(context.now)?;
            Ok((state.payments.get(&payment.id)).map(|record| self.payment_of(record)))
        })
    }

    async fn cancel(
        &self,
        payment: &PaymentLookup,
        context: &Context,
    ) -> Result<Option<Payment>, ProviderError> {
        self.change(|state| {
            state.advance(context.now)?;
            charge::cancel(self, state, payment, context.now)
        })
    }

    async fn refund(
        &self,
        refund: &RefundRequest,
        context: &Context,
    ) -> Result<Refund, ProviderError> {
        self.change(|state| {
            state.advance(context.now)?;
            refund::refund(state, refund, context.now)
        })
    }

    async fn find_refund(
        &self,
        refund: &RefundLookup,
        context: &Context,
    ) -> Result<Option<Refund>, ProviderError> {
        self.change(|state| {
            state.advance(context.now)?;
            Ok(state.refunds.get(&refund.id).cloned())
        })
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
