//! The headline: the real server over HTTP, against what one would use instead and what the machine can do at
//! all, in one run that alternates between them.
//!
//! Every round has a new data directory, so that all rounds measure the same. Every measurement on Bursar and
//! on PostgreSQL ends with a proof that all that was acknowledged is there.

pub(crate) mod bare;
pub(crate) mod bursar;
mod log;
pub(crate) mod over_http;
pub(crate) mod plan;
mod results;
mod sizes;

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::machine;
use crate::postgres::by_hand;
use crate::postgres::load::Load as Calls;
use crate::postgres::plan as calls;
use crate::postgres::server::Server;

use bare::Bare;
use bursar::Bursar;
use plan::{Cell, Load, Plan, System};
use results::{Measured, Results};
use sizes::Sizes;

/// What is measured against what.
struct Systems {
    runtime: Runtime,
    database: Server,
    by_hand: by_hand::Bench,
    bare: Bare,
    sizes: Sizes,
    directory: tempfile::TempDir,
    /// How many measurements there were by hand: their keys have to differ.
    calls: usize,
}

/// Measures, prints, writes what was asked for.
pub(crate) fn run(arguments: &[String]) {
    let plan = Plan::from_arguments(arguments);
    let begun = Instant::now();
    let mut systems = Systems::start(&plan);
    let machine = bursar_meter::description();
    let sync = machine::sync_micros(systems.directory.path());
    println!("{machine}; a sync of 4 KB takes {sync:.0} µs\n{:?}\n", systems.sizes);
    let mut results = Results::default();
    for round in 0..plan.rounds {
        let bursar = Bursar::start();
        over_http::open_accounts(&plan, &bursar);
        for cell in plan.cells_in_round(round) {
            systems.measure(&plan, &cell, &bursar, &mut results);
        }
        bursar.settle();
        bursar.stop();
        systems.runtime.block_on(systems.database.vacuum());
        println!(
            "round {} of {}, {:.0} s\n",
            round + 1,
            plan.rounds,
            begun.elapsed().as_secs_f64()
        );
    }
    results.print(&plan);
    systems.runtime.block_on(systems.by_hand.verify());
    if let Some(file) = &plan.json {
        let json = results.json(&plan, &machine, sync, &systems.sizes);
        std::fs::write(file, format!("{json:#}\n")).unwrap();
    }
}

impl Systems {
    fn start(plan: &Plan) -> Self {
        let sizes = Sizes::measure(plan);
        let runtime = Runtime::new().unwrap();
        let database = runtime.block_on(Server::start());
        let of = calls::Plan::of(plan.accounts, plan.seconds);
        let by_hand = runtime.block_on(by_hand::Bench::begin(&database, &of));
        runtime.block_on(database.vacuum());
        let directory = tempfile::tempdir().unwrap();
        Self { runtime, database, by_hand, bare: Bare::start(&sizes), sizes, directory, calls: 0 }
    }

    /// Until nobody else disturbs it.
    fn measure(&mut self, plan: &Plan, cell: &Cell, bursar: &Bursar, results: &mut Results) {
        let half = results.median("bursar-64", |measured| measured.per_second / 2.0);
        let half = half.map(|half| half as u64);
        for attempt in 1.. {
            let measured = match cell.system {
                System::Bursar => over_http::bursar(plan, cell.load, bursar, half),
                System::Bare => over_http::bare(plan, cell.load, &self.bare),
                System::ByHand => self.by_hand(plan, cell.load),
                System::Log => self.log(plan, cell.load),
            };
            if results.takes(cell, measured, attempt) {
                return;
            }
        }
    }

    fn by_hand(&mut self, plan: &Plan, load: Load) -> Measured {
        let Load::Calls { clients, half_hot } = load else { panic!("{load:?}") };
        let spread = if half_hot { calls::Spread::Half } else { calls::Spread::Uniform };
        let cell = calls::Cell { spread, clients, per_request: 1, system: calls::System::ByHand };
        let load = Calls::new(&calls::Plan::of(plan.accounts, plan.seconds), cell, self.calls);
        self.calls += 1;
        let cost = self.runtime.block_on(self.by_hand.measure(&self.database, &load));
        Measured {
            per_second: cost.per_second,
            median_millis: cost.median_millis,
            p99_millis: cost.p99_millis,
            others: cost.others,
            server_micros: cost.server_micros,
            our_micros: cost.our_micros,
            per_commit: 1.0,
        }
    }

    fn log(&self, plan: &Plan, load: Load) -> Measured {
        let Load::Writes { batched } = load else { panic!("{load:?}") };
        let batch = if batched { self.sizes.per_commit } else { 1 };
        let time = Duration::from_secs_f64(plan.seconds);
        log::measure(self.directory.path(), self.sizes.journal, batch, time)
    }
}
