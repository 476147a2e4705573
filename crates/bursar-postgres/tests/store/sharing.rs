//! Work that two nodes share, and how they hear of each other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bursar_core::id::AccountId;
use bursar_postgres::{Options, PostgresStore};
use bursar_store::contract::{Ask, Clerk};
use bursar_store::{Claim, Sharing, Store, Task};
use futures::StreamExt;

use super::support::{Database, done};

const LEASE: Duration = Duration::from_millis(500);
const HOUR: Duration = Duration::from_secs(3_600);

async fn node(database: &Database) -> Arc<PostgresStore> {
    database.open_with(Options { lease: LEASE, ..Options::default() }).await
}

/// Accounts that wait for the payment provider.
async fn waiting(store: &PostgresStore, clerk: &mut Clerk, count: usize) {
    for n in 0..count {
        done(store, clerk, &Ask::subscriber(&format!("account-{n}"), "small")[..4]).await;
    }
}

async fn claimed(store: &PostgresStore, clerk: &Clerk, limit: usize) -> BTreeSet<AccountId> {
    store.claim(Task::Pay, clerk.now, limit).await.unwrap().into_iter().collect()
}

/// Both ask again and again, at the same time.
async fn check_shares(database: &Database, one: &PostgresStore, two: &PostgresStore) {
    let mut clerk = Clerk::new(1);
    waiting(one, &mut clerk, 30).await;
    let mut all = BTreeSet::new();
    while all.len() < 30 {
        let (first, second) = tokio::join!(claimed(one, &clerk, 4), claimed(two, &clerk, 4));
        for id in first.into_iter().chain(second) {
            assert!(all.insert(id.clone()), "{id} was claimed by both");
        }
    }
    let nodes = database.count("SELECT count(DISTINCT node) FROM claims").await;
    assert_eq!(nodes, 2, "one got it all");
}

fn for_long() -> Options {
    Options { lease: HOUR, ..Options::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_claim_different_accounts() {
    let database = Database::new().await;
    let (one, two) = (database.open_with(for_long()).await, database.open_with(for_long()).await);
    check_shares(&database, &one, &two).await;
}

/// Where rows of several shards can't be locked together.
#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_claim_different_accounts_of_a_distributed_database() {
    let database = Database::new().await;
    database.open().await.close().await.unwrap();
    database
        .sql(
            "SET allow_system_table_mods = on;
             CREATE TABLE pg_catalog.pg_dist_partition (logicalrel regclass);
             INSERT INTO pg_catalog.pg_dist_partition VALUES ('bursar.accounts'::regclass)",
        )
        .await;
    let (one, two) = (database.open_with(for_long()).await, database.open_with(for_long()).await);
    check_shares(&database, &one, &two).await;
}

/// An account in the midst of a batch is passed over, not waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_locked_account_is_passed_over() {
    let database = Database::new().await;
    let store = database.open_with(for_long()).await;
    let mut clerk = Clerk::new(2);
    waiting(&store, &mut clerk, 2).await;
    let holder = database.client().await;
    let lock = "BEGIN; SELECT 1 FROM accounts WHERE account_id = 'account-0' FOR UPDATE";
    holder.batch_execute(lock).await.unwrap();
    let only: BTreeSet<AccountId> = ["account-1".parse().unwrap()].into();
    assert_eq!(claimed(&store, &clerk, 10).await, only);
}

/// What a node has is its own until it is silent for as long as the lease.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_runs_out_unless_it_is_kept() {
    let database = Database::new().await;
    let (one, two) = (node(&database).await, node(&database).await);
    let mut clerk = Clerk::new(3);
    waiting(&one, &mut clerk, 1).await;
    assert_eq!(claimed(&one, &clerk, 10).await.len(), 1);
    let claim = Claim::of(Task::Pay, "account-0".parse().unwrap());
    let live = "SELECT count(*) FROM claims WHERE until > now()";
    while database.count(live).await > 0 {
        tokio::task::yield_now().await;
    }
    assert!(two.take(&claim).await.unwrap());
    assert!(!one.keep(&claim).await.unwrap(), "it is the other's");
    one.release(std::slice::from_ref(&claim), Duration::ZERO).await.unwrap();
    assert!(two.keep(&claim).await.unwrap(), "nobody gives up what is another's");
    two.release(std::slice::from_ref(&claim), HOUR).await.unwrap();
    assert!(claimed(&one, &clerk, 10).await.is_empty(), "it rests");
    assert!(one.take(&claim).await.unwrap(), "there was news");
    assert!(!two.take(&claim).await.unwrap(), "the other has it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_hears_of_what_others_commit() {
    let database = Database::new().await;
    let (one, two) = (database.open().await, database.open().await);
    let mut clerk = Clerk::new(4);
    let mut elsewhere = one.elsewhere();
    elsewhere.next().await.unwrap();
    // It has nothing to tell of its own: what is heard next is of the other one.
    done(&one, &mut clerk, &[Ask::open("a")]).await;
    let listens = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    assert_eq!(database.count(listens).await, 1);
    done(&two, &mut clerk, &[Ask::open("b")]).await;
    elsewhere.next().await.unwrap();
    let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    assert_eq!(database.count(cut).await, 1);
    elsewhere.next().await.unwrap();
    done(&two, &mut clerk, &[Ask::open("c")]).await;
    elsewhere.next().await.unwrap();
    // Nobody listens when nobody wants to hear.
    drop(elsewhere);
    while database.count(listens).await > 0 {
        tokio::task::yield_now().await;
    }
}
