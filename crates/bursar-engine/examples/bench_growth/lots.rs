//! Lots: from one to three hundred on each account.

use std::time::Duration;

use bursar_core::id::AccountId;
use bursar_engine::{Clock, SystemClock};
use bursar_meter::median;

use crate::Bench;
use crate::load::{Cost, uniform};
use crate::node::{Node, by_us, give, id, open};

const LOTS: [usize; 6] = [1, 3, 10, 30, 100, 300];
/// With each number of lots. As many charges share a commit as accounts do, so that each charge has the
/// whole account to deal with.
const ACCOUNTS: usize = 1_000;

pub(crate) fn run(bench: &mut Bench) {
    println!("\nlots: charges of any of {ACCOUNTS} accounts with so many");
    let place = bench.plan.place();
    let node = bench.runtime.block_on(Node::open(place.path()));
    let mut sizes: Vec<(usize, Vec<AccountId>, Vec<Cost>)> = Vec::new();
    for (place, lots) in (0..).zip(LOTS) {
        let accounts: Vec<AccountId> = (0..ACCOUNTS).map(|n| id(place * ACCOUNTS + n)).collect();
        bench.runtime.block_on(async {
            for account in &accounts {
                node.does(with_lots(account, lots)).await;
            }
            node.settle().await;
        });
        sizes.push((lots, accounts, Vec::new()));
    }
    for _ in 0..bench.plan.rounds {
        for (_, accounts, costs) in &mut sizes {
            let charges = bench.plan.charges / 5;
            costs.push(bench.measure(&node, || uniform(accounts, charges)));
        }
    }
    println!("{:>10} {:>10} {:>7} {:>9} {:>7}", "lots", "wall µs", "growth", "CPU µs", "growth");
    let middle =
        |costs: &[Cost], of: fn(&Cost) -> f64| median(&costs.iter().map(of).collect::<Vec<f64>>());
    let (first_wall, first_cpu) = (middle(&sizes[0].2, |c| c.wall), middle(&sizes[0].2, |c| c.cpu));
    for (lots, _, costs) in &sizes {
        let (wall, cpu) = (middle(costs, |cost| cost.wall), middle(costs, |cost| cost.cpu));
        let (wall_growth, cpu_growth) = (wall / first_wall, cpu / first_cpu);
        println!("{lots:>10} {wall:>10.2} {wall_growth:>7.2} {cpu:>9.2} {cpu_growth:>7.2}");
    }
    bench.runtime.block_on(node.stop());
}

/// Each lot expires on a day of its own, so that none is like another.
fn with_lots(account: &AccountId, lots: usize) -> Vec<bursar_engine::Envelope> {
    let days = |count: usize| Duration::from_secs(86_400 * (365 + count as u64));
    let expiry = |count| SystemClock.now().after(days(count));
    let lots = (0..lots).map(|count| give(1_000_000, Some(expiry(count))));
    std::iter::once(open()).chain(lots).map(|command| by_us(account, command)).collect()
}
