//! Live events across nodes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bursar_core::id::AccountId;
use bursar_engine::News;
use bursar_store::Entry;
use tokio::sync::broadcast;
use tokio::time::timeout;

use super::town::{Node, Town, charge, until};

const PATIENCE: Duration = Duration::from_secs(60);

/// What was heard of each account: it must go on where it was.
#[derive(Default)]
struct Heard(HashMap<AccountId, u64>);

impl Heard {
    fn hear(&mut self, entry: &Entry) {
        let version = self.0.entry(entry.account.clone()).or_insert(entry.first_version - 1);
        assert_eq!(entry.first_version, *version + 1, "of {}", entry.account);
        *version = entry.version();
    }

    /// Listens until every account has come this far.
    async fn until(
        &mut self,
        live: &mut broadcast::Receiver<Arc<Entry>>,
        ids: &[AccountId],
        to: u64,
    ) {
        while ids.iter().any(|id| self.0.get(id).is_none_or(|version| *version < to)) {
            let entry = timeout(PATIENCE, live.recv()).await.unwrap().unwrap();
            self.hear(&entry);
        }
        assert!(ids.iter().all(|id| self.0.get(id) == Some(&to)), "{:?}", self.0);
        assert_eq!(live.try_recv().unwrap_err(), broadcast::error::TryRecvError::Empty);
    }
}

async fn listen(node: &Node) -> broadcast::Receiver<Arc<Entry>> {
    node.run(|engine| async move { engine.listen().await.unwrap() }).await
}

/// Three accounts, which all nodes charge, one after the other and at the same time.
async fn charge_all(nodes: &[&Node], ids: &[AccountId], times: usize) {
    for _ in 0..times {
        let charges = nodes.iter().flat_map(|node| ids.iter().map(|id| node.does(id, charge())));
        futures::future::join_all(charges).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_hears_everything_once_and_in_order() {
    let town = Town::new().await;
    let (a, b, c) = (town.node().await, town.node().await, town.node().await);
    let mut ids = Vec::new();
    for name in ["ada", "bob", "cyd"] {
        ids.push(a.opens(name, 1_000).await);
    }
    let opened = b.engine.store().account(&ids[0]).await.unwrap().unwrap().version;
    let mut ears = Vec::new();
    for node in [&a, &b, &c] {
        ears.push((listen(node).await, Heard::default()));
    }
    charge_all(&[&a, &b], &ids, 10).await;
    let gap = "BEGIN; SELECT pg_advisory_xact_lock_shared(1112691538, 1);
        SELECT nextval('journal_commits'); ROLLBACK";
    town.sql(gap).await;
    charge_all(&[&b, &c], &ids, 10).await;
    // All three ways to the others are cut, and all is heard that comes meanwhile.
    town.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'LISTEN%'",
    )
    .await;
    charge_all(&[&a, &b], &ids, 10).await;
    let to = opened + 60;
    for (live, heard) in &mut ears {
        heard.until(live, &ids, to).await;
    }
}

/// A commit that is under way holds up what comes after it for others; not what its own node needs to know.
#[tokio::test(flavor = "multi_thread")]
async fn a_follower_who_comes_back_misses_nothing() {
    let town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    let ada = a.opens("ada", 1_000).await;
    for _ in 0..5 {
        let id = ada.clone();
        let mut news = b.run(|engine| async move { engine.follow(id).await.unwrap() }).await;
        let seen = b.engine.store().account(&ada).await.unwrap().unwrap().version;
        a.does(&ada, charge()).await;
        let heard = timeout(PATIENCE, news.next()).await.unwrap();
        let Some(News::Entry(entry)) = heard else { panic!("{heard:?}") };
        assert_eq!(entry.first_version, seen + 1);
    }
}

/// Shown, not judged: how long after a commit another node tells of it.
#[tokio::test(flavor = "multi_thread")]
async fn news_travel_by_notification() {
    let town = Town::new().await;
    let (a, b) = (town.node().await, town.node().await);
    let ada = a.opens("ada", 1_000).await;
    let mut live = listen(&b).await;
    let listens = "pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    until("it listens", async || town.count(listens).await > 0).await;
    let mut delays = Vec::new();
    for _ in 0..40 {
        a.does(&ada, charge()).await;
        let committed = Instant::now();
        timeout(PATIENCE, live.recv()).await.unwrap().unwrap();
        delays.push(committed.elapsed());
    }
    delays.sort_unstable();
    println!("median {:?}, longest {:?}", delays[20], delays[39]);
    // Whoever only looks by himself takes half a second on average.
    let quick = delays.iter().filter(|delay| **delay < Duration::from_millis(500)).count();
    assert!(quick >= 35, "{delays:?}");
}
