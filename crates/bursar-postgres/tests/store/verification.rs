//! What is proved, and what is found.

use bursar_core::account::command::{Command, RefundCharge, RefundSubscription};
use bursar_core::account::spend::subject;
use bursar_core::id::SpendId;
use bursar_postgres::{Difference, verify};
use bursar_store::Entry;
use bursar_store::contract::{Ask, Clerk};

use super::support::{Database, batch, done};

/// With accounts that were charged, and sold to.
async fn used() -> Database {
    let database = Database::new().await;
    let store = database.open().await;
    let mut clerk = Clerk::new(1);
    for name in ["a", "b"] {
        done(&store, &mut clerk, &Ask::subscriber(name, "small")).await;
        done(&store, &mut clerk, &[Ask::charge(name).keyed("once"), Ask::hold(name)]).await;
    }
    let refund = Command::RefundSubscription(RefundSubscription { reason: None });
    done(&store, &mut clerk, &[Ask::new("b", refund), Ask::open("c")]).await;
    let charged = batch(&store, &mut clerk, &[Ask::charge("a")]).await.unwrap().remove(0).done();
    let refund = RefundCharge { spend: charge_of(&charged), credits: None, reason: None };
    done(&store, &mut clerk, &[Ask::new("a", Command::RefundCharge(refund))]).await;
    database
}

fn charge_of(entry: &Entry) -> SpendId {
    let charged = entry.events.iter().find_map(|recorded| subject(&recorded.event));
    charged.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_order_passes() {
    let database = used().await;
    let mut seen = Vec::new();
    let report = verify(&database.url, |done, last| seen.push((done, last))).await.unwrap();
    assert_eq!((report.commits, report.last_commit, report.entries), (7, 7, 18));
    assert_eq!((report.accounts, report.keys), (3, 2));
    let counts = report.counts;
    assert_eq!((counts.payments, counts.invoices, counts.credit_notes), (2, 2, 1));
    assert_eq!(report.totals.values().sum::<i128>(), 0);
    assert_eq!(seen.last(), Some(&(7, 7)));
    verify(&database.url, |_, _| {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_passes_and_one_without_data_does_not() {
    let database = Database::new().await;
    let said = verify(&database.url, |_, _| {}).await.unwrap_err().to_string();
    assert!(said.contains("there is no data in it; name the database"), "{said}");
    database.open().await;
    assert_eq!(verify(&database.url, |_, _| {}).await.unwrap(), Default::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_may_write_meanwhile() {
    let database = used().await;
    let store = database.open().await;
    let proving = {
        let url = database.url.clone();
        tokio::spawn(async move {
            for _ in 0..5 {
                verify(&url, |_, _| {}).await.unwrap();
            }
        })
    };
    let mut clerk = Clerk::new(2);
    for n in 0.. {
        done(&store, &mut clerk, &[Ask::give("a", 5).keyed(&format!("n-{n}"))]).await;
        if proving.is_finished() {
            break;
        }
    }
    proving.await.unwrap();
}

/// Spoils something, and sees what is said of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_found() {
    for (spoil, says) in [
        (
            "UPDATE journal SET lines = lines + 1 WHERE commit_id = 2",
            "commit 2, entry 0: its columns are not of its entries",
        ),
        ("UPDATE journal SET at = at - 1 WHERE commit_id = 2", "not of its entries"),
        ("UPDATE journal SET version = 99 WHERE commit_id = 2", "not of its entries"),
        ("UPDATE journal SET account_id = 'z' WHERE commit_id = 2", "not of its entries"),
        ("DELETE FROM spends", "spends {"),
        ("UPDATE spends SET version = version - 1", "is missing or another"),
        ("UPDATE accounts SET available = 0 WHERE account_id = 'a'", "accounts {"),
        ("INSERT INTO idempotency VALUES (1, 'a', 'k')", "is not what the journal makes"),
        ("UPDATE payments SET status = 'lost' WHERE account_id = 'b'", "payments {"),
        ("DELETE FROM payment_refunds", "payment_refunds {"),
        ("UPDATE documents SET state = 'paid'", "documents {"),
        (
            "UPDATE document_numbers SET last = 7 WHERE series = 'INV'",
            "has 7 as the last number where",
        ),
        ("DELETE FROM document_numbers WHERE series = 'CN'", "has 0 as the last number where"),
        ("DELETE FROM journal WHERE commit_id = 3", "follows version 0"),
        ("DELETE FROM journal WHERE commit_id = 5", "accounts {"),
        (
            "UPDATE journal SET body = set_byte(body, 12, 255 - get_byte(body, 12)) WHERE commit_id = 2",
            "commit 2, entry 0: a record's checksum is wrong",
        ),
    ] {
        let database = used().await;
        database.sql(spoil).await;
        let difference = verify(&database.url, |_, _| {}).await.unwrap_err();
        let said = difference.to_string();
        assert!(said.contains(says), "{spoil}: {said}");
        if says.ends_with('{') {
            assert!(matches!(difference, Difference::Tables { .. }), "{said}");
        }
    }
}
