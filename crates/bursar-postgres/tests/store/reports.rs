//! The table of statement lines that reports in SQL read.

use bursar_postgres::{Reported, report};
use bursar_store::contract::{Ask, Clerk};

use super::support::{Database, done};

async fn lines(database: &Database) -> i64 {
    database.count("SELECT count(*) FROM statement").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_statement_is_brought_up_to_date_for_reports() {
    let database = Database::new().await;
    let store = database.open().await;
    let mut clerk = Clerk::new(1);
    for name in ["a", "b"] {
        done(&store, &mut clerk, &[Ask::open(name), Ask::give(name, 50)]).await;
        done(&store, &mut clerk, &[Ask::charge(name), Ask::charge(name)]).await;
    }
    assert_eq!(lines(&database).await, 0, "not by the commit");
    let Reported { lines: added, last_commit, .. } =
        report(&database.url, false, |_, _| {}).await.unwrap();
    assert_eq!((added, last_commit), (6, 4));
    let wrong = "SELECT count(*) FROM accounts AS a WHERE available <>
        (SELECT sum(credits) FROM statement AS s WHERE s.account_id = a.account_id)";
    assert_eq!(database.count(wrong).await, 0, "balances that are not their lines' sum");
    done(&store, &mut clerk, &[Ask::charge("a")]).await;
    let again = report(&database.url, false, |_, _| {}).await.unwrap();
    assert_eq!((again.lines, again.last_commit), (1, 5));
    let anew = report(&database.url, true, |_, _| {}).await.unwrap();
    assert_eq!((anew.lines, lines(&database).await), (7, 7));
    let kinds = "SELECT count(*) FROM statement WHERE kind = 'charge' AND spend_id IS NOT NULL";
    assert_eq!(database.count(kinds).await, 5);
    // Rows of another kind may have other lines.
    database.sql("UPDATE versions SET projection = 1").await;
    let _store = database.open().await;
    assert_eq!(lines(&database).await, 0);
    assert_eq!(report(&database.url, false, |_, _| {}).await.unwrap().lines, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_fills_it_at_a_time() {
    let database = Database::new().await;
    let _store = database.open().await;
    let other = database.client().await;
    other.query_one("SELECT pg_advisory_lock(1112691538, 3)", &[]).await.unwrap();
    let said = report(&database.url, false, |_, _| {}).await.unwrap_err().to_string();
    assert!(said.contains("somebody else fills the table"), "{said}");
    drop(other);
}
