//! Does a charge cost the same however much there is? Accounts, history, lots, and what comes all at once or
//! for long: the engine on the embedded store, in one process, without HTTP.
//!
//! `cargo xtask bench --growth`, or with `-- --only accounts,lots --most 10000000 --rounds 5 --charges 100000
//! --minutes 10 --rate 120000 --directory /somewhere`. The sections are `accounts`, `history`, `lots`, `bytes`,
//! `memory`, `cold`, `wave` and `sustained`.
//!
//! Of rounds the medians count. Sizes that are compared alternate within a round. What others do on the
//! machine is watched, and what they disturbed is measured again. Processor time is all of the process's:
//! deciding, the journal, and the views behind it until they are level.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "a measurement: it prints, divides and stops at the first error"
)]

mod accounts;
mod bytes;
mod child;
mod cold;
mod history;
mod load;
mod lots;
mod memory;
mod node;
mod plan;
mod sustained;
mod wave;

use bursar_meter::Rounds;
use mimalloc::MiMalloc;
use plan::{Plan, Section};
use tokio::runtime::Runtime;

/// The server's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What all sections use.
struct Bench {
    plan: Plan,
    runtime: Runtime,
    rounds: Rounds,
}

fn main() {
    let plan = Plan::from_arguments();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let Some(child) = plan.child.clone() {
        return child::run(&plan, &runtime, &child);
    }
    println!("{}\n{plan}", bursar_meter::description());
    let mut bench = Bench { plan, runtime, rounds: Rounds::default() };
    let sections = Section::ALL.into_iter().filter(|section| bench.plan.has(*section));
    for section in sections.collect::<Vec<Section>>() {
        match section {
            Section::Accounts => accounts::run(&mut bench),
            Section::History => history::run(&mut bench),
            Section::Lots => lots::run(&mut bench),
            Section::Bytes => bytes::run(&mut bench),
            Section::Memory => memory::run(&bench),
            Section::Cold => cold::run(&bench),
            Section::Wave => wave::run(&mut bench),
            Section::Sustained => sustained::run(&bench),
        }
    }
    println!("\n{}", bench.rounds.summary());
}
