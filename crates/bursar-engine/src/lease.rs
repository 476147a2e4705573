//! Keeping a claim while its work goes on.

use std::sync::Arc;

use bursar_store::{Claim, Store};
use tokio::time::{Instant, sleep};

/// Keeps a claim. Returns only if it is lost: another node has it, or it could not be kept for so long that
/// another may have.
pub(crate) async fn until_lost(store: &Arc<dyn Store>, claim: &Claim) {
    let lease = store.lease();
    let mut kept_at = Instant::now();
    loop {
        sleep(lease / 3).await;
        match store.keep(claim).await {
            Ok(true) => kept_at = Instant::now(),
            Ok(false) => return,
            Err(error) => {
                tracing::debug!(%error, task = claim.task.name(), "a claim can't be kept now");
                if kept_at.elapsed() >= lease {
                    return;
                }
            }
        }
    }
}

/// Does work to its end, keeping its claim. If it is lost meanwhile, somebody else does the same, which comes
/// to the same: only work is lost by it.
pub(crate) async fn keeping<T>(
    store: &Arc<dyn Store>,
    claim: &Claim,
    work: impl Future<Output = T>,
) -> T {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = until_lost(store, claim) => {}
    }
    tracing::debug!(task = claim.task.name(), "another node may have taken over what is done here");
    work.await
}
