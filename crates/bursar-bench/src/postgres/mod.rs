//! What a charge costs in PostgreSQL: the engine on its store, against one hand-written function per charge
//! in the same server, in one run that alternates between them.
//!
//! `cargo xtask bench --store postgres`, or with `-- --seconds 2.5 --rounds 5 --accounts 10000 --clients 32
//! --many 256`; `--only "uniform, 32 clients, Bursar"` leaves out the rest, `--replay true` proves the whole journal. The medians of the rounds are compared. What others do on the machine meanwhile
//! is watched, and a measurement that they disturbed is made again.
//!
//! Both sides get the same: accounts with two lots, of which the first expires; charges of one credit under
//! idempotency keys that are each used once; clients that send the next charge when the last one is durable.
pub(crate) mod by_hand;
pub(crate) mod load;
mod nodes;
pub(crate) mod plan;
mod report;
pub(crate) mod server;

use load::Load;
use plan::{Plan, System};
use report::Results;
use server::Server;

#[tokio::main]
pub(crate) async fn run(arguments: &[String]) {
    let plan = Plan::from_arguments(arguments);
    let server = Server::start().await;
    println!("{}\n{}\n{plan}\n", bursar_meter::description(), server.description().await);
    let by_hand = by_hand::Bench::begin(&server, &plan).await;
    let mut nodes = nodes::Bench::begin(&server, &plan).await;
    server.vacuum().await;
    let mut results = Results::default();
    for round in 0..plan.rounds {
        for cell in plan.cells_in_round(round) {
            for attempt in 1.. {
                let load = Load::new(&plan, cell, results.measurements());
                let cost = match cell.system {
                    System::ByHand => by_hand.measure(&server, &load).await,
                    System::Nodes(count) => nodes.measure(&server, &load, count).await,
                };
                if results.takes(cell, cost, attempt) {
                    break;
                }
            }
        }
        server.vacuum().await;
    }
    results.print(&plan);
    by_hand.verify().await;
    nodes.verify(&plan).await;
}
