//! Results: kept while they come, compared at the end.

use std::collections::BTreeMap;

use bursar_meter::{Attempt, Rounds, median};

use super::load::Cost;
use super::plan::{Cell, Plan, Spread, System};
use crate::numbers::sorted;

/// All measurements.
#[derive(Default)]
pub(crate) struct Results {
    costs: BTreeMap<Cell, Vec<Cost>>,
    rounds: Rounds,
}

impl Results {
    /// How many there were, those that were disturbed included.
    pub(crate) fn measurements(&self) -> usize {
        self.rounds.measurements()
    }

    /// Keeps a measurement; `false` if it is to be made again.
    pub(crate) fn takes(&mut self, cell: Cell, cost: Cost, attempt: usize) -> bool {
        let Cell { spread, clients, .. } = cell;
        let name = cell.name();
        let taken = self.rounds.judge(cost.others, attempt) == Attempt::Taken;
        println!(
            "{spread}, {clients} clients, {name}: {:.0}/s, others took {:.0} %{}",
            cost.per_second,
            cost.others * 100.0,
            if taken { "" } else { "; again" },
        );
        if taken {
            self.costs.entry(cell).or_default().push(cost);
        }
        taken
    }

    pub(crate) fn print(&self, plan: &Plan) {
        println!("\n{}", self.rounds.summary());
        let mut spread = None;
        for cell in plan.cells() {
            if spread != Some(cell.spread) {
                spread = Some(cell.spread);
                print_head(cell.spread);
            }
            self.print_line(*cell);
        }
        self.print_hot(plan);
    }

    fn print_line(&self, cell: Cell) {
        let costs = &self.costs[&cell];
        let speed = values(costs, |cost| cost.per_second);
        let middle = |of: fn(&Cost) -> f64| median(&values(costs, of));
        let by_hand = |clients| Cell { clients, per_request: 1, system: System::ByHand, ..cell };
        // Against the same number of clients, and against the few with which it is fastest.
        let ratio = |against: Cell| {
            let of = self.costs.get(&against).filter(|_| cell.system != System::ByHand);
            let of = of.map(|costs| median(&values(costs, |cost| cost.per_second)));
            of.map_or(String::new(), |of| format!("{:.1}", median(&speed) / of))
        };
        let few = self.costs.keys().map(|cell| cell.clients).min().unwrap_or(0);
        println!(
            "{:>8} {:28} {:>7.0} {:>15} {:>6} {:>7} {:>8.0} {:>6.0} {:>7.2} {:>7.2} {:>8.0} {:>6.0} {:>7.1}",
            cell.clients,
            cell.name(),
            median(&speed),
            format!("{:.0}–{:.0}", speed[0], speed[speed.len() - 1]),
            ratio(by_hand(cell.clients)),
            ratio(by_hand(few)),
            middle(|cost| cost.wal_bytes),
            middle(|cost| cost.image_bytes),
            middle(|cost| cost.median_millis),
            middle(|cost| cost.p99_millis),
            middle(|cost| cost.server_micros),
            middle(|cost| cost.our_micros),
            middle(|cost| cost.per_commit),
        );
    }

    /// Is one account as fast as all of them?
    fn print_hot(&self, plan: &Plan) {
        println!("\none account against uniform load on one node, with as many clients:");
        for cell in plan.cells().iter().filter(|cell| cell.spread == Spread::One) {
            let uniform = Cell { spread: Spread::Uniform, system: System::Nodes(1), ..*cell };
            let of = |cell| Some(median(&values(self.costs.get(&cell)?, |cost| cost.per_second)));
            if cell.system != System::ByHand
                && let (Some(one), Some(uniform)) = (of(*cell), of(uniform))
            {
                println!("{:>8} {:28} {:.2}", cell.clients, cell.name(), one / uniform);
            }
        }
    }
}

fn print_head(spread: Spread) {
    println!("\n{spread}");
    println!(
        "{:>8} {:28} {:>7} {:>15} {:>6} {:>7} {:>8} {:>6} {:>7} {:>7} {:>8} {:>6} {:>7}",
        "clients",
        "",
        "/s",
        "lowest–highest",
        "ratio",
        "to few",
        "WAL B",
        "images",
        "p50 ms",
        "p99 ms",
        "CPU µs",
        "ours",
        "batch"
    );
}

/// In order.
fn values(costs: &[Cost], of: fn(&Cost) -> f64) -> Vec<f64> {
    sorted(costs.iter().map(of))
}
