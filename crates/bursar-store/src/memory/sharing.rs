//! Sharing with nobody: one process has it all.

use std::time::Duration;

use async_trait::async_trait;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use futures::StreamExt;
use futures::stream::{BoxStream, pending};

use super::MemoryStore;
use crate::port::StoreError;
use crate::sharing::{Claim, Sharing, Task};

#[async_trait]
impl Sharing for MemoryStore {
    fn is_shared(&self) -> bool {
        false
    }

    fn lease(&self) -> Duration {
        self.claims.lease()
    }

    async fn claim(
        &self,
        task: Task,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<AccountId>, StoreError> {
        self.claims.claim(self, task, now, limit).await
    }

    async fn take(&self, claim: &Claim) -> Result<bool, StoreError> {
        Ok(self.claims.take(claim))
    }

    async fn keep(&self, claim: &Claim) -> Result<bool, StoreError> {
        Ok(self.claims.keep(claim))
    }

    async fn release(&self, claims: &[Claim], rest: Duration) -> Result<(), StoreError> {
        self.claims.release(claims, rest);
        Ok(())
    }

    fn elsewhere(&self) -> BoxStream<'static, ()> {
        pending().boxed()
    }
}
