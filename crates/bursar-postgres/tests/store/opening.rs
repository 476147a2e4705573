//! Making and migrating the schema; making the tables anew.

use bursar_postgres::{Options, PostgresStore};
use bursar_store::contract::{Ask, Clerk};
use bursar_store::{Store, StoreError};

use super::support::{Database, batch, done, impatient, proven};

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_at_once_make_the_schema_once() {
    let database = Database::new().await;
    let open = || {
        let url = database.url.clone();
        tokio::spawn(async move { PostgresStore::open(&url, Options::default()).await.map(drop) })
    };
    let nodes: Vec<_> = (0..8).map(|_| open()).collect();
    for node in nodes {
        node.await.unwrap().unwrap();
    }
    let store = database.open().await;
    done(&store, &mut Clerk::new(1), &[Ask::open("a")]).await;
}

async fn refused(database: &Database) -> StoreError {
    let opened = PostgresStore::open(&database.url, impatient()).await;
    opened.map(drop).unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_the_next_version_is_used_unless_it_forbids_it() {
    let database = Database::new().await;
    let store = database.open().await;
    done(&store, &mut Clerk::new(1), &[Ask::open("a")]).await;
    database.sql("ALTER TABLE spends ADD COLUMN colour text; UPDATE versions SET schema = 2").await;
    let store = database.open().await;
    done(&store, &mut Clerk::new(2), &[Ask::give("a", 5)]).await;
    proven(&store).await;
    database.sql("UPDATE versions SET readable_by = 2").await;
    let error = refused(&database).await;
    assert!(matches!(error, StoreError::Newer(_)), "{error}");
}

/// A node that has not been started anew must not write rows of the old kind among the new.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_behind_the_tables_refuses_to_write() {
    let database = Database::new().await;
    let store = database.open().await;
    let mut clerk = Clerk::new(1);
    done(&store, &mut clerk, &[Ask::open("a")]).await;
    database.sql("UPDATE versions SET projection = projection + 1").await;
    let error = batch(&store, &mut clerk, &[Ask::give("a", 5)]).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer(_)), "{error}");
    let error = refused(&database).await;
    assert!(matches!(error, StoreError::Newer(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_made_anew_from_the_journal() {
    let database = Database::new().await;
    let store = database.open().await;
    let mut clerk = Clerk::new(1);
    for name in ["a", "b"] {
        done(&store, &mut clerk, &Ask::subscriber(name, "small")).await;
        done(&store, &mut clerk, &[Ask::charge(name).keyed("once"), Ask::hold(name)]).await;
    }
    let before = database.tables().await;
    let spoil = "UPDATE versions SET projection = 1; DELETE FROM spends;
        UPDATE accounts SET state = 'spoilt', available = 7; DELETE FROM documents;
        UPDATE payments SET status = 'lost'; DELETE FROM idempotency";
    database.sql(spoil).await;
    assert_ne!(database.tables().await, before);
    let store = database.open().await;
    assert_eq!(database.tables().await, before);
    proven(&store).await;
    let again = batch(&store, &mut clerk, &[Ask::charge("a").keyed("once")]).await.unwrap();
    assert!(matches!(again[0], bursar_store::contract::Outcome::Replayed(_)), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_in_words() {
    let database = Database::new().await;
    let open = async |url: &str| {
        let opened = PostgresStore::open(url, impatient()).await;
        opened.map(drop).unwrap_err().to_string()
    };
    let elsewhere = database.url.replace("/test_", "/nowhere_");
    let said = open(&elsewhere).await;
    assert!(said.contains("create the database, or correct the database URL"), "{said}");
    let stranger = database.url.replace("postgres@", "stranger:secret@");
    let said = open(&stranger).await;
    assert!(said.contains("look at the user and the password"), "{said}");
    assert!(!said.contains("secret"), "{said}");
    let said = open("postgres://postgres@127.0.0.1:1/x?sslmode=disable").await;
    assert!(said.contains("look whether the server runs and can be reached"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_row_is_named() {
    let database = Database::new().await;
    let store = database.open().await;
    let mut clerk = Clerk::new(1);
    done(&store, &mut clerk, &[Ask::open("a"), Ask::give("a", 5)]).await;
    let turn = "UPDATE journal SET body = set_byte(body, 12, 255 - get_byte(body, 12))
        WHERE entry = 0; UPDATE accounts SET state = set_byte(state, 12, 255 - get_byte(state, 12))";
    database.sql(turn).await;
    let error = store.journal(Default::default(), 10).await.unwrap_err().to_string();
    assert!(error.contains("commit 1, entry 0: a record's checksum is wrong"), "{error}");
    let error = batch(&store, &mut clerk, &[Ask::charge("a")]).await.unwrap_err().to_string();
    assert!(error.contains("account a: a record's checksum is wrong"), "{error}");
}
