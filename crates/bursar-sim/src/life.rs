//! A process from its start to its death. Whoever dies stops in the middle of whatever it does: its next
//! call to anything outside never returns.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// A process's life; all handles are of the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life(Arc<Ends>);

#[derive(Debug, Default)]
struct Ends {
    is_over: AtomicBool,
    /// Wakes in the order in which they began to wait.
    over: Notify,
}

impl Life {
    pub(crate) fn end(&self) {
        self.0.is_over.store(true, Ordering::SeqCst);
        self.0.over.notify_waiters();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.0.is_over.load(Ordering::SeqCst)
    }

    /// Returns while it lives, and never afterwards.
    pub(crate) async fn goes_on(&self) {
        if self.is_over() {
            pending::<()>().await;
        }
    }

    /// Returns when it is over.
    pub(crate) async fn over(&self) {
        let over = self.0.over.notified();
        if !self.is_over() {
            over.await;
        }
    }
}
