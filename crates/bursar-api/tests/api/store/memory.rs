//! The store in memory.

use std::ops::Deref;
use std::sync::Arc;

use bursar_store::Store;
use bursar_store::memory::{CommitFault, MemoryStore};

/// A store of a test's own.
#[derive(Clone)]
pub(crate) struct TestStore(Arc<MemoryStore>);

impl TestStore {
    pub(crate) async fn new() -> Self {
        Self(Arc::new(MemoryStore::new()))
    }

    /// One whose commits can be made to fail.
    pub(crate) async fn failing() -> Self {
        Self::new().await
    }

    /// The same data, after this handle on it was closed.
    pub(crate) async fn reopen(&self) -> Self {
        Self(Arc::new(self.0.reopen()))
    }

    pub(crate) fn handle(&self) -> Arc<dyn Store> {
        self.0.clone()
    }

    /// Nothing can be written any more, as if the disk were full.
    pub(crate) async fn refuse_commits(&self) {
        self.0.fail_commits(true);
    }

    /// The next commit is made, and nobody hears of it.
    pub(crate) fn lose_the_answer(&self) {
        self.0.fail_commits_with(|_| Some(CommitFault::Unknown));
    }

    /// Everything works again.
    pub(crate) async fn mend(&self) {
        self.0.fail_commits(false);
    }
}

impl Deref for TestStore {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}
