//! Memory: what is resident with a hundred thousand accounts, all of them used, and what that is for each.

use std::io::Read;
use std::path::Path;

use bursar_core::id::AccountId;
use bursar_meter::{peak_resident_bytes, resident_bytes};
use tokio::runtime::Runtime;

use crate::Bench;
use crate::child::start;
use crate::load::{measure, uniform};
use crate::node::{Node, charge, id};

const ACCOUNTS: usize = 100_000;
const MEGABYTE: f64 = 1_000_000.0;

pub(crate) fn run(bench: &Bench) {
    println!("\nmemory with {ACCOUNTS} accounts, in a process of its own (MB are 10^6 bytes)");
    let place = bench.plan.place();
    bench.runtime.block_on(async {
        let node = Node::open(place.path()).await;
        node.populate(0..ACCOUNTS).await;
        node.stop().await;
    });
    let mut child = start(&bench.plan, "memory", place.path());
    let mut lines = String::new();
    child.stdout.as_mut().unwrap().read_to_string(&mut lines).unwrap();
    assert!(child.wait().unwrap().success());
    print!("{lines}");
}

/// What the process has at each step.
pub(crate) fn say_steps(runtime: &Runtime, place: &Path) {
    runtime.block_on(steps(place));
}

async fn steps(place: &Path) {
    let accounts: Vec<AccountId> = (0..ACCOUNTS).map(id).collect();
    let node = Node::open(place).await;
    let started = resident_bytes() as f64;
    let say = |what: &str| {
        let resident = resident_bytes() as f64;
        let each = (resident - started) / ACCOUNTS as f64;
        println!("{what:>26}: {:>6.1} MB, {each:>5.0} bytes for each account", resident / MEGABYTE);
    };
    say("started");
    for request in accounts.chunks(1_024) {
        let keys = crate::load::fresh_keys();
        let charges = request.iter().zip(keys).map(|(account, key)| charge(account, &key));
        node.does(charges.collect()).await;
    }
    say("each charged once");
    node.settle().await;
    say("and the views are level");
    for _ in 0..10 {
        measure(&node, uniform(&accounts, ACCOUNTS)).await;
    }
    say("after a million charges");
    println!("{:>26}: {:>6.1} MB", "the most under load", peak_resident_bytes() as f64 / MEGABYTE);
    node.stop().await;
}
