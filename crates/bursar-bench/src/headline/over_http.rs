//! Loads on a server over HTTP, with the same client for all.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use bursar_load::{Moment, Pace, Report, Spread, Target, Work};

use bursar_meter::{Watch, Watched};

use super::bare::Bare;
use super::bursar::Bursar;
use super::plan::{Load, Plan};
use super::results::Measured;

/// The load generator's plan for a load; `rate` is what half of the load means.
pub(crate) fn load_plan(
    plan: &Plan,
    load: Load,
    url: &str,
    key: &str,
    rate: Option<u64>,
) -> bursar_load::Plan {
    let Load::Http { connections, batch, work, spread, half } = load else { panic!("{load:?}") };
    let pace = match half {
        true => Pace::Open(rate.and_then(NonZeroU64::new).expect("what half is of comes first")),
        false => Pace::Closed,
    };
    bursar_load::Plan {
        target: Target::new(url, key).unwrap(),
        connections: NonZeroUsize::new(connections).unwrap(),
        threads: NonZeroUsize::MIN,
        warm_up: Duration::from_secs_f64(plan.warm_up),
        time: Duration::from_secs_f64(plan.seconds),
        pace,
        work,
        operation: "image".to_owned(),
        batch: batch.and_then(NonZeroUsize::new),
        spread,
        accounts: NonZeroUsize::new(plan.accounts).unwrap(),
        prefix: "bench".to_owned(),
        check: false,
        seed: fastrand::u64(..),
        run: format!("bench-{:08x}", fastrand::u32(..)),
    }
}

/// Makes the accounts, so that no measurement has that in its commits.
pub(crate) fn open_accounts(plan: &Plan, server: &Bursar) {
    let few = Load::Http {
        connections: 64,
        batch: None,
        work: Work::Charge,
        spread: Spread::Uniform,
        half: false,
    };
    let mut wanted = load_plan(plan, few, &server.url, &server.key, None);
    (wanted.warm_up, wanted.time) = (Duration::ZERO, Duration::from_millis(1));
    assert!(bursar_load::run(wanted).unwrap().is_clean());
}

/// On the real server: the accounts are there, and afterwards their balances are right.
pub(crate) fn bursar(plan: &Plan, load: Load, server: &Bursar, rate: Option<u64>) -> Measured {
    let wanted = load_plan(plan, load, &server.url, &server.key, rate);
    server.settle();
    let before = server.done();
    let mut watch = Watching::of(server.process());
    let report = bursar_load::run_watched(wanted, &mut |moment| watch.at(moment)).unwrap();
    let after = server.done();
    assert!(report.is_clean(), "{:?} {:?}", report.errors, report.verdict);
    let commits = (after.commits - before.commits).max(1.0);
    let per_commit = (after.commands - before.commands) / commits;
    measured(&report, watch, per_commit)
}

/// On a server that does nothing.
pub(crate) fn bare(plan: &Plan, load: Load, server: &Bare) -> Measured {
    let wanted = load_plan(plan, load, &server.url, "bk_test_nothing", None);
    let mut watch = Watching::of(server.process());
    let report = bursar_load::run_blind(wanted, &mut |moment| watch.at(moment)).unwrap();
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    measured(&report, watch, 1.0)
}

/// Who uses the machine while it counts.
struct Watching {
    server: u32,
    watch: Option<Watch>,
    watched: Option<Watched>,
}

impl Watching {
    fn of(server: u32) -> Self {
        Self { server, watch: None, watched: None }
    }

    fn at(&mut self, moment: Moment) {
        match moment {
            Moment::Begin => self.watch = Some(Watch::begin(&[self.server])),
            Moment::End => self.watched = self.watch.take().map(Watch::end),
        }
    }
}

fn measured(report: &Report, watch: Watching, per_commit: f64) -> Measured {
    let watched = watch.watched.unwrap();
    let (seconds, count) = (report.time.as_secs_f64(), report.operations.max(1) as f64);
    let millis = |part| report.latency.value_at_quantile(part) as f64 / 1e3;
    Measured {
        per_second: report.operations as f64 / seconds,
        median_millis: millis(0.5),
        p99_millis: millis(0.99),
        others: watched.others,
        server_micros: watched.partner_seconds * 1e6 / count,
        our_micros: watched.our_seconds * 1e6 / count,
        per_commit,
    }
}
