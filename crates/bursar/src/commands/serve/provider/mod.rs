//! Who takes the money: the sandbox in test mode, Stripe when there is a key for it.

mod pages;
mod sandbox;
mod stripe;

use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use bursar_engine::Engine;
use bursar_engine::access::Mode;
use bursar_payments::stripe::Stripe;
use bursar_payments::{PaymentProvider, Unconfigured};
use bursar_store::Store;
use clap::Args;

use sandbox::SandboxProvider;

/// How Stripe is reached.
#[derive(Debug, Args)]
pub(super) struct ProviderArgs {
    /// Where Stripe is; only for tests against a stand-in
    #[arg(long, value_name = "URL", env = "BURSAR_STRIPE_URL", hide = true)]
    stripe_url: Option<String>,
}

impl ProviderArgs {
    /// Stripe, if the environment has a key for it.
    pub(super) fn stripe(&self, mode: Mode) -> Result<Option<Arc<Stripe>>> {
        stripe::configured(self.stripe_url.as_deref(), mode)
    }
}

/// A provider that is ready.
pub(in crate::commands::serve) enum Provider {
    Sandbox(SandboxProvider),
    Stripe(Arc<Stripe>),
    None,
}

impl Provider {
    /// The provider of this mode. `url` is where the server is reached.
    pub(super) async fn open(
        stripe: Option<Arc<Stripe>>,
        mode: Mode,
        store: &Arc<dyn Store>,
        url: &str,
    ) -> Result<Self> {
        match (stripe, mode) {
            (Some(stripe), _) => Ok(Self::Stripe(stripe)),
            (None, Mode::Test) => Ok(Self::Sandbox(SandboxProvider::open(store, url).await?)),
            (None, Mode::Live) => {
                let key = stripe::KEY;
                tracing::warn!("no payment provider: nothing can be sold before {key} is set");
                Ok(Self::None)
            }
        }
    }

    /// What the engine is given.
    pub(super) fn port(&self) -> Arc<dyn PaymentProvider> {
        match self {
            Self::Sandbox(sandbox) => sandbox.port(),
            Self::Stripe(stripe) => {
                let stripe: Arc<Stripe> = Arc::clone(stripe);
                stripe
            }
            Self::None => Arc::new(Unconfigured),
        }
    }

    /// Where its pages are that a form of ours may lead to, besides our own address.
    pub(super) fn form_targets(&self) -> Vec<String> {
        match self {
            Self::Stripe(_) => {
                vec![
                    "https://checkout.stripe.com".to_owned(),
                    "https://hooks.stripe.com".to_owned(),
                ]
            }
            Self::Sandbox(_) | Self::None => Vec::new(),
        }
    }

    /// In words, for the start-up message.
    pub(super) const fn words(&self) -> &'static str {
        match self {
            Self::Sandbox(_) => "sandbox: test cards such as pm_card_visa, no money moves",
            Self::Stripe(_) => "Stripe",
            Self::None => "none: nothing can be sold",
        }
    }

    /// Adds what the provider serves itself, and starts what it does by itself.
    pub(super) fn attend(&self, engine: &Engine, router: Router) -> Router {
        match self {
            Self::Sandbox(sandbox) => {
                sandbox.deliver_webhooks(engine.clone());
                router.merge(pages::router(sandbox, engine.clone()))
            }
            Self::Stripe(_) | Self::None => router,
        }
    }
}
