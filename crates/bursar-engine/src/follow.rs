//! Following one account.

use std::sync::Arc;

use bursar_core::id::AccountId;
use bursar_store::Entry;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::engine::Engine;
use crate::envelope::Failure;

/// Somebody who follows an account. To be made before the account is looked at: what is committed in between
/// comes twice then, not never.
pub struct Follower {
    engine: Engine,
    account: AccountId,
    live: broadcast::Receiver<Arc<Entry>>,
}

/// What a follower hears.
#[derive(Clone, Debug)]
pub enum News {
    /// The account's next entry.
    Entry(Arc<Entry>),
    /// He fell behind, and something may be missing: the account is to be looked at again.
    Missed,
}

impl Engine {
    /// Follows an account from now on, whichever node changes it.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] if other nodes can't be followed now.
    pub async fn follow(&self, account: AccountId) -> Result<Follower, Failure> {
        let live = self.listen().await?;
        Ok(Follower { engine: self.clone(), account, live })
    }
}

impl Follower {
    /// The next news; `None` when the engine shuts down.
    pub async fn next(&mut self) -> Option<News> {
        loop {
            let received = tokio::select! {
                biased;
                () = self.engine.stopped() => return None,
                received = self.live.recv() => received,
            };
            match received {
                Ok(entry) if entry.account == self.account => return Some(News::Entry(entry)),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return Some(News::Missed),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
