//! Rows of payments and documents are folded from their events, however often they meet them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers of tests too"
)]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use bursar_core::id::{AccountId, DocumentId, PaymentId};
use bursar_store::contract::{Clerk, Work};
use bursar_store::memory::MemoryStore;
use bursar_store::{DocumentRow, Entry, JournalPosition, PaymentRow, Store, projection};

#[derive(Clone, Debug, Default, PartialEq)]
struct Rows {
    payments: BTreeMap<(AccountId, PaymentId), PaymentRow>,
    documents: BTreeMap<(AccountId, DocumentId), DocumentRow>,
}

impl Rows {
    fn fold(&mut self, position: JournalPosition, entry: &Entry) {
        let id = &entry.account;
        let known =
            |payment| Ok::<_, Infallible>(self.payments.get(&(id.clone(), payment)).cloned());
        let payments = projection::payments(position, entry, known).unwrap();
        let known = |place| Ok::<_, Infallible>(self.documents.get(&(id.clone(), place)).cloned());
        let documents = projection::documents(entry, known).unwrap();
        assert_eq!(
            projection::is_about_money(entry),
            !(payments.is_empty() && documents.is_empty()),
            "{entry:?}"
        );
        let payments = payments.into_iter().map(|row| ((id.clone(), row.record.id), row));
        self.payments.extend(payments);
        let documents = documents.into_iter().map(|row| ((id.clone(), row.record.id), row));
        self.documents.extend(documents);
    }
}

async fn journal(seed: u64) -> Vec<(JournalPosition, Arc<Entry>)> {
    let store = MemoryStore::new();
    let mut writer = store.writer().unwrap();
    let (mut clerk, mut work) = (Clerk::new(seed), Work::new(seed));
    for _ in 0..300 {
        let asks = work.asks();
        clerk.wait(work.pause());
        work.note(&clerk.batch(&mut *writer, &asks).await.unwrap());
    }
    store.journal(JournalPosition::default(), 100_000).await.unwrap()
}

/// A reader puts pinned events on rows that may have them already.
#[tokio::test]
async fn folding_an_entry_twice_changes_nothing() {
    for seed in 0..5 {
        let journal = journal(seed).await;
        let mut rows = Rows::default();
        for (position, entry) in &journal {
            rows.fold(*position, entry);
        }
        assert!(rows.payments.values().any(|row| !row.record.refunds.is_empty()), "seed {seed}");
        for from in [0, journal.len() / 2] {
            let mut again = rows.clone();
            for (position, entry) in &journal[from..] {
                again.fold(*position, entry);
            }
            assert_eq!(again, rows, "seed {seed}");
        }
    }
}
