//! What docs/OPERATIONS.md promises of backups and failovers, done with PostgreSQL's own programs.

use std::path::Path;
use std::time::Duration;

use bursar_postgres::cluster::Cluster;
use bursar_postgres::{Difference, PostgresStore, verify};
use bursar_store::contract::{Ask, Clerk, Outcome};
use bursar_store::{Store, StoreError};

use super::support::{Database, account, batch, done, impatient, proven};

async fn open(url: &str) -> PostgresStore {
    PostgresStore::open(url, Default::default()).await.unwrap()
}

async fn sql(cluster: &Cluster, sql: &str) {
    cluster.sql("test_0", sql).await;
}

/// Waits until something holds; whoever waits too long is told for what.
async fn until(url: &str, condition: &str) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let holds = async {
        while !client.query_one(condition, &[]).await.unwrap().get::<_, bool>(0) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), holds).await.expect(condition);
}

/// Gives a credit, so often.
async fn give(store: &PostgresStore, clerk: &mut Clerk, times: u64) {
    for _ in 0..times {
        done(store, clerk, &[Ask::give("a", 1)]).await;
    }
}

/// A base backup and the archived log: everything is there as it was at the point, and nothing after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_restored_to_a_point_in_time() {
    let cluster = Cluster::start();
    let url = cluster.database().await;
    let archive = cluster.directory().join("archive");
    let settings = [
        "wal_level = 'replica'".to_owned(),
        "archive_mode = on".to_owned(),
        format!("archive_command = 'mkdir -p {0} && cp %p {0}/%f'", archive.display()),
    ];
    for setting in settings {
        sql(&cluster, &format!("ALTER SYSTEM SET {setting}")).await;
    }
    cluster.crash();
    let store = open(&url).await;
    let mut clerk = Clerk::new(1);
    done(&store, &mut clerk, &Ask::subscriber("a", "small")).await;
    let backup = cluster.back_up();
    give(&store, &mut clerk, 10).await;
    let then = account(&store, "a").await;
    sql(&cluster, "SELECT pg_create_restore_point('before_the_mistake')").await;
    give(&store, &mut clerk, 5).await;
    store.close().await.unwrap();
    sql(&cluster, "SELECT pg_switch_wal()").await;
    wait_for_archive(&url, &archive).await;

    let settings = format!(
        "archive_mode = off
        restore_command = 'cp {}/%f %p'
        recovery_target_name = 'before_the_mistake'
        recovery_target_action = 'promote'",
        archive.display()
    );
    let restored = backup.start("recovery", &settings);
    let url = restored.url("test_0");
    until(&url, "SELECT NOT pg_is_in_recovery()").await;
    verify(&url, |_, _| {}).await.unwrap();
    let store = open(&url).await;
    assert_eq!(account(&store, "a").await, then);
    give(&store, &mut Clerk::new(2), 3).await;
    proven(&store).await;
    verify(&url, |_, _| {}).await.unwrap();
}

/// The segment that has the restore point is in the archive once the one after it was begun.
async fn wait_for_archive(url: &str, archive: &Path) {
    let archived =
        "SELECT coalesce(last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 16777216)
        AND last_archived_wal NOT LIKE '%.backup', false) FROM pg_stat_archiver";
    until(url, archived).await;
    assert!(archive.is_dir());
}

/// A commit that waits for a standby is on it when the primary is gone. Servers find the new primary by
/// themselves if its address is in their URL.
#[tokio::test(flavor = "multi_thread")]
async fn a_failover_to_a_synchronous_standby_loses_nothing() {
    let primary = Cluster::start();
    let url = primary.database().await;
    open(&url).await.close().await.unwrap();
    let settings = format!(
        "primary_conninfo = 'host=127.0.0.1 port={} user=postgres application_name=standby_1'",
        primary.port()
    );
    let standby = primary.back_up().start("standby", &settings);
    sql(&primary, "ALTER SYSTEM SET synchronous_standby_names = 'standby_1'").await;
    sql(&primary, "SELECT pg_reload_conf()").await;
    until(&url, "SELECT count(*) > 0 FROM pg_stat_replication WHERE sync_state = 'sync'").await;

    let both = format!(
        "postgres://postgres@127.0.0.1:{},127.0.0.1:{}/test_0?sslmode=disable&\
         target_session_attrs=read-write",
        primary.port(),
        standby.port()
    );
    let store = open(&both).await;
    let mut clerk = Clerk::new(1);
    done(&store, &mut clerk, &Ask::subscriber("a", "small")).await;
    give(&store, &mut clerk, 20).await;
    let acknowledged = account(&store, "a").await;

    // The standby can be read. It can't be written, nor proved, which takes temporary tables.
    let reading = PostgresStore::open_existing(&standby.url("test_0"), impatient()).await.unwrap();
    assert_ne!(reading.journal(Default::default(), 9).await.unwrap().len(), 0);
    let error = batch(&reading, &mut Clerk::new(3), &[Ask::give("a", 1)]).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    let error = verify(&standby.url("test_0"), |_, _| {}).await.unwrap_err();
    assert!(matches!(error, Difference::Database(StoreError::Unavailable(_))), "{error}");
    reading.close().await.unwrap();

    primary.kill();
    standby.sql("test_0", "SELECT pg_promote()").await;
    assert_eq!(account(&store, "a").await, acknowledged);
    give(&store, &mut clerk, 5).await;
    store.close().await.unwrap();
    let report = verify(&standby.url("test_0"), |_, _| {}).await.unwrap();
    assert!(report.last_commit > 20);
}

/// The journal in pieces by the numbers of its commits, made while servers work: the old ones can be moved to
/// another disk. As docs/OPERATIONS.md has it.
const PARTITION: &str = "
    BEGIN;
    LOCK TABLE bursar.accounts IN EXCLUSIVE MODE;
    ALTER TABLE bursar.journal RENAME TO journal_1;
    ALTER INDEX bursar.journal_pkey RENAME TO journal_1_pkey;
    ALTER INDEX bursar.journal_order RENAME TO journal_1_order;
    CREATE TABLE bursar.journal (LIKE bursar.journal_1) PARTITION BY RANGE (commit_id);
    CREATE INDEX journal_account ON bursar.journal (account_id, version);
    CREATE INDEX journal_order ON bursar.journal (commit_id, entry);
    ALTER TABLE bursar.journal ATTACH PARTITION bursar.journal_1 FOR VALUES FROM (MINVALUE) TO (20);
    CREATE TABLE bursar.journal_2 PARTITION OF bursar.journal FOR VALUES FROM (20) TO (30)
        WITH (toast_tuple_target = 8160);
    CREATE TABLE bursar.journal_rest PARTITION OF bursar.journal DEFAULT WITH (toast_tuple_target = 8160);
    COMMIT";

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_in_partitions_is_the_same_journal() {
    let database = Database::new().await;
    let store = database.open().await;
    let mut clerk = Clerk::new(1);
    done(&store, &mut clerk, &Ask::subscriber("a", "small")).await;
    done(&store, &mut clerk, &[Ask::charge("a").keyed("once")]).await;
    database.sql(PARTITION).await;
    give(&store, &mut clerk, 40).await;
    for (piece, least) in [("journal_1", 6), ("journal_2", 10), ("journal_rest", 1)] {
        let count = database.count(&format!("SELECT count(*) FROM {piece}")).await;
        assert!(count >= least, "{piece} has {count} entries");
    }
    let again = batch(&store, &mut clerk, &[Ask::charge("a").keyed("once")]).await.unwrap();
    assert!(matches!(again[0], Outcome::Replayed(_)), "{again:?}");
    proven(&store).await;
    verify(&database.url, |_, _| {}).await.unwrap();
    database.sql("UPDATE versions SET projection = 1").await;
    let store = database.open().await;
    proven(&store).await;
    // A piece that is taken away is missed.
    database.sql("ALTER TABLE journal DETACH PARTITION journal_2").await;
    verify(&database.url, |_, _| {}).await.unwrap_err();
}
