//! What a charge costs: the store, which appends to its journal and writes its views behind it,
//! against rows and indexes that are updated in the commit, as one would write it by hand.
//!
//! `cargo xtask bench --store sqlite -- --charges 100000 --accounts 10000
//! --rounds 5`. Rounds alternate; the medians are compared.
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

mod meter;
mod rows;
mod store;

use meter::{Cost, median};

/// Charges in one commit.
const BATCH: usize = 256;

/// How much to do.
#[derive(Clone, Copy)]
struct Amounts {
    charges: usize,
    accounts: usize,
    rounds: usize,
}

/// The accounts of one batch: the same for both, spread as customers are.
fn batch_accounts(random: &mut fastrand::Rng, accounts: usize) -> Vec<usize> {
    (0..BATCH).map(|_| random.usize(0..accounts)).collect()
}

fn arguments() -> Amounts {
    let mut amounts = Amounts { charges: 100_000, accounts: 10_000, rounds: 5 };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let value = given.next().and_then(|value| value.parse().ok());
        let value = value.unwrap_or_else(|| panic!("{name} takes a number"));
        match name.as_str() {
            "--charges" => amounts.charges = value,
            "--accounts" => amounts.accounts = value,
            "--rounds" => amounts.rounds = value,
            _ => panic!("{name}: only --charges, --accounts and --rounds"),
        }
    }
    amounts
}

#[tokio::main]
async fn main() {
    let amounts = arguments();
    let mut store = store::Bench::begin(amounts).await;
    let mut rows = rows::Bench::begin(amounts);
    println!("{}", bursar_meter::description());
    println!(
        "{} charges a round on {} accounts, {BATCH} a commit, {} rounds\n",
        amounts.charges, amounts.accounts, amounts.rounds
    );
    let (mut of_store, mut of_rows) = (Vec::new(), Vec::new());
    for round in 0..amounts.rounds {
        of_store.push(store.round(round).await);
        of_rows.push(rows.round(round));
    }
    store.end().await;
    print_table(&of_store, &of_rows);
}

fn print_table(store: &[Cost], rows: &[Cost]) {
    println!("{:28}{:>12}{:>12}{:>9}", "", "store", "plain rows", "ratio");
    let line = |name: &str, of: &dyn Fn(&Cost) -> f64, digits: usize| {
        let (store, rows) = (median(store, of), median(rows, of));
        let ratio = store / rows;
        println!("{name:28}{store:>12.digits$}{rows:>12.digits$}{ratio:>9.2}");
    };
    line("charges a second", &|cost| cost.per_second(cost.seconds), 0);
    line("  acknowledged a second", &|cost| cost.per_second(cost.acknowledged), 0);
    line("bytes written a charge", &Cost::bytes_each, 0);
    line("CPU µs a charge", &Cost::cpu_micros_each, 1);
    line("longest commit, ms", &|cost| cost.longest_commit * 1_000.0, 1);
}
