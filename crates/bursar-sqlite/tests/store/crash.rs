//! Killed while it writes, again and again: whatever was acknowledged is there, nothing twice.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::time::Duration;

use bursar_sqlite::{Options, SqliteStore};
use bursar_store::Store;

use super::support::{Files, Load, child, directory_of_child};

const ROUNDS: u64 = 12;

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
    let mut out = std::io::stdout();
    loop {
        load.charge(1).await;
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
    for round in 0..ROUNDS {
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
        if round % 3 == 2 {
            lose_the_end_of_the_views(&files, &mut random);
        }
        let store = files.open();
        Load::begin(&store).await.find_all(most).await;
        store.close().await.unwrap();
        drop(store);
        let entries = files.prove().await;
        assert_eq!(entries % 10, 0, "seed {seed}: a batch is whole or not there");
        assert!(entries >= 20 + 10 * most, "seed {seed}: {entries} entries");
    }
}

/// What a power cut does to a file that is not synced at every commit.
fn lose_the_end_of_the_views(files: &Files, random: &mut fastrand::Rng) {
    let log = files.file("views.db-wal");
    let Ok(found) = fs::metadata(&log) else {
        return;
    };
    let file = fs::File::options().write(true).open(&log).unwrap();
    file.set_len(random.u64(0..=found.len())).unwrap();
    let _ = fs::remove_file(files.file("views.db-shm"));
}
