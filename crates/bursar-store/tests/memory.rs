//! The store in memory keeps the contract, and fails as it is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, helpers of tests too"
)]

use std::sync::Arc;

use async_trait::async_trait;
use bursar_store::contract::{Ask, Clerk, Place};
use bursar_store::memory::{CommitFault, MemoryStore};
use bursar_store::{Store, StoreError};

struct Memory(MemoryStore);

#[async_trait]
impl Place for Memory {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.0.reopen())
    }
}

bursar_store::store_contract!(Memory(MemoryStore::new()));

#[tokio::test]
async fn a_commit_that_is_told_to_fail_leaves_nothing() {
    let store = MemoryStore::new();
    let mut writer = store.writer().unwrap();
    let mut clerk = Clerk::new(1);
    clerk.one(&mut *writer, Ask::open("a")).await.unwrap().done();
    store.fail_commits(true);
    for _ in 0..2 {
        let failed = clerk.one(&mut *writer, Ask::give("a", 1).keyed("k")).await;
        assert!(matches!(failed, Err(StoreError::Unavailable(_))));
    }
    let a = "a".parse().unwrap();
    assert_eq!(store.account(&a).await.unwrap().unwrap().version, 1);
    store.fail_commits(false);
    let outcome = clerk.one(&mut *writer, Ask::give("a", 1).keyed("k")).await;
    outcome.unwrap().done();
}

#[tokio::test]
async fn an_unknown_outcome_may_be_a_commit() {
    let store = MemoryStore::new();
    let mut writer = store.writer().unwrap();
    let mut clerk = Clerk::new(1);
    store.fail_commits_with(|batch| (batch.entries.len() == 2).then_some(CommitFault::Unknown));
    let asks = [Ask::open("a"), Ask::give("a", 1).keyed("k")];
    let failed = clerk.batch(&mut *writer, &asks).await;
    assert!(matches!(failed, Err(StoreError::Unknown(_))));
    let again = clerk.one(&mut *writer, asks[1].clone()).await.unwrap();
    assert!(again.entry().is_some(), "found again by its key");
    let a = "a".parse().unwrap();
    assert_eq!(store.account(&a).await.unwrap().unwrap().version, 2);
}
