//! Numbers of commits that come late, or never.

use bursar_store::contract::{Ask, Clerk};
use bursar_store::{JournalPosition, Store, StoreError};
use tokio_postgres::Client;

use super::support::{Database, batch, done, impatient};
use bursar_postgres::PostgresStore;

const START: JournalPosition = JournalPosition { commit: 0, index: 0 };

async fn commits(store: &PostgresStore, after: JournalPosition) -> Vec<u64> {
    let page = store.journal(after, 100).await.unwrap();
    page.into_iter().map(|(position, _)| position.commit).collect()
}

/// Another node's commit that has drawn its number and takes its time.
async fn slow_commit(database: &Database) -> Client {
    let client = database.client().await;
    client.batch_execute("BEGIN").await.unwrap();
    let draw = "WITH gate AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(1112691538, 1))
        SELECT nextval('journal_commits') FROM gate";
    let number: i64 = client.query_one(draw, &[]).await.unwrap().get(0);
    let copy = "
        INSERT INTO journal SELECT version + 100 * $1::bigint, $1, at, 0, 1, lines, account_id, body
        FROM journal WHERE commit_id = 1";
    client.execute(copy, &[&number]).await.unwrap();
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_never_passes_a_commit_that_is_under_way() {
    let database = Database::new().await;
    let store = database.open_with(impatient()).await;
    let mut clerk = Clerk::new(1);
    done(&store, &mut clerk, &[Ask::open("a")]).await;
    let slow = slow_commit(&database).await;
    done(&store, &mut clerk, &[Ask::open("b")]).await;
    assert_eq!(commits(&store, START).await, [1], "as far as it is certain");
    let after = JournalPosition { commit: 1, index: 0 };
    let error = store.journal(after, 100).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    slow.batch_execute("COMMIT").await.unwrap();
    assert_eq!(commits(&store, after).await, [2, 3]);
}

/// It waits for those that are under way, and for nobody who comes later.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_goes_on_as_soon_as_the_gap_is_filled() {
    let database = Database::new().await;
    let store = database.open().await;
    let mut clerk = Clerk::new(2);
    done(&store, &mut clerk, &[Ask::open("a")]).await;
    let first = slow_commit(&database).await;
    done(&store, &mut clerk, &[Ask::open("b")]).await;
    let reading = {
        let store = database.open().await;
        tokio::spawn(async move { commits(&store, START).await })
    };
    // Until the reader is seen to ask who is in the gate.
    let asked = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%FROM pg_locks%'
        AND datname = current_database() AND pid <> pg_backend_pid()";
    while database.count(asked).await == 0 {
        tokio::task::yield_now().await;
    }
    let _second = slow_commit(&database).await;
    done(&store, &mut clerk, &[Ask::open("c")]).await;
    first.batch_execute("COMMIT").await.unwrap();
    assert_eq!(reading.await.unwrap(), [1, 2, 3], "5 is there, and 4 under way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_failed_leaves_a_gap_that_nobody_waits_for() {
    let database = Database::new().await;
    let store = database.open_with(impatient()).await;
    let mut clerk = Clerk::new(3);
    done(&store, &mut clerk, &[Ask::open("a")]).await;
    slow_commit(&database).await.batch_execute("ROLLBACK").await.unwrap();
    done(&store, &mut clerk, &[Ask::open("b")]).await;
    done(&store, &mut clerk, &[Ask::open("c")]).await;
    assert_eq!(commits(&store, START).await, [1, 3, 4]);
    for size in 1..4 {
        let mut read = Vec::new();
        while let Some((position, _)) = {
            let after = read.last().copied().unwrap_or(START);
            store.journal(after, size).await.unwrap().into_iter().next_back()
        } {
            read.push(position);
        }
        assert_eq!(read.last().unwrap().commit, 4, "pages of {size}");
    }
}

/// A reader at the end, while several nodes write: every entry, each once, in order.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_at_the_end_misses_nothing() {
    let database = Database::new().await;
    let mut tasks = Vec::new();
    for node in 0..4 {
        let store = database.open().await;
        tasks.push(tokio::spawn(async move {
            let mut clerk = Clerk::new(node);
            let name = format!("node-{node}");
            done(&store, &mut clerk, &[Ask::open(&name), Ask::give(&name, 1_000)]).await;
            for _ in 0..60 {
                let asks = [Ask::charge(&name), Ask::charge(&name)];
                batch(&store, &mut clerk, &asks).await.unwrap();
            }
        }));
    }
    let store = database.open().await;
    let mut read = Vec::new();
    let mut after = START;
    loop {
        let are_done = tasks.iter().all(tokio::task::JoinHandle::is_finished);
        let page = store.journal(after, 7).await.unwrap();
        if are_done && page.is_empty() {
            break;
        }
        after = page.last().map_or(after, |(position, _)| *position);
        read.extend(page);
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(read.len(), 4 * 122);
    assert!(read.is_sorted_by(|one, next| one.0 < next.0));
    assert_eq!(store.journal(START, 1_000).await.unwrap(), read);
}
