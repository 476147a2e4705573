//! Who takes the money: the sandbox in test mode, Stripe when there is a key for it.

mod pages;
mod sandbox;

use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use bursar_engine::Engine;
use bursar_engine::access::Mode;
use bursar_payments::stripe::{Stripe, StripeConfig};
use bursar_payments::{PaymentProvider, Secret, Unconfigured};
use bursar_store::Store;
use clap::Args;

use crate::problem::Problem;
use sandbox::SandboxProvider;

/// How Stripe is reached.
#[derive(Debug, Args)]
pub(super) struct ProviderArgs {
    /// Where Stripe is; only for tests against a stand-in
    #[arg(long, value_name = "URL", env = "BURSAR_STRIPE_URL", hide = true)]
    stripe_url: Option<String>,
}

/// The environment's secrets, which are never arguments: those can be seen by others.
const KEY: &str = "BURSAR_STRIPE_KEY";
const PUBLISHABLE_KEY: &str = "BURSAR_STRIPE_PUBLISHABLE_KEY";
const WEBHOOK_SECRET: &str = "BURSAR_STRIPE_WEBHOOK_SECRET";

/// A provider that is ready.
pub(in crate::commands::serve) enum Provider {
    Sandbox(SandboxProvider),
    Stripe(Arc<Stripe>),
    None,
}

impl Provider {
    /// The provider of this mode. `url` is where the server is reached.
    pub(super) async fn open(
        args: &ProviderArgs,
        mode: Mode,
        store: &Arc<dyn Store>,
        url: &str,
    ) -> Result<Self> {
        match (stripe(args, mode)?, mode) {
            (Some(stripe), _) => Ok(Self::Stripe(Arc::new(stripe))),
            (None, Mode::Test) => Ok(Self::Sandbox(SandboxProvider::open(store, url).await?)),
            (None, Mode::Live) => {
                tracing::warn!("no payment provider: set {KEY} to sell anything");
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

/// Stripe, if the environment has a key.
fn stripe(args: &ProviderArgs, mode: Mode) -> Result<Option<Stripe>> {
    let Some(key) = secret(KEY)? else {
        return Ok(None);
    };
    let is_live = key.starts_with("sk_live_") || key.starts_with("rk_live_");
    if is_live != (mode == Mode::Live) {
        let (is, needs) = if is_live { ("live", "test") } else { ("test", "live") };
        return Err(Problem::error(
            format!("{KEY} is a key of Stripe's {is} mode, and this is {needs} mode"),
            format!("Set it to a key of {needs} mode, or unset it."),
        ));
    }
    let publishable = secret(PUBLISHABLE_KEY)?.ok_or_else(|| missing(PUBLISHABLE_KEY, "pk_"))?;
    let webhooks = secret(WEBHOOK_SECRET)?.ok_or_else(|| missing(WEBHOOK_SECRET, "whsec_"))?;
    // Two while one is rotated.
    let webhooks = webhooks.split(',').map(|secret| Secret::new(secret.trim())).collect();
    let mut config = StripeConfig::new(Secret::new(key), publishable, webhooks);
    if let Some(url) = &args.stripe_url {
        config.base_url.clone_from(url);
    }
    let stripe = Stripe::new(config);
    stripe.map(Some).map_err(|error| {
        Problem::error(format!("Stripe can't be used: {error}"), format!("Correct {KEY}."))
    })
}

fn missing(name: &str, prefix: &str) -> anyhow::Error {
    let fix = format!("Set {name} to the {prefix}… of Stripe's dashboard, under Developers.");
    Problem::error(format!("{KEY} is set, and {name} is not"), fix)
}

fn secret(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(secret) if !secret.trim().is_empty() => Ok(Some(secret.trim().to_owned())),
        Ok(_) | Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Problem::error(format!("{name} is not text"), "Set it anew, or unset it."))
        }
    }
}
