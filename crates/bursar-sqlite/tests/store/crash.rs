//! Killed while it writes, again and again: whatever was acknowledged is there, nothing twice.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::time::Duration;

use bursar_sqlite::{Options, SqliteStore};
use bursar_store::contract::payment_id;
use bursar_store::{Payer, PaymentName, Store};

use super::support::{Files, Load, buyer, child, directory_of_child};

const ROUNDS: u64 = 12;

/// States grow with what was bought and isn't used.
const BATCHES_TO_A_SALE: u64 = 8;

/// What is killed: says every batch that is committed.
#[tokio::test(flavor = "multi_thread")]
async fn child_that_writes_until_it_is_killed() {
    let Some(dir) = directory_of_child() else {
        return;
    };
    let options =
        Options { flush_entries: 200, flush_after: Duration::from_millis(5), ..Options::default() };
    let store = SqliteStore::open(dir, options).unwrap();
    let mut load = Load::begin(&store).await;
    load.open_till().await;
    let mut out = std::io::stdout();
    loop {
        load.charge(1).await;
        if load.next.is_multiple_of(BATCHES_TO_A_SALE) {
            load.sell(sales(load.next) - 1).await.unwrap();
        }
        writeln!(out, "\ncommitted {}", load.next).unwrap();
        out.flush().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kill_9() {
    let files = Files::new();
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut most = 0;
    for attempt in 0..ROUNDS {
        let name = "crash::child_that_writes_until_it_is_killed";
        let mut child = child(name, &files, "");
        let patience = random.u64(1..400);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged = 0;
        while let Some(Ok(line)) = lines.next() {
            if let Some(batches) = line.strip_prefix("committed ") {
                acknowledged = batches.parse().unwrap();
                if acknowledged >= patience {
                    break;
                }
            }
        }
        std::thread::sleep(Duration::from_micros(random.u64(0..5_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        most = most.max(acknowledged);
        if attempt % 3 == 2 {
            lose_the_end_of_the_views(&files, &mut random);
        }
        let store = files.open();
        let mut load = Load::begin(&store).await;
        load.find_all(most).await;
        load.find_sales(sales(most)).await;
        check_sales(&store, sales(most)).await;
        drop(load);
        store.close().await.unwrap();
        drop(store);
        // Payments, refunds and documents row by row, legal numbers without gaps.
        let entries = files.prove().await;
        assert_eq!(entries % 10, 0, "seed {seed}: a batch is whole or not there");
        let sold = u64::from(sales(most));
        assert!(entries >= 70 + 10 * most + 10 * sold, "seed {seed}: {entries} entries");
    }
}

/// Every round but the last has been paid for.
async fn check_sales(store: &SqliteStore, rounds: u32) {
    for n in 0..10 {
        let (name, id) = (buyer(n), buyer(n).parse().unwrap());
        for number in 1..=rounds {
            let payment = payment_id(&name, number);
            let row = store.payment(&id, payment).await.unwrap().unwrap();
            assert!(row.record.has_succeeded(), "{name}, payment {number}");
            let name = PaymentName::Reference(row.record.reference.clone().unwrap());
            let payer = store.payer(&name).await.unwrap();
            assert_eq!(payer, Some(Payer { account: id.clone(), payment }));
            let document = store.document(&id, row.record.invoice.unwrap()).await.unwrap();
            assert_eq!(document.unwrap().record.paid.unwrap().payment, payment);
        }
    }
}

fn sales(batches: u64) -> u32 {
    u32::try_from(batches / BATCHES_TO_A_SALE).unwrap()
}

/// What a power cut does on a disk that says of what it has not synced that it has.
fn lose_the_end_of_the_views(files: &Files, random: &mut fastrand::Rng) {
    let log = files.file("views.db-wal");
    let Ok(found) = fs::metadata(&log) else {
        return;
    };
    let file = fs::File::options().write(true).open(&log).unwrap();
    file.set_len(random.u64(0..=found.len())).unwrap();
    let _ = fs::remove_file(files.file("views.db-shm"));
}
