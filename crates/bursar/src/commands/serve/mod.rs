//! `bursar serve`: from a directory and a port to a running server, and back.

mod catalog_in_force;
mod connections;
mod first_key;
mod front;
mod listen;
mod logs;
mod mail;
mod opened;
mod provider;
mod public_url;
mod ready;
mod signals;
mod store_metrics;
mod vault;

use std::num::NonZeroU32;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use bursar_api::{ApiState, Config, RateLimit};
use bursar_engine::access::{Access, Mode};
use bursar_engine::{Clock, Engine, SystemClock};
use bursar_portal::Portal;
use clap::Args;
use tokio::net::TcpListener;

use crate::cli::StoreArgs;
use crate::data::catalogs::{self, Loaded};
use crate::data::directory;
use crate::data::mode::{self, ModeName};
use crate::problem::{self, Answer};
use front::PlaygroundName;
use logs::LogFormat;
use mail::MailArgs;
use opened::Opened;
use provider::{Provider, ProviderArgs};
use public_url::PublicUrl;
use ready::Ready;
use signals::Signals;
use vault::VaultArgs;

const DEFAULT_LISTEN: &str = "127.0.0.1:8080";

const EXAMPLES: &str = "\
Examples:
  bursar serve                    test mode, the built-in catalog, ./bursar-data
  bursar serve --catalog my.toml --listen 127.0.0.1:9000
  bursar serve --mode live --data /var/lib/bursar --log-format json

More environment variables:
  BURSAR_BOOTSTRAP_KEY  an API key with all scopes, for scripts: bk_test_ or
                        bk_live_ and at least 16 letters, digits, - or _
  BURSAR_STRIPE_KEY     takes payments by Stripe: sk_… or rk_…, with
                        BURSAR_STRIPE_PUBLISHABLE_KEY (pk_…) and
                        BURSAR_STRIPE_WEBHOOK_SECRET (whsec_…, two with a comma
                        while one is rotated); its webhooks go to
                        /v1/provider/stripe/webhooks. Without it test mode has
                        a sandbox, and live mode sells nothing
  BURSAR_SMTP_URL       sends mail: smtps://user:password@host, or smtp://…:587
                        with STARTTLS. Without it test mode writes mails into
                        the data directory, and live mode sends none
  AWS_ACCESS_KEY_ID     with AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL and
                        the like: credentials of a vault at s3://
  BURSAR_LOG            which log lines: error, warn, info (default), debug

Ctrl-C or SIGTERM stops it: no new requests, those in flight get up to ten seconds. A second one stops \
it at once. There is no TLS: put a reverse proxy in front.";

/// How to serve.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, args_override_self = true)]
pub(crate) struct ServeArgs {
    /// Test: sandbox payments, test clocks; live: real money. A data directory keeps its mode
    #[arg(long, value_enum, env = "BURSAR_MODE", default_value_t)]
    mode: ModeName,
    #[command(flatten)]
    data: StoreArgs,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", env = "BURSAR_LISTEN", default_value = DEFAULT_LISTEN)]
    listen: String,
    /// Where people reach this server, as in https://billing.example: what links begin with; the
    /// address that it listens on, if left out
    #[arg(long, value_name = "URL", env = "BURSAR_PUBLIC_URL")]
    public_url: Option<PublicUrl>,
    /// What is sold; the catalog that is built in (ScriptKit's), if left out
    #[arg(long, value_name = "FILE", env = "BURSAR_CATALOG")]
    catalog: Option<String>,
    /// How log lines are written, to stderr; json: the start-up message, too
    #[arg(long, value_enum, env = "BURSAR_LOG_FORMAT", default_value_t)]
    log_format: LogFormat,
    /// The most requests a second of one API key, and at once; unlimited, if left out
    #[arg(long, value_name = "N", env = "BURSAR_RATE_LIMIT")]
    rate_limit: Option<NonZeroU32>,
    /// The largest request body in bytes
    #[arg(long, value_name = "BYTES", env = "BURSAR_BODY_LIMIT", default_value_t = 1 << 20)]
    body_limit: usize,
    /// The largest body of a batch in bytes
    #[arg(long, value_name = "BYTES", env = "BURSAR_BATCH_BODY_LIMIT", default_value_t = 4 << 20)]
    batch_body_limit: usize,
    /// Is there a playground at /? It asks for no key; auto: in test mode, unless others can reach it
    #[arg(long, value_enum, env = "BURSAR_PLAYGROUND", default_value_t)]
    playground: PlaygroundName,
    #[command(flatten)]
    vault: VaultArgs,
    #[command(flatten)]
    provider: ProviderArgs,
    #[command(flatten)]
    mail: MailArgs,
}

impl ServeArgs {
    fn api(&self, public_url: &str) -> Config {
        Config {
            public_url: public_url.to_owned(),
            body_limit: self.body_limit,
            batch_body_limit: self.batch_body_limit,
            rate_limit: self.rate_limit.map(|limit| RateLimit { per_second: limit, burst: limit }),
            ..Config::default()
        }
    }
}

pub(crate) fn run(args: &ServeArgs) -> Result<Answer> {
    logs::start(args.log_format);
    // Before anything is made: a catalog with mistakes leaves no trace.
    let catalog = catalogs::load(args.catalog.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("cannot start a runtime")?.block_on(serve(args, &catalog))
}

async fn serve(args: &ServeArgs, catalog: &Loaded) -> Result<Answer> {
    let mode = args.mode.mode();
    let bootstrap = first_key::bootstrap(mode)?;
    let stripe = args.provider.stripe(mode)?;
    // The address first: while the data comes up, clients wait in its queue.
    let listener = listen::bind(&args.listen).await?;
    let dir = args.data.dir();
    let new = directory::prepare(dir)?;
    let Opened { store, name, embedded } = Opened::of(&args.data).await?;
    let clock = Arc::new(SystemClock);
    mode::keep(&*store, mode, &name).await?;
    let key = first_key::ensure(&*store, mode, bootstrap, dir, clock.now()).await?;
    catalog_in_force::note(&*store, catalog, dir, clock.now()).await?;

    let address = listener.local_addr().context("the address is not known")?;
    let url = listen::url(address);
    let public_url = args.public_url.as_ref().map_or(url.as_str(), PublicUrl::as_str);
    let provider = Provider::open(stripe, mode, &store, public_url).await?;
    let options = bursar_engine::Options {
        store: store.clone(),
        catalog: Arc::clone(&catalog.catalog),
        clock: clock.clone(),
        provider: provider.port(),
        vault: args.vault.open(dir, &*store).await?,
        seed: None,
    };
    let engine = Engine::start(options).await;
    let engine = engine.map_err(|error| problem::of_store("start on", &name, &error))?;
    args.vault.sweep(&engine).await?;
    let mailer = mail::start(&args.mail, mode, dir, &engine).await?;
    if let Some(embedded) = &embedded {
        store_metrics::register(engine.metrics(), embedded);
    }
    let access = Access::new(store, clock, mode);
    let api = bursar_api::router(ApiState::new(engine.clone(), access, args.api(public_url)));
    let playground = args.playground.opens(mode, address, public_url);
    let names = front::names(&args.listen, public_url);
    let playground = playground.then(|| front::playground(&api, &engine, key.as_ref(), names));
    let playground = playground.flatten();
    let has_playground = playground.is_some();
    let router = api.merge(playground.unwrap_or_else(front::pricing));
    let portal = Portal::new(engine.clone(), portal(public_url, mode, &provider));
    let router = router.merge(bursar_portal::router(&portal));
    let router = provider.attend(&engine, router);

    let signals = Signals::take()?;
    let payments = provider.words();
    let database = embedded.is_none().then_some(name.as_str());
    let ready = Ready { mode, url, has_playground, dir, new, database, catalog, key, payments };
    ready.print(args.log_format)?;
    until_signalled(listener, router, signals).await;
    if let Some(mailer) = mailer {
        mailer.stop().await;
    }
    let closed = engine.shutdown().await;
    closed.map_err(|error| problem::of_store("close", &name, &error))?;
    tracing::info!("stopped; everything that was answered is on the disk");
    Ok(Answer::Yes)
}

/// How the customer's pages behave.
fn portal(public_url: &str, mode: Mode, provider: &Provider) -> bursar_portal::Config {
    let form_targets = provider.form_targets();
    bursar_portal::Config { form_targets, ..bursar_portal::Config::new(public_url, mode) }
}

/// Serves until the first signal, then finishes what is in flight; a second signal ends the process.
async fn until_signalled(listener: TcpListener, router: Router, mut signals: Signals) {
    let stop = async {
        let signal = signals.next().await;
        let seconds = connections::DRAIN.as_secs();
        tracing::info!("{signal}: stopping; requests in flight have {seconds} seconds to finish");
        signals.insist();
    };
    if !connections::serve(listener, router, stop).await {
        tracing::warn!("some requests did not finish in time and got no answer");
    }
}
