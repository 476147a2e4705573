//! Bytes written for each charge, by who writes them: the journal's log, its file, the views.

use std::collections::BTreeMap;
use std::fs;

use bursar_core::id::AccountId;
use bursar_meter::median;

use crate::Bench;
use crate::load::uniform;
use crate::node::{Node, id};

const ACCOUNTS: usize = 10_000;
const AT_ONCE: [usize; 3] = [1, 64, 1_024];

/// What is written by which of the store's threads.
const WRITERS: [(&str, &str); 3] = [
    ("bursar-writer", "journal log"),
    ("bursar-checkpo", "journal file"),
    ("bursar-views", "views"),
];

pub(crate) fn run(bench: &mut Bench) {
    println!("\nbytes written for each charge of any of {ACCOUNTS} accounts, so many in a commit");
    let place = bench.plan.place();
    let accounts: Vec<AccountId> = (0..ACCOUNTS).map(id).collect();
    let node = bench.runtime.block_on(async {
        let node = Node::open(place.path()).await;
        node.populate(0..ACCOUNTS).await;
        node
    });
    print!("{:>10}", "commit");
    WRITERS.iter().for_each(|(_, what)| print!(" {what:>13}"));
    println!(" {:>13}", "together");
    for at_once in AT_ONCE {
        // As many charges as are written into the views twice, if that many are quick enough.
        let charges = (at_once * 2_000).min(bench.plan.charges);
        let mut rounds: Vec<[f64; 3]> = Vec::new();
        for _ in 0..bench.plan.rounds {
            let before = written();
            bench.runtime.block_on(async {
                let all = uniform(&accounts, charges);
                for request in all.chunks(at_once) {
                    node.does(request.to_vec()).await;
                }
                node.settle().await;
            });
            let after = written();
            let each = |name: &str| (after[name] - before[name]) as f64 / charges as f64;
            rounds.push(WRITERS.map(|(name, _)| each(name)));
        }
        let columns = [0, 1, 2].map(|of| median(&rounds.iter().map(|r| r[of]).collect::<Vec<_>>()));
        print!("{at_once:>10}");
        columns.iter().for_each(|bytes| print!(" {bytes:>13.0}"));
        println!(" {:>13.0}", columns.iter().sum::<f64>());
    }
    bench.runtime.block_on(node.stop());
}

/// Bytes that each of the threads has handed to the system to be written, by the beginning of its name.
fn written() -> BTreeMap<&'static str, u64> {
    let mut written: BTreeMap<&str, u64> = WRITERS.iter().map(|(name, _)| (*name, 0)).collect();
    for task in fs::read_dir("/proc/self/task").unwrap().flatten() {
        let read = |file: &str| fs::read_to_string(task.path().join(file)).unwrap_or_default();
        let name = read("comm");
        let io = read("io");
        let count = io.lines().find_map(|line| line.strip_prefix("wchar:")?.trim().parse().ok());
        if let Some((_, bytes)) = written.iter_mut().find(|(known, _)| name.starts_with(**known)) {
            *bytes += count.unwrap_or(0);
        }
    }
    written
}
