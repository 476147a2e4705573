//! Who comes for an account while its lock is waited for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bursar_core::account::event::Actor;
use bursar_core::id::AccountId;
use bursar_engine::{Envelope, Outcome};
use bursar_store::JournalPosition;
use tokio::task::JoinHandle;

use super::town::{Node, Town, charge, until};

/// Charges an account under a key, without waiting for it.
fn sends(node: &Node, id: &AccountId, key: &str, done: &Arc<AtomicU64>) -> JoinHandle<Outcome> {
    let mut envelope = Envelope::new(id.clone(), charge(), Actor::Customer);
    envelope.key = Some(key.parse().unwrap());
    let (engine, done) = (node.engine.clone(), Arc::clone(done));
    tokio::spawn(async move {
        let outcome = engine.execute(envelope).await;
        done.fetch_add(1, Ordering::Relaxed);
        outcome
    })
}

/// They share one commit, a key that is known is answered, and who wants another account loses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn who_comes_for_a_locked_account_joins_its_batch() {
    let town = Town::new().await;
    let node = town.node().await;
    let ada = node.opens("ada", 100).await;
    let mut others = Vec::new();
    for n in 0..8 {
        others.push(node.opens(&format!("other-{n}"), 100).await);
    }
    let done = Arc::new(AtomicU64::new(0));
    let known = sends(&node, &ada, "known", &done).await.unwrap().unwrap().entry;
    done.store(0, Ordering::Relaxed);
    let queued = || node.metric("bursar_queued_commands ");
    let lock = town.sql("BEGIN; UPDATE accounts SET held = held WHERE account_id = 'ada'").await;
    let mut sent = vec![sends(&node, &ada, "first", &done)];
    let waiting =
        "pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    until("the first waits for the lock", async || town.count(waiting).await == 1).await;
    sent.extend((0..11).map(|n| sends(&node, &ada, &format!("later-{n}"), &done)));
    let again = sends(&node, &ada, "known", &done);
    until("the others of the account are queued", async || queued() == 13).await;
    let elsewhere: Vec<_> = others.iter().map(|id| sends(&node, id, "key", &done)).collect();
    until("those of others are queued behind them, or done", async || {
        queued() + done.load(Ordering::Relaxed) == 21
    })
    .await;
    drop(lock);
    for outcome in sent.into_iter().chain(elsewhere) {
        assert!(!outcome.await.unwrap().unwrap().replayed);
    }
    let again = again.await.unwrap().unwrap();
    assert!(again.replayed && again.entry == known);
    let journal = node.engine.store().journal(JournalPosition::default(), 1_000).await.unwrap();
    let commits: Vec<u64> = journal
        .iter()
        .filter(|(_, entry)| entry.account == ada && entry.first_version > known.first_version)
        .map(|(position, _)| position.commit)
        .collect();
    assert_eq!(commits.len(), 12);
    assert!(commits.iter().all(|commit| *commit == commits[0]), "not one batch: {commits:?}");
}
