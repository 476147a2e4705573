//! What every route shares.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use bursar_core::catalog::Catalog;
use bursar_core::id::{AssetId, CatalogVersion};
use bursar_engine::Engine;
use bursar_engine::access::Access;
use tokio::sync::{Mutex, MutexGuard, OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::documents::{self, PageError};
use crate::middleware::limit::Limiter;
use crate::middleware::metrics::HttpMetrics;
use crate::routes::docs::Document;
use crate::wire::catalog::CatalogView;

/// How the API behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// The largest body of a batch, in bytes.
    pub batch_body_limit: usize,
    /// How often a key may call; unlimited, if absent.
    pub rate_limit: Option<RateLimit>,
    /// Where people reach this server, without a slash at the end.
    pub public_url: String,
    /// How often a silent stream of events says that it lives.
    pub heartbeat: Duration,
    /// How many uploads are taken at once; others wait. Each takes up to 24 MiB of memory.
    pub uploads_at_once: usize,
    /// How many archives are written at once; others are told to come again.
    pub exports_at_once: usize,
    /// How long an upload may send nothing.
    pub upload_silence: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            body_limit: 1_048_576,
            batch_body_limit: 4 * 1_048_576,
            rate_limit: None,
            public_url: "http://127.0.0.1:8080".to_owned(),
            heartbeat: Duration::from_secs(15),
            uploads_at_once: 16,
            exports_at_once: 8,
            upload_silence: Duration::from_secs(60),
        }
    }
}

/// How often a key may call.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    /// Requests a second, on average.
    pub per_second: NonZeroU32,
    /// Requests at once.
    pub burst: NonZeroU32,
}

/// What every route shares. Cheap to clone.
#[derive(Clone)]
pub struct ApiState {
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    access: Access,
    config: Config,
    limiter: Option<Limiter>,
    metrics: HttpMetrics,
    catalog: Bytes,
    /// What is said of all routes, once they are known.
    document: OnceLock<Document>,
    /// Catalogs of the past that were asked for, which documents show the seller of.
    past: Mutex<HashMap<CatalogVersion, Arc<Catalog>>>,
    uploads: Semaphore,
    exports: Arc<Semaphore>,
    /// One for each upload that is being noted; ids share them.
    noting: [Mutex<()>; 64],
}

impl ApiState {
    /// The state of an API over a running engine. Adds the API's metrics to the engine's.
    pub fn new(engine: Engine, access: Access, config: Config) -> Self {
        let limiter = config.rate_limit.map(|limit| Limiter::new(limit, engine.clone()));
        let metrics = HttpMetrics::register(engine.metrics());
        let view = CatalogView::from(engine.catalog().as_ref());
        let catalog = serde_json::to_vec(&view).unwrap_or_default().into();
        let past = Mutex::default();
        let uploads = Semaphore::new(config.uploads_at_once);
        let exports = Arc::new(Semaphore::new(config.exports_at_once));
        let noting = std::array::from_fn(|_| Mutex::default());
        let shared = Shared {
            engine,
            access,
            config,
            limiter,
            metrics,
            catalog,
            document: OnceLock::new(),
            past,
            uploads,
            exports,
            noting,
        };
        Self { shared: Arc::new(shared) }
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    pub(crate) fn access(&self) -> &Access {
        &self.shared.access
    }

    pub(crate) fn config(&self) -> &Config {
        &self.shared.config
    }

    pub(crate) fn limiter(&self) -> Option<&Limiter> {
        self.shared.limiter.as_ref()
    }

    pub(crate) fn metrics(&self) -> &HttpMetrics {
        &self.shared.metrics
    }

    /// A place for an upload, as soon as there is one.
    pub(crate) async fn upload_place(&self) -> Option<SemaphorePermit<'_>> {
        self.shared.uploads.acquire().await.ok()
    }

    /// A place for an archive, if there is one.
    pub(crate) fn export_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.shared.exports).try_acquire_owned().ok()
    }

    /// Nobody else notes an upload of that asset meanwhile.
    pub(crate) async fn note_alone(&self, asset: AssetId) -> Option<MutexGuard<'_, ()>> {
        let last = asset.to_string().bytes().fold(0_usize, |sum, b| sum.wrapping_add(b.into()));
        let mutex = self.shared.noting.get(last % self.shared.noting.len())?;
        Some(mutex.lock().await)
    }

    /// The catalog in force as JSON.
    pub(crate) fn catalog_json(&self) -> Bytes {
        self.shared.catalog.clone()
    }

    /// Keeps the document of all routes. Whatever is made of one state has the same.
    pub(crate) fn keep_document(&self, document: &utoipa::openapi::OpenApi) {
        self.shared.document.get_or_init(|| Document::of(document));
    }

    /// The document that is kept.
    pub(crate) fn document(&self) -> Option<&Document> {
        self.shared.document.get()
    }

    /// The catalog of a version, in force or not; `None` if it was never kept, or can't be read by
    /// this release.
    pub(crate) async fn catalog_of(
        &self,
        version: CatalogVersion,
    ) -> Result<Arc<Catalog>, PageError> {
        let present = self.engine().catalog();
        if present.version == version {
            return Ok(Arc::clone(present));
        }
        let mut past = self.shared.past.lock().await;
        if let Some(known) = past.get(&version) {
            return Ok(Arc::clone(known));
        }
        let read = documents::catalog_of(&**self.engine().store(), version).await?;
        past.insert(version, Arc::clone(&read));
        Ok(read)
    }
}
