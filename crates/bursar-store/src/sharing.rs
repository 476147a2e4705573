//! Sharing work between the nodes that use one store, and hearing of each other.
//!
//! Whatever is shared here saves work and calls; nothing may be wrong without it. A node that sleeps for a
//! minute wakes up behind its lease, and does what another has done meanwhile. So all work is such that
//! doing it twice comes to the same: commands are decided on the account as it is, payments have ids of
//! their own at the provider, and erasing what is gone is no error.

use std::time::Duration;

use async_trait::async_trait;
use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use futures::stream::BoxStream;

use crate::port::StoreError;

/// A kind of work that one node does at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Task {
    /// Booking what fell due for an account ([`Store::due`](crate::Store::due)).
    Advance,
    /// Asking the payment provider for an account ([`Store::asking`](crate::Store::asking)).
    Pay,
    /// Erasing what an account gave up ([`Store::erasing`](crate::Store::erasing)).
    Erase,
    /// Sending mails, of all accounts.
    Mail,
    /// Looking for objects that no account knows.
    Sweep,
}

impl Task {
    /// The word that stands for it where it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Advance => "advance",
            Self::Pay => "pay",
            Self::Erase => "erase",
            Self::Mail => "mail",
            Self::Sweep => "sweep",
        }
    }
}

/// Work that a node has for itself for a while.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// What is to be done.
    pub task: Task,
    /// For which account; for all of them, if absent.
    pub account: Option<AccountId>,
}

impl Claim {
    /// Work for one account.
    pub const fn of(task: Task, account: AccountId) -> Self {
        Self { task, account: Some(account) }
    }

    /// Work that is for no account in particular.
    pub const fn alone(task: Task) -> Self {
        Self { task, account: None }
    }
}

/// How the nodes on one store share its work. A store that only one process uses is one node; its claims
/// are only forgotten when it is closed.
///
/// A claim runs out after [`Sharing::lease`] unless it is kept: so the work of a node that died goes to
/// another. Times are by one clock for all nodes.
#[async_trait]
pub trait Sharing: Send + Sync {
    /// May other processes write this store?
    fn is_shared(&self) -> bool;

    /// How long a claim lasts after it was made or last kept.
    fn lease(&self) -> Duration;

    /// Finds work and claims it: at most `limit` accounts that wait for `task`, which no node has claimed
    /// and which aren't left to rest. `now`, by the real clock, says which are due. Two nodes that ask at
    /// once get different accounts. May miss those that came to it in the last second, and returns none
    /// for tasks that aren't of accounts.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn claim(
        &self,
        task: Task,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<AccountId>, StoreError>;

    /// Claims a certain piece of work: one that there is news of, so also if it was left to rest. `false`
    /// if another node has it.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn take(&self, claim: &Claim) -> Result<bool, StoreError>;

    /// Makes a claim last from now on as if it were made now. `false` if it isn't this node's any more.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn keep(&self, claim: &Claim) -> Result<bool, StoreError>;

    /// Gives up claims, as far as they are still this node's. If `rest` is not zero, [`Sharing::claim`]
    /// passes over them for that long, whichever node asks.
    ///
    /// # Errors
    /// [`StoreError`]; then they run out.
    async fn release(&self, claims: &[Claim], rest: Duration) -> Result<(), StoreError>;

    /// News from other nodes: an item whenever they may have committed something. What was committed
    /// before the first item may not be told. Items are lost or late while the way to the others is cut,
    /// so whoever needs all of it looks by himself now and then; there is an item once the way is free
    /// again. Never ends; of a store that isn't shared, it says nothing.
    fn elsewhere(&self) -> BoxStream<'static, ()>;
}
