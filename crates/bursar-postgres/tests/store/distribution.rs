//! Spreading the tables by account, on a stand-in for Citus: functions of its names that check what it checks
//! and note that they were called. The extension itself is in no package that tests could install.

use bursar_postgres::{DistributeError, ON_THE_COORDINATOR, Statement, distribute, statements};
use bursar_store::Store;
use bursar_store::contract::{Ask, Clerk};

use super::support::{Database, batch, done, impatient, proven};

/// Citus's functions are in `pg_catalog`. Like it, these refuse a unique index without the column that
/// decides the shard, and a column whose type or order differs from that of the table it is to lie beside.
const STAND_IN: &str = r#"
    SET allow_system_table_mods = on;
    CREATE TABLE pg_catalog.pg_dist_partition (logicalrel regclass, partkey text);
    INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
        VALUES (987654, 'citus', 10, 'pg_catalog'::regnamespace, false, 'stand-in');
    CREATE FUNCTION pg_catalog.create_distributed_table(named text, by text, colocate_with text)
    RETURNS void LANGUAGE plpgsql AS $$
    DECLARE key record; bad text;
    BEGIN
        SELECT atttypid, attcollation, attnum INTO STRICT key FROM pg_attribute
            WHERE attrelid = named::regclass AND attname = by;
        SELECT indexrelid::regclass::text INTO bad FROM pg_index
            WHERE indrelid = named::regclass AND indisunique AND NOT key.attnum = ANY(indkey);
        IF bad IS NOT NULL THEN RAISE 'unique index % has no %', bad, by; END IF;
        IF colocate_with <> 'none' THEN
            PERFORM 1 FROM pg_dist_partition JOIN pg_attribute ON attrelid = logicalrel
                AND attname = partkey WHERE logicalrel = colocate_with::regclass
                AND (atttypid, attcollation) = (key.atttypid, key.attcollation);
            IF NOT FOUND THEN RAISE '% cannot lie beside %', named, colocate_with; END IF;
        END IF;
        INSERT INTO pg_dist_partition VALUES (named::regclass, by);
    END $$;
    CREATE FUNCTION pg_catalog.truncate_local_data_after_distributing_table(named regclass)
    RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM pg_dist_partition WHERE logicalrel = named;
        IF NOT FOUND THEN RAISE '% is not distributed', named; END IF;
    END $$;
"#;

async fn spread(database: &Database) -> Result<bursar_postgres::Distributed, DistributeError> {
    distribute(&database.url, |_| {}).await
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_postgresql_is_told_what_is_missing() {
    let database = Database::new().await;
    database.open().await.close().await.unwrap();
    let error = spread(&database).await.unwrap_err();
    assert!(matches!(error, DistributeError::NoExtension { installable: false, .. }), "{error}");
}

/// A new table must be put on one side or the other, here and in `distribute`.
#[tokio::test(flavor = "multi_thread")]
async fn every_table_has_its_place() {
    let database = Database::new().await;
    let _store = database.open().await;
    let client = database.client().await;
    let select = "SELECT relname::text FROM pg_class
        WHERE relnamespace = 'bursar'::regnamespace AND relkind = 'r' ORDER BY 1";
    let tables: Vec<String> =
        client.query(select, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let spread = statements();
    for table in &tables {
        let is_spread = spread.iter().any(|Statement { table: spread, .. }| spread == table);
        let stays = ON_THE_COORDINATOR.contains(&table.as_str());
        assert!(is_spread != stays, "{table} is on both sides, or on none");
    }
    assert!(tables.len() > spread.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_spread_once_and_batches_lock_row_by_row() {
    let database = Database::new().await;
    let store = database.open().await;
    let mut clerk = Clerk::new(1);
    done(&store, &mut clerk, &[Ask::open("a"), Ask::open("b")]).await;
    database.sql(STAND_IN).await;
    let error = spread(&database).await.unwrap_err().to_string();
    assert!(error.contains("servers work on it"), "{error}");
    store.close().await.unwrap();

    let first = spread(&database).await.unwrap();
    assert_eq!((first.now.len(), first.before.len()), (statements().len(), 0));
    let again = spread(&database).await.unwrap();
    assert_eq!((again.now.len(), again.before.len()), (0, statements().len()));

    let store = database.open_with(impatient()).await;
    let all = [Ask::give("a", 5), Ask::give("b", 5), Ask::open("c"), Ask::charge("a")];
    done(&store, &mut clerk, &all).await;
    for name in ["a", "b", "c"] {
        done(&store, &mut clerk, &Ask::subscriber(&format!("{name}-2"), "small")).await;
    }
    proven(&store).await;

    // Somebody has one of the rows: what the batch waits with asks for one account.
    let holder = database.client().await;
    holder
        .batch_execute("BEGIN; SELECT 1 FROM accounts WHERE account_id = 'b' FOR UPDATE")
        .await
        .unwrap();
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE wait_event_type = 'Lock' AND query LIKE '%one_by_one => true%'
        AND datname = current_database()";
    let both = [Ask::give("a", 1), Ask::give("b", 1)];
    let watcher = database.client().await;
    let seen = async {
        while watcher.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {}
        true
    };
    let (outcome, seen) = tokio::join!(batch(&store, &mut clerk, &both), seen);
    assert!(outcome.is_err() && seen, "{outcome:?}");
    holder.batch_execute("ROLLBACK").await.unwrap();
    drop(holder);
    done(&store, &mut clerk, &both).await;
    proven(&store).await;
}
