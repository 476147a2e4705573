//! The sandbox over this server's store: what it remembers survives a restart, as a provider would.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bursar_engine::{Engine, Failure};
use bursar_payments::sandbox::{Change, Sandbox, SandboxConfig};
use bursar_payments::{PaymentProvider, Secret};
use bursar_store::Store;
use data_encoding::HEXLOWER;
use tokio::runtime::Handle;

use crate::problem::Problem;

/// What the names of its settings begin with.
const PREFIX: &str = "sandbox/";
const SECRET: &str = "sandbox_secret";
/// How often webhooks that are due are looked for.
const PAUSE: Duration = Duration::from_millis(200);

/// The sandbox of this server.
#[derive(Clone)]
pub(in crate::commands::serve) struct SandboxProvider {
    sandbox: Arc<Sandbox>,
}

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
            // The sandbox answers when this is on the disk, from whatever task it is asked.
            tokio::task::block_in_place(|| runtime.block_on(kept))
                .map_err(|error| error.to_string())
        };
        let sandbox = Sandbox::restored(config, rows, Box::new(keep));
        let sandbox = Arc::new(sandbox.map_err(|error| unreadable(&error))?);
        Ok(Self { sandbox })
    }

    pub(super) fn port(&self) -> Arc<dyn PaymentProvider> {
        let sandbox: Arc<Sandbox> = Arc::clone(&self.sandbox);
        sandbox
    }

    pub(super) fn sandbox(&self) -> &Arc<Sandbox> {
        &self.sandbox
    }

    /// Delivers the sandbox's webhooks to this very server, until the engine stops.
    pub(super) fn deliver_webhooks(&self, engine: Engine) {
        let sandbox = Arc::clone(&self.sandbox);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = engine.stopped() => return,
                    () = tokio::time::sleep(PAUSE) => {}
                }
                if let Err(error) = deliver(&sandbox, &engine).await {
                    tracing::warn!(error, "a webhook of the sandbox is delivered again");
                }
            }
        });
    }
}

/// Delivers what is due; what isn't taken is due again later.
async fn deliver(sandbox: &Sandbox, engine: &Engine) -> Result<(), String> {
    let now = engine.wall_now();
    for webhook in sandbox.due_webhooks(now).map_err(|error| error.to_string())? {
        let event = sandbox.verify_webhook(&webhook.headers, &webhook.body, now);
        let event = event.map_err(|error| error.to_string())?;
        match engine.hear_provider(event).await {
            Ok(()) | Err(Failure::ShuttingDown) => {}
            Err(error) => return Err(error.to_string()),
        }
        let done = sandbox.webhook_delivered(webhook.delivery);
        done.map_err(|error| error.to_string())?;
    }
    Ok(())
}
