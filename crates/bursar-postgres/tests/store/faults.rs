//! Connections that are cut in the midst of a commit, servers that crash: what was acknowledged is there,
//! once, and what is not known is not guessed.

use std::sync::Arc;

use bursar_postgres::cluster::Cluster;
use bursar_postgres::proxy::{Fate, Proxy};
use bursar_postgres::{Options, PostgresStore};
use bursar_store::contract::{Ask, Clerk, Outcome};
use bursar_store::{Store, StoreError};
use tokio::sync::watch;

use super::support::{Database, account, batch, done, impatient, proven};

/// A store behind a wire that can be cut, on a database with one account.
struct Wired {
    database: Database,
    proxy: Proxy,
    store: Arc<PostgresStore>,
}

impl Wired {
    async fn new(options: Options) -> Self {
        let database = Database::new().await;
        let proxy = Proxy::new(&database.url).await;
        let store = Arc::new(PostgresStore::open(&proxy.url, options).await.unwrap());
        done(&store, &mut Clerk::new(1), &[Ask::open("a"), Ask::give("a", 100)]).await;
        Self { database, proxy, store }
    }

    /// A charge whose commit is cut.
    fn charge(&self, fate: Fate) -> tokio::task::JoinHandle<Result<Outcome, StoreError>> {
        self.proxy.cut(fate);
        let store = Arc::clone(&self.store);
        tokio::spawn(async move {
            let asks = [Ask::charge("a").keyed("once"), Ask::subscriber("b", "small")[0].clone()];
            let outcomes = batch(&store, &mut Clerk::new(2), &asks).await?;
            Ok(outcomes.into_iter().next().unwrap())
        })
    }

    /// How often that was done, as the journal has it.
    async fn charges(&self) -> u64 {
        proven(&self.store).await.version(&"a".parse().unwrap()) - 2
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_commit_is_made_once_when_the_wire_is_mended() {
    for fate in [Fate::CutBefore, Fate::CutMidway, Fate::CutAfter] {
        let wired = Wired::new(Options::default()).await;
        let charging = wired.charge(fate);
        wired.proxy.wait_for_cut().await;
        wired.proxy.mend();
        let outcome = charging.await.unwrap().unwrap();
        assert!(matches!(outcome, Outcome::Done(_)), "{fate:?}: {outcome:?}");
        assert_eq!(wired.charges().await, 1, "{fate:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_commit_that_cannot_be_asked_after_is_unknown() {
    for (fate, made) in [(Fate::CutBefore, false), (Fate::CutMidway, false), (Fate::CutAfter, true)]
    {
        let wired = Wired::new(impatient()).await;
        let error = wired.charge(fate).await.unwrap().unwrap_err();
        assert!(matches!(error, StoreError::Unknown(_)), "{fate:?}: {error}");
        wired.proxy.mend();
        let again = wired.charge(Fate::Pass).await.unwrap().unwrap();
        assert_eq!(matches!(again, Outcome::Replayed(_)), made, "{fate:?}: {again:?}");
        assert_eq!(wired.charges().await, 1, "{fate:?}");
    }
}

/// Another node was first while the wire was cut. What was decided before that can't be written any more.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_is_not_written_over_what_another_node_did() {
    for (fate, made) in [(Fate::CutBefore, false), (Fate::CutMidway, false), (Fate::CutAfter, true)]
    {
        let wired = Wired::new(Options::default()).await;
        let charging = wired.charge(fate);
        wired.proxy.wait_for_cut().await;
        let other = wired.database.open().await;
        done(&other, &mut Clerk::new(3), &[Ask::give("a", 7)]).await;
        wired.proxy.mend();
        match charging.await.unwrap() {
            Ok(outcome) => assert!(made && matches!(outcome, Outcome::Done(_)), "{fate:?}"),
            Err(error) => {
                assert!(!made && matches!(error, StoreError::Unavailable(_)), "{fate:?}: {error}");
            }
        }
        let charges = if made { 1 } else { 0 };
        assert_eq!(wired.charges().await, charges + 1, "{fate:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn legal_numbers_have_no_gaps_where_commits_are_cut() {
    for fate in [Fate::CutBefore, Fate::CutMidway, Fate::CutAfter] {
        let wired = Wired::new(Options::default()).await;
        wired.proxy.cut(fate);
        let selling = {
            let store = Arc::clone(&wired.store);
            tokio::spawn(async move {
                done(&store, &mut Clerk::new(4), &Ask::subscriber("c", "small")).await;
            })
        };
        wired.proxy.wait_for_cut().await;
        wired.proxy.mend();
        selling.await.unwrap();
        done(&wired.store, &mut Clerk::new(5), &Ask::subscriber("d", "small")).await;
        assert_eq!(proven(&wired.store).await.counts().invoices, 2, "{fate:?}");
    }
}

/// Reads are tried again: a cut between them is not seen.
#[tokio::test(flavor = "multi_thread")]
async fn reads_survive_a_cut() {
    let database = Database::new().await;
    let store = database.open().await;
    done(&store, &mut Clerk::new(1), &[Ask::open("a")]).await;
    for _ in 0..3 {
        account(&store, "a").await;
        database.sql(CUT_ALL).await;
    }
    account(&store, "a").await;
    done(&store, &mut Clerk::new(2), &[Ask::give("a", 5)]).await;
}

const CUT_ALL: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'bursar' AND datname = current_database()";

/// Writers on several nodes that repeat each charge until it is acknowledged, while `trouble` is made
/// after every so many.
async fn under_trouble(url: &str, trouble: impl AsyncFn()) {
    const CHARGES: u64 = 60;
    let acknowledged = watch::Sender::new(0);
    let mut tasks = Vec::new();
    for node in 0..4 {
        let store = PostgresStore::open(url, Options::default()).await.unwrap();
        let acknowledged = acknowledged.clone();
        tasks.push(tokio::spawn(async move {
            let mut clerk = Clerk::new(node);
            let (hot, own) = ("hot", format!("own-{node}"));
            until_done(&store, &mut clerk, || {
                let open = |name: &str| Ask::open(name).keyed("open");
                let give = |name: &str| Ask::give(name, 1_000).keyed("give");
                vec![open(hot), give(hot), open(&own), give(&own)]
            })
            .await;
            for n in 0..CHARGES {
                until_done(&store, &mut clerk, || {
                    let key = format!("{node}-{n}");
                    vec![Ask::charge(hot).keyed(&key), Ask::charge(&own).keyed(&key)]
                })
                .await;
                acknowledged.send_modify(|count| *count += 1);
            }
        }));
    }
    for round in 1..=6 {
        let enough = round * 4 * CHARGES / 8;
        acknowledged.subscribe().wait_for(|count| *count >= enough).await.unwrap();
        trouble().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    let store = PostgresStore::open(url, Options::default()).await.unwrap();
    let audit = proven(&store).await;
    // Opened and given once, and every charge once.
    assert_eq!(audit.version(&"hot".parse().unwrap()), 2 + 4 * CHARGES);
    assert_eq!(audit.version(&"own-3".parse().unwrap()), 2 + CHARGES);
    store.close().await.unwrap();
}

async fn until_done(store: &PostgresStore, clerk: &mut Clerk, asks: impl Fn() -> Vec<Ask>) {
    loop {
        match batch(store, clerk, &asks()).await {
            Ok(outcomes) => {
                assert!(outcomes.iter().all(|outcome| outcome.entry().is_some()), "{outcomes:?}");
                return;
            }
            Err(StoreError::Unavailable(_) | StoreError::Unknown(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_connections_are_cut() {
    let database = Database::new().await;
    under_trouble(&database.url, async || database.sql(CUT_ALL).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_when_the_server_crashes() {
    let cluster = Cluster::start();
    let url = cluster.database().await;
    under_trouble(&url, async || cluster.crash()).await;
}
