//! Who does what, as one node sees it.
//!
//! Claims are kept in the database's memory and by no node's name: of two nodes that take the same work both
//! get it. Nothing may rest on them, so nothing may come of it.

use std::time::Duration;

use async_trait::async_trait;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_store::{Claim, Sharing, StoreError, Task};
use futures::StreamExt;
use futures::stream::{BoxStream, pending};

use super::NodeStore;

#[async_trait]
impl Sharing for NodeStore {
    fn is_shared(&self) -> bool {
        self.database.is_shared()
    }

    fn lease(&self) -> Duration {
        self.database.truth().lease()
    }

    async fn claim(
        &self,
        task: Task,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<AccountId>, StoreError> {
        self.memory().await.claim(task, now, limit).await
    }

    async fn take(&self, claim: &Claim) -> Result<bool, StoreError> {
        self.memory().await.take(claim).await
    }

    async fn keep(&self, claim: &Claim) -> Result<bool, StoreError> {
        self.memory().await.keep(claim).await
    }

    async fn release(&self, claims: &[Claim], rest: Duration) -> Result<(), StoreError> {
        self.memory().await.release(claims, rest).await
    }

    /// Nodes don't ring for each other here: they look by themselves.
    fn elsewhere(&self) -> BoxStream<'static, ()> {
        pending().boxed()
    }
}
