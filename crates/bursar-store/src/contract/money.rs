//! Payments, documents and their legal numbers.

use std::sync::Arc;
use std::time::Duration;

use bursar_core::account::command::{Command, PaymentOutcome, RefundSubscription, SettleRefund};
use bursar_core::account::event::Event;
use bursar_core::account::payments::Retry;
use bursar_core::account::payments::record::PaymentStatus;
use bursar_core::id::{AccountId, DocumentId, Key, RefundId};
use bursar_core::time::Timestamp;

use super::clerk::wanted;
use super::{Ask, Clerk, Place, payment_id, reference};
use crate::port::{Batch, StoreError};
use crate::{DocumentRow, Entry, JournalPosition, Payer, PaymentName, PaymentRow, Store, Writer};

/// Asked for, waiting, succeeded: each in a commit of its own, and seen at once, also by the writer.
pub async fn a_payment_is_followed_to_its_end(place: &dyn Place) {
    let mut clerk = Clerk::new(30);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    for ask in Vec::from(Ask::subscriber("b", "small")).into_iter().take(3) {
        clerk.one(&mut *writer, ask).await.unwrap().done();
    }
    for ask in Vec::from(Ask::subscriber("a", "small")).into_iter().take(4) {
        clerk.one(&mut *writer, ask).await.unwrap().done();
    }
    let id = payment_id("a", 1);
    assert_eq!(store.payment(&account("a"), payment_id("a", 2)).await.unwrap(), None);
    assert_eq!(store.payment(&account("b"), id).await.unwrap(), None);
    let by_reference = PaymentName::Reference(reference(id));
    let asked = check_payment(&*store, &mut *writer, 4, PaymentStatus::Requested).await;
    assert_eq!((asked.asked, asked.settled), (position(7), None));
    assert_eq!((asked.record.reference, asked.record.invoice), (None, None));
    assert_eq!(store.payer(&by_reference).await.unwrap(), None);
    clerk.one(&mut *writer, Ask::settle("a", id, PaymentOutcome::RequiresAction)).await.unwrap();
    let waits = check_payment(&*store, &mut *writer, 5, PaymentStatus::RequiresAction).await;
    assert_eq!((waits.asked, waits.settled), (position(7), None));
    assert_eq!(waits.record.reference, Some(reference(id)));
    clerk.wait(Duration::from_secs(60));
    clerk.one(&mut *writer, Ask::paid("a", 1)).await.unwrap().done();
    let at = clerk.now;
    // PaymentSucceeded, InvoiceIssued, InvoicePaid: the last is the last that is about it.
    let paid = check_payment(&*store, &mut *writer, 8, PaymentStatus::Succeeded { at }).await;
    assert_eq!((paid.asked, paid.settled), (position(7), Some(position(9))));
    assert_eq!(paid.record.invoice, Some(DocumentId(1)));
    let payer = Some(Payer { account: account("a"), payment: id });
    assert_eq!(store.payer(&by_reference).await.unwrap(), payer);
    drop(writer);
    let store = reopen(place, store).await;
    assert_eq!(store.payment(&account("a"), id).await.unwrap(), Some(paid.clone()));
    assert_eq!(store.payer(&by_reference).await.unwrap(), payer);
    let mut writer = store.writer().unwrap();
    check_payment(&*store, &mut *writer, 8, PaymentStatus::Succeeded { at }).await;
    let again = clerk.one(&mut *writer, Ask::paid("a", 1)).await.unwrap();
    assert!(again.entry().is_none(), "the writer knows that it is over: {again:?}");
}

async fn check_payment(
    store: &dyn Store,
    writer: &mut dyn Writer,
    version: u64,
    status: PaymentStatus,
) -> PaymentRow {
    let (a, id) = (account("a"), payment_id("a", 1));
    let row = store.payment(&a, id).await.unwrap().unwrap();
    assert_eq!((row.version, &row.record.status), (version, &status));
    let payer = store.payer(&PaymentName::Id(id)).await.unwrap();
    assert_eq!(payer, Some(Payer { account: a.clone(), payment: id }));
    writer.begin(&wanted(&[Ask::charge("a")])).await.unwrap();
    let record = writer.payment(&a, id).await.unwrap();
    assert_eq!(record.as_ref(), Some(&row.record));
    assert_eq!(writer.payment(&a, payment_id("a", 9)).await.unwrap(), None);
    writer.abandon().await;
    row
}

/// A payment that had failed and took the money all the same: settled twice, and returned.
pub async fn a_refund_is_found_by_its_id(place: &dyn Place) {
    let mut clerk = Clerk::new(31);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    let id = payment_id("a", 1);
    for ask in Vec::from(Ask::subscriber("a", "small")).into_iter().take(4) {
        clerk.one(&mut *writer, ask).await.unwrap().done();
    }
    let code = "card_declined".parse().unwrap();
    let declined = PaymentOutcome::Declined { code, retry: Retry::Later };
    clerk.one(&mut *writer, Ask::settle("a", id, declined)).await.unwrap().done();
    let row = store.payment(&account("a"), id).await.unwrap().unwrap();
    assert!(matches!(row.record.status, PaymentStatus::Failed { .. }));
    assert_eq!(row.settled, Some(position(5)));
    let late = clerk.one(&mut *writer, Ask::paid("a", 1)).await.unwrap().done();
    let refund = refund_of(&late);
    let name = PaymentName::Refund(refund);
    let payer = Some(Payer { account: account("a"), payment: id });
    assert_eq!(store.payer(&name).await.unwrap(), payer);
    assert_eq!(asking(&*store, None, 9).await, ["a"]);
    drop(writer);
    let store = reopen(place, store).await;
    assert_eq!(store.payer(&name).await.unwrap(), payer);
    let other = PaymentName::Refund("re_00000000000000000000000000000000".parse().unwrap());
    assert_eq!(store.payer(&other).await.unwrap(), None);
    let mut writer = store.writer().unwrap();
    let settle = Command::SettleRefund(SettleRefund { refund, outcome: Ok(()) });
    clerk.one(&mut *writer, Ask::new("a", settle)).await.unwrap().done();
    let row = store.payment(&account("a"), id).await.unwrap().unwrap();
    assert_eq!((row.version, row.asked, row.settled), (8, position(4), Some(position(6))));
    assert!(row.record.has_succeeded());
    assert_eq!(row.record.refunds[0].outcome, Some(Ok(clerk.now)));
    assert_eq!(store.payer(&name).await.unwrap(), payer);
    assert_eq!(asking(&*store, None, 9).await, [""; 0]);
}

fn refund_of(entry: &Entry) -> RefundId {
    let refund = |event: &Event| match event {
        Event::RefundRequested { refund, .. } => Some(*refund),
        _ => None,
    };
    entry.events.iter().find_map(|recorded| refund(&recorded.event)).unwrap()
}

/// In order of their ids; an account that has nothing to ask any more is gone.
pub async fn accounts_that_ask_are_listed(place: &dyn Place) {
    let mut clerk = Clerk::new(32);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    for name in ["c", "a", "d", "b"] {
        let asks = &Ask::subscriber(name, "small")[..4];
        clerk.batch(&mut *writer, asks).await.unwrap();
    }
    clerk.one(&mut *writer, Ask::open("aa")).await.unwrap().done();
    assert_eq!(asking(&*store, None, 9).await, ["a", "b", "c", "d"]);
    assert_eq!(asking(&*store, None, 3).await, ["a", "b", "c"]);
    assert_eq!(asking(&*store, Some("b"), 9).await, ["c", "d"]);
    clerk.one(&mut *writer, Ask::paid("a", 1)).await.unwrap().done();
    assert_eq!(asking(&*store, None, 2).await, ["b", "c"]);
    drop(writer);
    let store = reopen(place, store).await;
    let mut writer = store.writer().unwrap();
    assert_eq!(asking(&*store, None, 9).await, ["b", "c", "d"]);
    clerk.one(&mut *writer, Ask::paid("c", 1)).await.unwrap().done();
    clerk.one(&mut *writer, Ask::buy("a")).await.unwrap().done();
    assert_eq!(asking(&*store, None, 9).await, ["a", "b", "d"]);
    assert_eq!(asking(&*store, Some("a"), 1).await, ["b"]);
    assert_eq!(asking(&*store, Some("d"), 1).await, [""; 0]);
}

async fn asking(store: &dyn Store, after: Option<&str>, limit: usize) -> Vec<String> {
    let after = after.map(account);
    let asking = store.asking(after.as_ref(), limit).await.unwrap();
    asking.iter().map(ToString::to_string).collect()
}

/// Newest first, each once, whatever the pages, as they stand.
pub async fn documents_come_in_pages(place: &dyn Place) {
    let mut clerk = Clerk::new(33);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    for name in ["a", "b"] {
        clerk.batch(&mut *writer, &Ask::subscriber(name, "small")).await.unwrap();
    }
    for number in 2..=6 {
        clerk.one(&mut *writer, Ask::buy("a")).await.unwrap().done();
        clerk.one(&mut *writer, Ask::paid("a", number)).await.unwrap().done();
    }
    let expected = [6, 5, 4, 3, 2, 1].map(|id| (id, "paid"));
    assert_eq!(check_documents(&*store).await, expected);
    assert_eq!(store.documents(&account("b"), None, 9).await.unwrap().len(), 1);
    drop(writer);
    let store = reopen(place, store).await;
    assert_eq!(check_documents(&*store).await, expected);
    let mut writer = store.writer().unwrap();
    let refund = Command::RefundSubscription(RefundSubscription { reason: None });
    clerk.one(&mut *writer, Ask::new("a", refund)).await.unwrap().done();
    let mut expected = Vec::from(expected);
    expected[5].1 = "credited";
    expected.insert(0, (7, "issued"));
    assert_eq!(check_documents(&*store).await, expected);
    let first = store.document(&account("a"), DocumentId(1)).await.unwrap().unwrap();
    assert_eq!(first.record.credited_by, Some(DocumentId(7)));
    assert_eq!(first.record.number.to_string(), "INV-2026-000001");
    let note = store.document(&account("a"), DocumentId(7)).await.unwrap().unwrap();
    assert_eq!(note.version, first.version, "one event changed both");
    assert_eq!(note.record.number.to_string(), "CN-2026-000001");
    drop(writer);
    let store = reopen(place, store).await;
    assert_eq!(check_documents(&*store).await, expected);
}

/// All documents of `a`, which are the same whichever way they are read.
async fn check_documents(store: &dyn Store) -> Vec<(u32, &'static str)> {
    let a = account("a");
    let all = store.documents(&a, None, 100).await.unwrap();
    for size in [1, 2, 5, 6, 7] {
        let mut read: Vec<DocumentRow> = Vec::new();
        loop {
            let before = read.last().map(|row| row.record.id);
            let page = store.documents(&a, before, size).await.unwrap();
            assert!(page.len() <= size);
            if page.is_empty() {
                break;
            }
            read.extend(page);
        }
        assert_eq!(read, all, "pages of {size}");
    }
    for row in &all {
        let one = store.document(&a, row.record.id).await.unwrap();
        assert_eq!(one.as_ref(), Some(row));
    }
    let none = DocumentId(u32::try_from(all.len()).unwrap() + 1);
    assert_eq!(store.document(&a, none).await.unwrap(), None);
    assert_eq!(store.documents(&a, None, 0).await.unwrap(), []);
    all.iter().map(|row| (row.record.id.0, row.record.state())).collect()
}

/// From 1 in each series and year, also after a commit that failed and after opening again.
pub async fn legal_numbers_have_no_gaps(place: &dyn Place) {
    let mut clerk = Clerk::new(34);
    let store = place.open().await;
    let mut writer = store.writer().unwrap();
    check_last(&mut *writer, "INV", 2026, 0).await;
    let asks: Vec<Ask> = ["a", "b"].iter().flat_map(|n| Ask::subscriber(n, "small")).collect();
    clerk.batch(&mut *writer, &asks).await.unwrap();
    check_last(&mut *writer, "INV", 2026, 2).await;
    clerk.one(&mut *writer, Ask::buy("b")).await.unwrap().done();
    let asks = [Ask::paid("b", 2)];
    let batch = decided(&mut clerk.clone(), &mut *writer, &asks).await;
    refused(&mut *writer, &asks, Batch { accounts: Vec::new(), ..batch.clone() }).await;
    check_last(&mut *writer, "INV", 2026, 2).await;
    for number in [0, 2, 4] {
        refused(&mut *writer, &asks, numbered(&batch, number)).await;
    }
    check_last(&mut *writer, "INV", 2026, 2).await;
    clerk.batch(&mut *writer, &asks).await.unwrap().remove(0).done();
    check_last(&mut *writer, "INV", 2026, 3).await;
    check_last(&mut *writer, "CN", 2026, 0).await;
    drop(writer);
    let store = reopen(place, store).await;
    let mut writer = store.writer().unwrap();
    check_last(&mut *writer, "INV", 2026, 3).await;
    let refund = Command::RefundSubscription(RefundSubscription { reason: None });
    clerk.one(&mut *writer, Ask::new("a", refund)).await.unwrap().done();
    clerk.one(&mut *writer, Ask::buy("b")).await.unwrap().done();
    clerk.one(&mut *writer, Ask::paid("b", 3)).await.unwrap().done();
    for (series, last) in [("INV", 4), ("CN", 1), ("other", 0)] {
        check_last(&mut *writer, series, 2026, last).await;
    }
    let new_year: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    clerk.now = new_year;
    clerk.batch(&mut *writer, &Ask::subscriber("c", "small")).await.unwrap();
    check_last(&mut *writer, "INV", 2027, 1).await;
    check_last(&mut *writer, "INV", 2026, 4).await;
    drop(writer);
    let store = reopen(place, store).await;
    let audit = super::audited(&*store).await;
    assert_eq!((audit.counts().invoices, audit.counts().credit_notes), (5, 1));
}

async fn check_last(writer: &mut dyn Writer, series: &str, year: u16, expected: u32) {
    writer.begin(&wanted(&[])).await.unwrap();
    let series: Key = series.parse().unwrap();
    let last = writer.last_number(&series, year).await.unwrap();
    assert_eq!(last, expected, "{series} of {year}");
    writer.abandon().await;
}

/// What the commands come to, without committing it.
async fn decided(clerk: &mut Clerk, writer: &mut dyn Writer, asks: &[Ask]) -> Batch {
    let wanted = wanted(asks);
    let begun = writer.begin(&wanted).await.unwrap();
    let (_, batch) = clerk.decide(writer, asks, &wanted, begun).await.unwrap();
    writer.abandon().await;
    batch
}

fn numbered(batch: &Batch, number: u32) -> Batch {
    let mut batch = batch.clone();
    let events = batch.entries.iter_mut().flat_map(|entry| &mut Arc::make_mut(entry).events);
    let numbers = events.filter_map(|recorded| recorded.event.legal_number_mut());
    numbers.for_each(|place| place.number = number);
    batch
}

async fn refused(writer: &mut dyn Writer, asks: &[Ask], batch: Batch) {
    writer.begin(&wanted(asks)).await.unwrap();
    let result = writer.commit(batch).await;
    assert!(matches!(result, Err(StoreError::Damaged(_))), "{result:?}");
}

fn account(name: &str) -> AccountId {
    name.parse().unwrap()
}

const fn position(commit: u64) -> JournalPosition {
    JournalPosition { commit, index: 0 }
}

async fn reopen(place: &dyn Place, store: Arc<dyn Store>) -> Arc<dyn Store> {
    store.close().await.unwrap();
    drop(store);
    place.open().await
}
