//! Sharing with nobody: one process has it all.

use std::time::Duration;

use async_trait::async_trait;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_store::{Claim, Sharing, Task};
use futures::StreamExt;
use futures::stream::{BoxStream, pending};

use crate::SqliteStore;
use crate::error::Result;

#[async_trait]
impl Sharing for SqliteStore {
    fn is_shared(&self) -> bool {
        false
    }

    fn lease(&self) -> Duration {
        self.shared.claims.lease()
    }

    async fn claim(&self, task: Task, now: Timestamp, limit: usize) -> Result<Vec<AccountId>> {
        self.shared.claims.claim(self, task, now, limit).await
    }

    async fn take(&self, claim: &Claim) -> Result<bool> {
        Ok(self.shared.claims.take(claim))
    }

    async fn keep(&self, claim: &Claim) -> Result<bool> {
        Ok(self.shared.claims.keep(claim))
    }

    async fn release(&self, claims: &[Claim], rest: Duration) -> Result<()> {
        self.shared.claims.release(claims, rest);
        Ok(())
    }

    fn elsewhere(&self) -> BoxStream<'static, ()> {
        pending().boxed()
    }
}
