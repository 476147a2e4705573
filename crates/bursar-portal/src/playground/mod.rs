//! The playground: a small studio that uses the API as an app would. Test mode only.
//!
//! **Architecture invariant:** nothing here reaches into the engine to change anything. What the
//! studio does it does by HTTP requests to the API ([`call`]), so that what the page shows as requests
//! is what happened, and whoever copies them gets the same. The engine is only listened to, for the
//! live journal ([`live`]).
//!
//! The browser never sees the API key: it asks `/playground/api/…`, and the key is added here for what
//! is on a list ([`pass`]). Jobs run here as they would in the app's own backend ([`jobs`]). Who may ask
//! at all is decided by [`guard`].

mod call;
mod guard;
mod jobs;
mod live;
mod pages;
mod pass;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};
use bursar_engine::Engine;

use call::Api;
use jobs::Jobs;

/// Far above what the studio sends itself.
const BODY_LIMIT: usize = 64 * 1_024;

/// What a playground is made of.
pub struct Config {
    /// The complete API.
    pub api: Router,
    /// A test key with all scopes. It stays on this side.
    pub key: String,
    /// The engine behind that API, to listen to.
    pub engine: Engine,
    /// Host names under which it may be opened, besides IP addresses and `localhost`: any other may be
    /// a foreign page that had its own name point to this machine (DNS rebinding).
    pub hosts: Vec<String>,
    /// How long a job works at least, so that a hold can be watched while it is open. The clips take
    /// twice as long.
    pub work: Duration,
}

/// How long a picture works at least, where people watch.
pub const WATCHABLE: Duration = Duration::from_millis(2_600);

#[derive(Clone)]
struct Playground {
    shared: Arc<Shared>,
}

struct Shared {
    api: Api,
    engine: Engine,
    hosts: Vec<String>,
    jobs: Jobs,
}

impl Playground {
    fn api(&self) -> &Api {
        &self.shared.api
    }

    fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    fn hosts(&self) -> &[String] {
        &self.shared.hosts
    }

    fn jobs(&self) -> &Jobs {
        &self.shared.jobs
    }
}

/// `/` and all below `/playground`.
pub fn router(config: Config) -> Router {
    let Config { api, key, engine, hosts, work } = config;
    let jobs = Jobs::new(work);
    let shared = Shared { api: Api::new(api, key), engine, hosts, jobs };
    let state = Playground { shared: Arc::new(shared) };
    let guarded = from_fn_with_state(state.clone(), guard::run);
    Router::new()
        .route("/", get(pages::studio))
        .route("/playground", get(pages::studio))
        .route("/playground/static/{version}/{file}", get(pages::file))
        .route("/playground/api/{*path}", any(pass::forward))
        .route("/playground/jobs", post(jobs::start).get(jobs::list))
        .route("/playground/jobs/{job}", get(jobs::show))
        .route("/playground/live", get(live::follow))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(guarded)
        .with_state(state)
}
