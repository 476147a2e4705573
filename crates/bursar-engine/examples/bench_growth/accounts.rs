//! Accounts: from a thousand to ten million, charges on any of them.

use bursar_core::id::AccountId;
use bursar_meter::median;
use tempfile::TempDir;

use crate::Bench;
use crate::load::{Cost, uniform};
use crate::node::{Node, id};

/// So many accounts.
struct Size {
    accounts: Vec<AccountId>,
    node: Node,
    costs: Vec<Cost>,
    _place: TempDir,
}

pub(crate) fn run(bench: &mut Bench) {
    println!("\naccounts: charges of any of them, in requests of {}", crate::load::REQUEST);
    let mut sizes: Vec<Size> = Vec::new();
    for count in bench.plan.sizes(1_000, usize::MAX) {
        let place = bench.plan.place();
        let begun = std::time::Instant::now();
        let node = bench.runtime.block_on(async {
            let node = Node::open(place.path()).await;
            node.populate(0..count).await;
            node
        });
        println!("  {count} accounts made in {:.1} s", begun.elapsed().as_secs_f64());
        let accounts = (0..count).map(id).collect();
        sizes.push(Size { accounts, node, costs: Vec::new(), _place: place });
    }
    for round in 0..bench.plan.rounds {
        let mut order: Vec<usize> = (0..sizes.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for at in order {
            let size = &mut sizes[at];
            let charges = bench.plan.charges;
            let cost = bench.measure(&size.node, || uniform(&size.accounts, charges));
            size.costs.push(cost);
        }
    }
    print(&sizes);
    for size in sizes {
        bench.runtime.block_on(size.node.stop());
    }
}

fn print(sizes: &[Size]) {
    println!(
        "{:>10} {:>10} {:>7} {:>9} {:>7} {:>9} {:>7}",
        "accounts", "wall µs", "growth", "CPU µs", "growth", "bytes", "growth"
    );
    let middle = |size: &Size, of: fn(&Cost) -> f64| {
        median(&size.costs.iter().map(of).collect::<Vec<f64>>())
    };
    for size in sizes {
        let columns = [|cost: &Cost| cost.wall, |cost: &Cost| cost.cpu, |cost: &Cost| cost.bytes];
        let columns =
            columns.map(|of| (middle(size, of), middle(size, of) / middle(&sizes[0], of)));
        let [(wall, wall_growth), (cpu, cpu_growth), (bytes, bytes_growth)] = columns;
        println!(
            "{:>10} {wall:>10.2} {wall_growth:>7.2} {cpu:>9.2} {cpu_growth:>7.2} {bytes:>9.0} {bytes_growth:>7.2}",
            size.accounts.len(),
        );
    }
}
