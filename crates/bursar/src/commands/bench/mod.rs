//! `bursar bench`: load on a running server over HTTP, and whether its ledger agrees afterwards.

mod shown;

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use bursar_engine::access::Mode;
use bursar_load::{Pace, Plan, Spread, Target, Work};
use clap::{Args, ValueEnum};

use crate::cli::{DataArgs, FormatArgs};
use crate::data::keys::TEST_KEY;
use crate::output;
use crate::problem::{self, Answer, Problem};

const EXAMPLES: &str = "\
Examples:
  bursar bench                    charges over 64 connections, as many as it takes
  bursar bench --connections 1    how long one charge takes alone
  bursar bench --rate 10000       how long they take at a rate of their own
  bursar bench --distribution hot --hot-share 0.5
  bursar bench --work hold-capture --batch 100 --connections 8
  bursar bench --url http://127.0.0.1:9000 --key bk_test_… --format json

An operation is a charge of one credit, a hold with its capture, a look at a balance or the price of an \
operation. Every operation has an idempotency key of its own. Accounts are opened through the API, each with two \
lots of which the first expires, and used again by the next run.

Without --rate, clients ask again once they are answered: that shows how much can be done. With it, \
requests are due at even steps whatever becomes of those before them, and how long one took counts from when \
it was due: that shows how long people wait.

Afterwards each account is asked what it has. Exits with 1 if anything was refused or lost, or if another \
amount is gone than was acknowledged.";

/// What load to put on which server.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BenchArgs {
    /// The server, which has to be in test mode
    #[arg(long, value_name = "URL", env = "BURSAR_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// An API key of it; the test key of the data directory, if left out
    #[arg(long, value_name = "KEY", env = "BURSAR_KEY", hide_env_values = true)]
    key: Option<String>,
    #[command(flatten)]
    data: DataArgs,
    /// What to ask for
    #[arg(long, value_enum, default_value_t)]
    work: WorkName,
    /// Of `--work estimate`: the operation whose price is asked for, by its key in the catalog
    #[arg(long, value_name = "KEY", default_value = "image")]
    operation: String,
    /// Send so many operations in each request of /v1/batch, 1,000 at most; one a request, if left out
    #[arg(long, value_name = "N")]
    batch: Option<NonZeroUsize>,
    /// How many clients there are, each with a connection
    #[arg(long, value_name = "N", default_value = "64")]
    connections: NonZeroUsize,
    /// How long it counts
    #[arg(long, value_name = "SECONDS", default_value = "10")]
    seconds: NonZeroU64,
    /// How long the load is on before that
    #[arg(long, value_name = "SECONDS", default_value = "2")]
    warm_up: u64,
    /// So many operations a second, whatever becomes of them; as many as it takes, if left out
    #[arg(long, value_name = "N")]
    rate: Option<NonZeroU64>,
    /// Which accounts to ask for
    #[arg(long, value_enum, default_value_t)]
    distribution: Distribution,
    /// Of `--distribution hot`: the first account's part of the load, from 0 to 1
    #[arg(long, value_name = "PART", default_value = "0.5")]
    hot_share: f64,
    /// How many accounts there are
    #[arg(long, value_name = "N", default_value = "10000")]
    accounts: NonZeroUsize,
    /// What their ids begin with
    #[arg(long, value_name = "TEXT", default_value = "bench")]
    prefix: String,
    /// Read every reply and not only its status, which takes the generator longer
    #[arg(long)]
    check: bool,
    /// Threads of the generator: on a machine that it shares with the server, more only get in the way
    #[arg(long, value_name = "N", default_value = "1")]
    threads: NonZeroUsize,
    /// Draw the same accounts as another run with this seed
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Also against a server in live mode, whose ledger keeps for ever what is charged here
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    format: FormatArgs,
}

/// What to ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum WorkName {
    /// Charges of one credit.
    #[default]
    Charge,
    /// Holds of one credit, each with its capture.
    HoldCapture,
    /// What an account has.
    Balance,
    /// What an operation costs: a quote.
    #[value(alias = "quote")]
    Estimate,
}

/// Which accounts are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Distribution {
    /// Any, each as often.
    #[default]
    Uniform,
    /// Few of them often, as customers are: the nth 1/n times as often as the first.
    Zipf,
    /// One of them for a part of the load, any for the rest.
    Hot,
}

pub(crate) fn run(args: &BenchArgs) -> Result<Answer> {
    let key = key(args)?;
    if key.starts_with(Mode::Live.prefix()) && !args.live {
        return Err(Problem::error(
            "this key is of a server in live mode, whose ledger keeps for ever what is charged here",
            "Measure one in test mode, which is as fast. If it must be this one: --live.",
        ));
    }
    let plan = plan(args, &key)?;
    output::note(&format!("{}: {}", args.url, shown::intent(&plan)));
    let report = bursar_load::run(plan.clone()).map_err(problem)?;
    match args.format.is_json() {
        true => output::json(&shown::for_programs(&plan, &report))?,
        false => output::text(&shown::for_people(&plan, &report))?,
    }
    Ok(if report.is_clean() { Answer::Yes } else { Answer::No })
}

fn problem(error: bursar_load::Error) -> anyhow::Error {
    Problem::error(error.to_string(), error.fix())
}

/// The key that is named, or the one that `bursar serve` left in the data directory.
fn key(args: &BenchArgs) -> Result<String> {
    if let Some(key) = args.key.as_deref().filter(|key| !key.is_empty()) {
        return Ok(key.trim().to_owned());
    }
    let path = Path::new(&args.data.data).join(TEST_KEY);
    let read = std::fs::read_to_string(&path).map_err(|error| {
        let what = format!("no --key, and cannot read the test key in {}", path.display());
        problem::of_file(&what, &error)
    })?;
    Ok(read.trim().to_owned())
}

fn plan(args: &BenchArgs, key: &str) -> Result<Plan> {
    let mut random = [0; 12];
    getrandom::fill(&mut random)?;
    let (run, seed) = random.split_at(4);
    let seed = seed.iter().fold(0, |seed, byte| (seed << 8) | u64::from(*byte));
    Ok(Plan {
        target: Target::new(&args.url, key).map_err(problem)?,
        connections: args.connections,
        threads: args.threads,
        warm_up: Duration::from_secs(args.warm_up),
        time: Duration::from_secs(args.seconds.get()),
        pace: args.rate.map_or(Pace::Closed, Pace::Open),
        work: match args.work {
            WorkName::Charge => Work::Charge,
            WorkName::HoldCapture => Work::HoldCapture,
            WorkName::Balance => Work::Balance,
            WorkName::Estimate => Work::Estimate,
        },
        operation: args.operation.clone(),
        batch: args.batch,
        spread: match args.distribution {
            Distribution::Uniform => Spread::Uniform,
            Distribution::Zipf => Spread::Zipf,
            Distribution::Hot => Spread::Hot(args.hot_share),
        },
        accounts: args.accounts,
        prefix: args.prefix.clone(),
        check: args.check,
        seed: args.seed.unwrap_or(seed),
        run: format!("bench-{}", data_encoding::HEXLOWER.encode(run)),
    })
}
