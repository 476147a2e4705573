//! What is measured of a process as a whole is done by another one, this program with `--child`.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use bursar_core::id::AccountId;
use tokio::runtime::Runtime;

use crate::load::{fresh_keys, uniform};
use crate::node::{Node, charge, id};
use crate::plan::Plan;
use crate::{cold, memory};

/// Starts one.
pub(crate) fn start(plan: &Plan, task: &str, place: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("--child").arg(task).arg("--of-child").arg(place);
    command.arg("--most").arg(plan.most.to_string());
    command.stdout(Stdio::piped()).spawn().unwrap()
}

/// Is one.
pub(crate) fn run(plan: &Plan, runtime: &Runtime, task: &str) {
    let place = &plan.of_child;
    match task {
        "first-charge" => runtime.block_on(first_charge(place)),
        "load" => runtime.block_on(load(plan, place)),
        "memory" => memory::say_steps(runtime, place),
        _ => panic!("{task}: no such task"),
    }
}

/// Starts, charges an account, says so, and stops.
async fn first_charge(place: &Path) {
    let node = Node::open(place).await;
    let key = fresh_keys().next().unwrap();
    node.does(vec![charge(&id(0), &key)]).await;
    println!("charged");
    node.stop().await;
}

/// Charges until it is killed.
async fn load(plan: &Plan, place: &Path) {
    let node = Node::open(place).await;
    let accounts: Vec<AccountId> = (0..cold::accounts(plan)).map(id).collect();
    println!("loading");
    loop {
        for request in uniform(&accounts, 10_240).chunks(1_024) {
            node.does(request.to_vec()).await;
        }
    }
}
