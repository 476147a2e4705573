//! What every page shares.

use std::sync::Arc;
use std::time::Duration;

use bursar_core::catalog::Catalog;
use bursar_engine::Engine;
use bursar_engine::access::Mode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Archives that are written at once.
const EXPORTS_AT_ONCE: usize = 8;

/// How the pages behave.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where people reach this server, without a slash at the end.
    pub public_url: String,
    /// Test or live.
    pub mode: Mode,
    /// Origins besides our own that a form may lead to: pages of the payment provider, as in
    /// `https://pay.example`.
    pub form_targets: Vec<String>,
    /// How often a silent stream of events says that it lives.
    pub heartbeat: Duration,
}

/// What every page shares. Cheap to clone.
#[derive(Clone)]
pub struct Portal {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    config: Config,
    /// The Content-Security-Policy of every page.
    policy: String,
    /// Places for archives of files that are written at once.
    exports: Arc<Semaphore>,
}

impl Config {
    /// Pages that are reached at an address.
    pub fn new(public_url: impl Into<String>, mode: Mode) -> Self {
        let heartbeat = Duration::from_secs(15);
        Self { public_url: public_url.into(), mode, form_targets: Vec::new(), heartbeat }
    }

    /// Are pages reached by https? Then cookies go no other way.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    fn policy(&self) -> String {
        let targets: String = self.form_targets.iter().map(|origin| format!(" {origin}")).collect();
        format!(
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
             connect-src 'self'; form-action 'self'{targets}; frame-ancestors 'none'; base-uri 'none'"
        )
    }
}

impl Portal {
    /// Pages over a running engine.
    pub fn new(engine: Engine, config: Config) -> Self {
        let policy = config.policy();
        let exports = Arc::new(Semaphore::new(EXPORTS_AT_ONCE));
        Self { shared: Arc::new(Shared { engine, config, policy, exports }) }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    pub(crate) fn config(&self) -> &Config {
        &self.shared.config
    }

    pub(crate) fn catalog(&self) -> &Arc<Catalog> {
        self.shared.engine.catalog()
    }

    /// A place among those who download all their files; `None` if all are taken.
    pub(crate) fn export_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.shared.exports).try_acquire_owned().ok()
    }

    pub(crate) fn policy(&self) -> &str {
        &self.shared.policy
    }
}
