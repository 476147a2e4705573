//! Payments and documents in the views, and the proof of them.

use std::fs;
use std::time::{Duration, Instant};

use bursar_core::account::payments::record::PaymentStatus;
use bursar_sqlite::{Difference, Options, SqliteStore, verify};
use bursar_store::contract::{Ask, Clerk, Work, keep_details, payment_id};
use bursar_store::{Store, StoreError};
use rusqlite::Connection;

use super::support::{Files, Load, buyer};

#[tokio::test]
async fn what_was_sold_is_counted() {
    let files = Files::sold().await;
    let report = verify(files.path(), |_, _| {}).unwrap();
    let counts = report.counts;
    // Each bought a subscription and four top-ups, the last of which isn't paid.
    assert_eq!((counts.payments, counts.invoices), (50, 40));
    assert_eq!((counts.refunds, counts.credit_notes), (1, 1));
    assert_eq!(report.money_totals.values().sum::<i128>(), 0);
    assert!(!report.money_totals.is_empty());
    let sum = |sql: &str| -> i64 {
        let views = Connection::open(files.file("views.db")).unwrap();
        views.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(sum("SELECT sum(total) FROM documents WHERE kind = 'invoice'"), 39_970);
    assert_eq!(sum("SELECT count(*) FROM payments WHERE status = 'processing'"), 10);
    assert_eq!(sum("SELECT count(*) FROM documents WHERE legal_number = 'INV-2026-000040'"), 1);
    assert_eq!(sum("SELECT count(*) FROM accounts WHERE asking = 1"), 10);
}

/// Whatever happens, however often the views are written in between.
#[tokio::test(flavor = "multi_thread")]
async fn random_work_is_proved() {
    for seed in 0..4 {
        let files = Files::new();
        let (mut clerk, mut work) = (Clerk::new(seed), Work::new(seed));
        for _ in 0..4 {
            let flush_after = Duration::from_millis(if seed % 2 == 0 { 0 } else { 3_600_000 });
            let options = Options { flush_after, cached_accounts: 3, ..Options::default() };
            let store = SqliteStore::open(files.path(), options).unwrap();
            let mut writer = store.writer().unwrap();
            for _ in 0..50 {
                let asks = work.asks();
                clerk.wait(work.pause());
                let outcomes = clerk.batch(&mut *writer, &asks).await.unwrap();
                work.note(&outcomes);
                keep_details(&store, &outcomes).await;
            }
            // Also beside the server, wherever the views are.
            verify(files.path(), |_, _| {}).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            drop(writer);
            store.close().await.unwrap();
            let report = verify(files.path(), |_, _| {}).unwrap();
            assert_eq!(report.views, Some(report.commits), "seed {seed}");
        }
        let report = verify(files.path(), |_, _| {}).unwrap();
        assert!(report.counts.invoices > 2, "seed {seed}: {report:?}");
        assert!(report.assets.accounts > 0, "seed {seed}: {report:?}");
    }
}

/// Changes the views, and sees what is said of it.
fn found(files: &Files, sql: &str, says: &str) {
    let views = fs::read(files.file("views.db")).unwrap();
    files.sql("views.db", sql);
    let difference = verify(files.path(), |_, _| {}).expect_err(sql);
    assert!(matches!(difference, Difference::Views { .. }), "{difference}");
    let text = difference.to_string();
    assert!(text.contains(says), "{text:?} does not say {says:?}");
    fs::write(files.file("views.db"), views).unwrap();
}

/// Every column is compared, of every table.
#[tokio::test]
async fn a_changed_column_is_found() {
    let files = Files::sold().await;
    for (table, place, count) in [
        ("payments", "payment_id = (SELECT max(payment_id) FROM payments)", 12),
        ("payment_refunds", "1", 8),
        ("documents", "account_id = 'buyer-4' AND document = 2", 17),
    ] {
        let columns: Vec<String> = {
            let views = Connection::open(files.file("views.db")).unwrap();
            let mut select = views.prepare("SELECT name FROM pragma_table_info(?1)").unwrap();
            select.query_map([table], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        assert_eq!(columns.len(), count);
        for column in columns {
            let other = match &*column {
                "row" => "x'00'".to_owned(),
                _ => format!("coalesce({column}, 0) || '1'"),
            };
            let sql = format!("UPDATE {table} SET {column} = {other} WHERE {place}");
            found(&files, &sql, table);
        }
    }
}

#[tokio::test]
async fn a_missing_row_and_a_row_too_many_are_found() {
    let files = Files::sold().await;
    let missing = "DELETE FROM documents WHERE account_id = 'buyer-4' AND document = 2";
    found(&files, missing, "documents of buyer-4, 2 is missing");
    let payment = payment_id("buyer-4", 3);
    let missing = format!("DELETE FROM payments WHERE payment_id = '{payment}'");
    found(&files, &missing, &format!("payments of buyer-4, {payment} is missing"));
    found(&files, "DELETE FROM payment_refunds", "is missing");
    let more =
        "INSERT INTO payments SELECT 'nobody', payment_id, version, purpose, status, currency,
         amount, requested_at, settled_at, invoice, reference, row FROM payments LIMIT 1";
    found(&files, more, "payments has 51 rows, the journal makes 50");
    let more = "INSERT INTO documents SELECT 'nobody', document, version, kind, 'X', year, number,
         legal_number, state, issued_at, currency, net, tax, total, corrects, credited_by, row
         FROM documents LIMIT 1";
    found(&files, more, "documents has 42 rows, the journal makes 41");
    let more =
        "INSERT INTO payment_refunds SELECT 'nobody', refund_id, payment_id, status, currency,
         amount, requested_at, document FROM payment_refunds";
    found(&files, more, "payment_refunds has 2 rows, the journal makes 1");
    let asks = "UPDATE accounts SET asking = 0 WHERE account_id = 'buyer-4'";
    found(&files, asks, "accounts of buyer-4 is");
}

/// A row that was right once, and one that the journal has not come to.
#[tokio::test]
async fn a_row_of_another_time_is_found() {
    let files = Files::sold().await;
    let keep = "CREATE TABLE kept AS SELECT * FROM payments;
         CREATE TABLE kept_documents AS SELECT * FROM documents";
    files.sql("views.db", keep);
    let store = files.open();
    let mut load = Load::begin(&store).await;
    load.sell(4).await.unwrap();
    let document = bursar_core::id::DocumentId(4);
    let refund = bursar_core::account::command::RefundTopup { document, reason: None };
    let refund = bursar_core::account::command::Command::RefundTopup(refund);
    load.clerk.one(&mut *load.writer, Ask::new("buyer-4", refund)).await.unwrap().done();
    drop(load);
    store.close().await.unwrap();
    drop(store);
    verify(files.path(), |_, _| {}).unwrap();
    let payment = payment_id("buyer-4", 5);
    let old = format!("REPLACE INTO payments SELECT * FROM kept WHERE payment_id = '{payment}'");
    let says = format!("payments of buyer-4, {payment} is older than the journal makes it");
    found(&files, &old, &says);
    let old = "REPLACE INTO documents SELECT * FROM kept_documents
         WHERE account_id = 'buyer-4' AND document = 4";
    found(&files, old, "documents of buyer-4, inv_4 is older than the journal makes it");
    let later = "UPDATE documents SET version = version + 1 WHERE account_id = 'buyer-4'";
    found(&files, later, "documents of buyer-4, inv_1 is later than version");
    let later = format!("UPDATE payments SET version = 99 WHERE payment_id = '{payment}'");
    found(&files, &later, &format!("payments of buyer-4, {payment} is later than version"));
}

/// A commit that fails uses no number up.
#[tokio::test]
async fn a_number_of_a_failed_commit_is_given_out_again() {
    let files = Files::new();
    let store = files.open();
    let mut load = Load::begin(&store).await;
    load.open_till().await;
    load.sell(0).await.unwrap();
    let no = "CREATE TRIGGER no BEFORE INSERT ON journal BEGIN SELECT RAISE(FAIL, 'no'); END";
    files.sql("journal.db", no);
    let error = load.sell(1).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
    files.sql("journal.db", "DROP TRIGGER no");
    let outcomes = load.sell(1).await.unwrap();
    let number = outcomes[0].entry().unwrap().events.iter().find_map(|r| r.event.legal_number());
    assert_eq!(number.unwrap().to_string(), "INV-2026-000011");
    drop(load);
    store.close().await.unwrap();
    drop(store);
    files.prove().await;
}

/// A payment whose beginning is in the views and whose end isn't: they can't be written.
#[tokio::test(flavor = "multi_thread")]
async fn what_lags_is_put_on_top_of_the_views() {
    let files = Files::new();
    let options = Options { flush_after: Duration::from_millis(1), ..Options::default() };
    let store = SqliteStore::open(files.path(), options).unwrap();
    let mut load = Load::begin(&store).await;
    load.open_till().await;
    load.sell(0).await.unwrap();
    let patience = Instant::now() + Duration::from_secs(20);
    while store.lag().entries > 0 {
        assert!(Instant::now() < patience, "{:?}", store.lag());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let blocker = Connection::open(files.file("views.db")).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    load.sell(1).await.unwrap();
    load.sell(2).await.unwrap();
    let beside = SqliteStore::open_read_only(files.path()).unwrap();
    for reading in [&store, &beside] {
        let id = buyer(2).parse().unwrap();
        for (number, paid) in [(1, true), (2, true), (3, true), (4, false)] {
            let payment = payment_id(&buyer(2), number);
            let row = reading.payment(&id, payment).await.unwrap().unwrap();
            assert_eq!(row.record.has_succeeded(), paid, "{number}: {row:?}");
            assert_eq!(row.record.status == PaymentStatus::Requested, !paid);
        }
        let documents = reading.documents(&id, None, 2).await.unwrap();
        let ids: Vec<u32> = documents.iter().map(|row| row.record.id.0).collect();
        assert_eq!(ids, [3, 2]);
        assert_eq!(reading.asking(None, 100).await.unwrap().len(), 10);
    }
    blocker.execute_batch("ROLLBACK").unwrap();
}
