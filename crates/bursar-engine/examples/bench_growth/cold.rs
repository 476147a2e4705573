//! Cold start: from the start of the process to its first answer, after a clean stop and after a kill.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::{Duration, Instant};

use bursar_meter::median;

use crate::Bench;
use crate::child::start;
use crate::node::Node;
use crate::plan::Plan;

const ACCOUNTS: usize = 1_000_000;
/// How long there is load before the kill: the views are as far behind as they will be.
const LOAD: Duration = Duration::from_secs(6);

pub(crate) fn accounts(plan: &Plan) -> usize {
    ACCOUNTS.min(plan.most)
}

pub(crate) fn run(bench: &Bench) {
    let accounts = accounts(&bench.plan);
    println!("\ncold start with {accounts} accounts: until the first charge is answered");
    let place = bench.plan.place();
    bench.runtime.block_on(async {
        let node = Node::open(place.path()).await;
        node.populate(0..accounts).await;
        node.stop().await;
    });
    let (mut stopped, mut killed) = (Vec::new(), Vec::new());
    for _ in 0..bench.plan.rounds {
        stopped.push(first_answer(bench, place.path()));
        kill_under_load(bench, place.path());
        killed.push(first_answer(bench, place.path()));
    }
    let most = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
    for (what, times) in [("after a clean stop", stopped), ("after SIGKILL under load", killed)] {
        println!("{what:>26}: {:.2} s, at most {:.2} s", median(&times), most(&times));
    }
}

/// Seconds from the start of a process to its first answer. It is stopped cleanly afterwards.
fn first_answer(bench: &Bench, place: &Path) -> f64 {
    let begun = Instant::now();
    let mut child = start(&bench.plan, "first-charge", place);
    expect(child.stdout.as_mut().unwrap(), "charged");
    let took = begun.elapsed().as_secs_f64();
    assert!(child.wait().unwrap().success());
    took
}

fn kill_under_load(bench: &Bench, place: &Path) {
    let mut child = start(&bench.plan, "load", place);
    expect(child.stdout.as_mut().unwrap(), "loading");
    std::thread::sleep(LOAD);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The next line says that.
fn expect(lines: &mut impl Read, what: &str) {
    let mut line = String::new();
    BufReader::new(lines).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), what);
}
