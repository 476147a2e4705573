//! What a server says when it can't: what will pass is tried again, what won't is said at once, and either
//! way nothing is done by half.

use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::Account;
use bursar_postgres::cluster::Cluster;
use bursar_postgres::{Options, PostgresStore};
use bursar_store::contract::{Ask, Clerk, Outcome};
use bursar_store::{Store, StoreError, Wanted};
use tokio_postgres::Client;

use super::support::{Database, account, batch, done, impatient, proven};

/// A database with one account that has credits.
async fn opened(options: Options) -> (Database, Arc<PostgresStore>) {
    let database = Database::new().await;
    let store = database.open_with(options).await;
    done(&store, &mut Clerk::new(1), &[Ask::open("a"), Ask::give("a", 100)]).await;
    (database, store)
}

async fn charge(store: &PostgresStore, key: &str) -> Result<Outcome, StoreError> {
    let outcomes = batch(store, &mut Clerk::new(2), &[Ask::charge("a").keyed(key)]).await?;
    Ok(outcomes.into_iter().next().unwrap())
}

async fn read(store: &PostgresStore) -> Result<Option<Arc<Account>>, StoreError> {
    store.account(&"a".parse().unwrap()).await
}

#[track_caller]
fn unavailable<T: std::fmt::Debug>(outcome: Result<T, StoreError>, says: &str) {
    match outcome {
        Err(StoreError::Unavailable(said)) => assert!(said.contains(says), "{said}"),
        other => panic!("{other:?}"),
    }
}

/// Every commit fails with this, so many times. Sequences are not rolled back, so they can count.
async fn trouble(database: &Database, code: &str, times: u32) {
    let sql = format!(
        "DROP FUNCTION IF EXISTS trouble() CASCADE;
         DROP SEQUENCE IF EXISTS troubles;
         CREATE SEQUENCE troubles;
         CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('troubles') <= {times} THEN
                 RAISE EXCEPTION 'told to fail' USING ERRCODE = '{code}';
             END IF;
             RETURN NULL;
         END $$;
         CREATE CONSTRAINT TRIGGER trouble AFTER INSERT ON journal {}
             FOR EACH ROW EXECUTE FUNCTION trouble()",
        // Some of them at the `COMMIT`.
        if ["40001", "53100", "25006"].contains(&code) {
            "DEFERRABLE INITIALLY DEFERRED"
        } else {
            ""
        }
    );
    database.sql(&sql).await;
}

async fn attempts(database: &Database) -> i64 {
    database.count("SELECT last_value FROM troubles").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_tried_again_and_done_once() {
    let (database, store) = opened(Options::default()).await;
    // Serialization, deadlock, lock and statement time-outs, a shutdown, a standby, too many connections.
    let passing = ["40001", "40P01", "55P03", "57014", "57P01", "25006", "0A000", "53300"];
    for (done, code) in (1..).zip(passing) {
        trouble(&database, code, 2).await;
        let outcome = charge(&store, code).await.unwrap();
        assert!(matches!(outcome, Outcome::Done(_)), "{code}: {outcome:?}");
        assert_eq!(attempts(&database).await, 3, "{code}");
        assert_eq!(account(&store, "a").await.version, 2 + done, "{code}");
    }
    proven(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_pass_in_time_is_refused_and_nothing_of_it_is_done() {
    let (database, store) = opened(impatient()).await;
    for code in ["40001", "40P01", "55P03", "57014", "25006", "53300"] {
        trouble(&database, code, 1_000_000).await;
        unavailable(charge(&store, code).await, &format!("told to fail ({code})"));
        let attempts = attempts(&database).await;
        assert!((2..100).contains(&attempts), "{code}: {attempts}");
        assert_eq!(account(&store, "a").await.version, 2, "{code}");
    }
    trouble(&database, "40001", 0).await;
    assert!(matches!(charge(&store, "40001").await.unwrap(), Outcome::Done(_)));
    proven(&store).await;
}

/// A full disk and the like don't pass by themselves: they are said at once, with what to do.
#[tokio::test(flavor = "multi_thread")]
async fn what_will_not_pass_is_said_at_once() {
    let (database, store) = opened(Options::default()).await;
    for (code, says) in [
        ("53100", "free some space on the server's disk"),
        ("53200", "trying again may help"),
        ("42501", "the database's owner must grant it"),
    ] {
        trouble(&database, code, 1_000_000).await;
        unavailable(charge(&store, code).await, says);
        assert_eq!(attempts(&database).await, 1, "{code}");
        assert_eq!(account(&store, "a").await.version, 2, "{code}");
    }
    trouble(&database, "53100", 0).await;
    charge(&store, "53100").await.unwrap().done();
    proven(&store).await;
}

/// The rules rest on each statement seeing what was committed before it. Whatever a server or a role has as
/// its default, batches say what they need.
#[tokio::test(flavor = "multi_thread")]
async fn the_defaults_of_a_server_make_no_difference() {
    let database = Database::new().await;
    let (_, name) = database.url.split('?').next().unwrap().rsplit_once('/').unwrap();
    for setting in [
        "default_transaction_isolation = 'serializable'",
        "default_transaction_read_only = on",
        "default_transaction_deferrable = on",
        "synchronous_commit = off",
        "search_path = pg_catalog",
        "statement_timeout = 1",
        "standard_conforming_strings = off",
        "bytea_output = 'escape'",
        "timezone = 'Pacific/Chatham'",
    ] {
        Cluster::shared().sql("postgres", &format!("ALTER DATABASE {name} SET {setting}")).await;
    }
    let store = database.open().await;
    done(&store, &mut Clerk::new(1), &[Ask::open("a"), Ask::give("a", 1_000)]).await;
    let mut tasks = Vec::new();
    for node in 0..4 {
        let store = database.open().await;
        tasks.push(tokio::spawn(async move {
            for n in 0..20 {
                charge(&store, &format!("{node}-{n}")).await.unwrap().done();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(account(&store, "a").await.version, 82);
    proven(&store).await;
}

/// Somebody's session that has locked a row of ours.
async fn holding(database: &Database, name: &str) -> Client {
    let client = database.client().await;
    client.batch_execute("BEGIN; SET LOCAL deadlock_timeout = '1min'").await.unwrap();
    lock(&client, name).await;
    client
}

async fn lock(client: &Client, name: &str) {
    let lock = "SELECT 1 FROM accounts WHERE account_id = $1 FOR UPDATE";
    assert_eq!(client.query(lock, &[&name]).await.unwrap().len(), 1);
}

/// Until a batch of ours waits for a lock.
async fn until_waiting(database: &Database) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bursar'
        AND datname = current_database() AND wait_event_type = 'Lock'";
    while database.count(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_somebody_else_has_locked_is_waited_for_but_not_for_ever() {
    let (database, store) = opened(impatient()).await;
    let stranger = holding(&database, "a").await;
    unavailable(charge(&store, "once").await, "lock timeout (55P03)");
    let patient = database.open().await;
    let charging = tokio::spawn(async move { charge(&patient, "once").await });
    until_waiting(&database).await;
    stranger.batch_execute("COMMIT").await.unwrap();
    assert!(matches!(charging.await.unwrap().unwrap(), Outcome::Done(_)));
}

/// Statements that take too long are cancelled and tried again until patience ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_statement_is_tried_again() {
    let cancel_soon =
        Options { statement_timeout: Duration::from_millis(40), ..Options::default() };
    let (database, store) = opened(cancel_soon).await;
    let stranger = holding(&database, "a").await;
    let charging = tokio::spawn(async move { charge(&store, "once").await });
    // The transaction of the first attempt, and later that of another.
    let ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bursar'
        AND datname = current_database() AND wait_event_type = 'Lock' AND xact_start > $1::timestamptz";
    let client = database.client().await;
    until_waiting(&database).await;
    let first: std::time::SystemTime =
        client.query_one("SELECT clock_timestamp()", &[]).await.unwrap().get(0);
    while client.query_one(ours, &[&first]).await.unwrap().get::<_, i64>(0) == 0 {
        tokio::task::yield_now().await;
    }
    stranger.batch_execute("COMMIT").await.unwrap();
    assert!(matches!(charging.await.unwrap().unwrap(), Outcome::Done(_)));
}

/// Somebody who locks rows of ours in another order makes a deadlock, of which we are the victim.
#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_with_somebody_else_is_survived() {
    let (database, store) = opened(Options::default()).await;
    done(&store, &mut Clerk::new(3), &[Ask::open("b"), Ask::give("b", 100)]).await;
    let stranger = holding(&database, "b").await;
    let charging = tokio::spawn(async move {
        let asks = [Ask::charge("a").keyed("once"), Ask::charge("b").keyed("once")];
        let outcomes = batch(&store, &mut Clerk::new(4), &asks).await.unwrap();
        (store, outcomes)
    });
    until_waiting(&database).await;
    // Granted when our session has been ended by the server.
    lock(&stranger, "a").await;
    stranger.batch_execute("COMMIT").await.unwrap();
    let (store, outcomes) = charging.await.unwrap();
    outcomes.into_iter().for_each(|outcome| drop(outcome.done()));
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    database.sql("SELECT pg_stat_force_next_flush()").await;
    assert!(database.count(deadlocks).await > 0);
    assert_eq!(proven(&store).await.version(&"b".parse().unwrap()), 3);
}

/// A node that goes silent in the midst of a batch is given up, and what it decided is void.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_goes_silent_keeps_nobody_waiting_and_writes_nothing_later() {
    let quick = Options { silence_timeout: Duration::from_millis(200), ..Options::default() };
    let (database, silent) = opened(quick).await;
    let mut clerk = Clerk::new(5);
    let mut writer = silent.writer().unwrap();
    let wanted = Wanted { accounts: vec!["a".parse().unwrap()], keys: Vec::new() };
    let begun = writer.begin(&wanted).await.unwrap();
    let asks = [Ask::charge("a")];
    let (_, late) = clerk.decide(&mut *writer, &asks, &wanted, begun).await.unwrap();
    let other = database.open().await;
    charge(&other, "meanwhile").await.unwrap().done();
    unavailable(writer.commit(late).await, "");
    assert_eq!(proven(&other).await.version(&"a".parse().unwrap()), 3);
    // It goes on as if nothing had been.
    clerk.batch(&mut *writer, &asks).await.unwrap().remove(0).done();
}

/// A role with one connection: more can't be had, until it may have more.
#[tokio::test(flavor = "multi_thread")]
async fn too_few_connections_are_said_and_more_are_used_when_there_are() {
    let database = Database::new().await;
    let (_, name) = database.url.split('?').next().unwrap().rsplit_once('/').unwrap();
    let few =
        format!("CREATE ROLE few LOGIN CONNECTION LIMIT 1; ALTER DATABASE {name} OWNER TO few");
    Cluster::shared().sql("postgres", &few).await;
    let url = database.url.replace("postgres@", "few@");
    let store = PostgresStore::open(&url, impatient()).await.unwrap();
    done(&store, &mut Clerk::new(1), &[Ask::open("a"), Ask::give("a", 100)]).await;
    unavailable(read(&store).await, "raise max_connections, or lower `writers` and `readers`");
    charge(&store, "once").await.unwrap().done();
    Cluster::shared().sql("postgres", "ALTER ROLE few CONNECTION LIMIT 20").await;
    assert_eq!(account(&store, "a").await.version, 3);
}

/// A server that was restarted while nobody looked: all connections are dead, the next request works.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_while_idle_is_not_noticed() {
    let cluster = Cluster::start();
    let store = PostgresStore::open(&cluster.database().await, Options::default()).await.unwrap();
    done(&store, &mut Clerk::new(1), &[Ask::open("a"), Ask::give("a", 100)]).await;
    // All there are.
    let many = (0..8).map(|_| read(&store));
    futures::future::join_all(many).await.into_iter().for_each(|read| drop(read.unwrap()));
    cluster.crash();
    charge(&store, "once").await.unwrap().done();
    cluster.crash();
    let many = (0..8).map(|_| read(&store));
    for read in futures::future::join_all(many).await {
        assert_eq!(read.unwrap().unwrap().version, 3);
    }
}

/// After a failover the way may lead to a standby for a while: it is read, and writes wait until it is
/// promoted or patience ends.
#[tokio::test(flavor = "multi_thread")]
async fn writes_wait_for_a_standby_to_be_promoted() {
    let cluster = Cluster::start();
    let url = cluster.database().await;
    let store = Arc::new(PostgresStore::open(&url, Options::default()).await.unwrap());
    let hurried = PostgresStore::open(&url, impatient()).await.unwrap();
    done(&store, &mut Clerk::new(1), &[Ask::open("a"), Ask::give("a", 100)]).await;
    cluster.demote();
    assert_eq!(account(&store, "a").await.version, 2, "a standby can be read");
    unavailable(charge(&hurried, "hurried").await, "the database URL must lead to the primary");
    let starting = PostgresStore::open(&url, impatient()).await;
    unavailable(starting.map(drop), "the database URL must lead to the primary");
    let charging = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { charge(&store, "patient").await })
    };
    cluster.promote();
    charging.await.unwrap().unwrap().done();
    charge(&hurried, "hurried").await.unwrap().done();
    assert_eq!(proven(&store).await.version(&"a".parse().unwrap()), 4);
}

/// While there is no server, each request is refused as soon as patience ends, however many there are, and
/// when there is one again the next is done.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_nobody_waits_for_those_before_him() {
    let cluster = Cluster::start();
    let url = cluster.database().await;
    let store = Arc::new(PostgresStore::open(&url, impatient()).await.unwrap());
    done(&store, &mut Clerk::new(1), &[Ask::open("a"), Ask::give("a", 100)]).await;
    cluster.stop();
    let many = (0..200).map(|_| read(&store));
    for read in futures::future::join_all(many).await {
        unavailable(read, "");
    }
    unavailable(charge(&store, "once").await, "look whether the server runs and can be reached");
    cluster.start_again();
    charge(&store, "once").await.unwrap().done();
}
