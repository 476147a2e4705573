//! Claims of a store that only one process uses: kept in its memory, since they end with it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::port::{Store, StoreError};
use crate::sharing::{Claim, Task};

/// Long enough to be kept in passing, short enough to be waited for when a worker has failed.
const LEASE: Duration = Duration::from_secs(3);
/// Accounts that are looked at together. If there are so many, more are waiting than will be claimed at
/// once, and looking for them each time would take longer than what is to be done.
const PAGE: usize = 4_000;
/// How long what was found remains good: what became of it meanwhile shows when it is done.
const FRESH: Duration = Duration::from_secs(1);

/// What is claimed in this process.
#[derive(Debug, Default)]
pub struct LocalClaims {
    held: Mutex<HashMap<Claim, Held>>,
    found: Mutex<HashMap<Task, Found>>,
}

/// Accounts that wait, found when there were too many to claim all.
#[derive(Debug)]
struct Found {
    accounts: VecDeque<AccountId>,
    until: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    until: Instant,
    /// Is it left to rest, with nobody working on it?
    resting: bool,
}

impl Held {
    fn now(resting: bool, time: Duration) -> Self {
        let now = Instant::now();
        Self { until: now.checked_add(time).unwrap_or(now), resting }
    }

    fn is_over(&self) -> bool {
        self.until <= Instant::now()
    }
}

impl LocalClaims {
    /// See [`Sharing::lease`](crate::Sharing::lease).
    pub const fn lease(&self) -> Duration {
        LEASE
    }

    /// See [`Sharing::claim`](crate::Sharing::claim): of the accounts that `store` lists.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(
        &self,
        store: &dyn Store,
        task: Task,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<AccountId>, StoreError> {
        self.forget();
        let mut claimed = self.claim_found(task, limit);
        if task == Task::Advance && claimed.len() < limit {
            // Those that are claimed already come first: as many more are looked at.
            let beside = self.held.lock().len().saturating_add(limit).saturating_add(PAGE);
            let due = store.due(now, beside).await?;
            let may_be_more = due.len() >= beside;
            let due = due.into_iter().map(|due| due.account).collect();
            self.add(&mut claimed, task, due, limit, may_be_more);
            return Ok(claimed);
        }
        let mut after = None;
        while claimed.len() < limit {
            let page = match task {
                Task::Pay => store.asking(after.as_ref(), PAGE).await?,
                Task::Erase => store.erasing(after.as_ref(), PAGE).await?,
                Task::Advance | Task::Mail | Task::Sweep => Vec::new(),
            };
            after = page.last().cloned();
            let may_be_more = page.len() >= PAGE;
            self.add(&mut claimed, task, page.into(), limit, may_be_more);
            if !may_be_more {
                break;
            }
        }
        Ok(claimed)
    }

    /// Claims from what was found a moment ago.
    fn claim_found(&self, task: Task, limit: usize) -> Vec<AccountId> {
        let mut claimed = Vec::new();
        let found = self.found.lock().remove(&task).filter(|found| found.until > Instant::now());
        if let Some(Found { mut accounts, until }) = found {
            self.take_from(&mut claimed, task, &mut accounts, limit);
            self.found.lock().insert(task, Found { accounts, until });
        }
        claimed
    }

    /// Claims from what is found now; the rest is for later, if there may be even more.
    fn add(
        &self,
        claimed: &mut Vec<AccountId>,
        task: Task,
        mut accounts: VecDeque<AccountId>,
        limit: usize,
        may_be_more: bool,
    ) {
        self.take_from(claimed, task, &mut accounts, limit);
        if may_be_more && let Some(until) = Instant::now().checked_add(FRESH) {
            self.found.lock().insert(task, Found { accounts, until });
        }
    }

    fn take_from(
        &self,
        claimed: &mut Vec<AccountId>,
        task: Task,
        accounts: &mut VecDeque<AccountId>,
        limit: usize,
    ) {
        let mut held = self.held.lock();
        while claimed.len() < limit
            && let Some(account) = accounts.pop_front()
        {
            let entry = held.entry(Claim::of(task, account.clone()));
            if matches!(&entry, Entry::Occupied(known) if !known.get().is_over()) {
                continue;
            }
            entry.insert_entry(Held::now(false, LEASE));
            claimed.push(account);
        }
    }

    /// See [`Sharing::take`](crate::Sharing::take): there is no other node.
    pub fn take(&self, claim: &Claim) -> bool {
        self.held.lock().insert(claim.clone(), Held::now(false, LEASE));
        true
    }

    /// See [`Sharing::keep`](crate::Sharing::keep).
    pub fn keep(&self, claim: &Claim) -> bool {
        let mut held = self.held.lock();
        let known = held.get_mut(claim).filter(|known| !known.resting);
        known.map(|known| *known = Held::now(false, LEASE)).is_some()
    }

    /// See [`Sharing::release`](crate::Sharing::release).
    pub fn release(&self, claims: &[Claim], rest: Duration) {
        let mut held = self.held.lock();
        for claim in claims {
            match held.entry(claim.clone()) {
                Entry::Occupied(known) if known.get().resting => {}
                Entry::Occupied(known) if rest.is_zero() => drop(known.remove()),
                Entry::Occupied(mut known) => *known.get_mut() = Held::now(true, rest),
                Entry::Vacant(_) => {}
            }
        }
    }

    fn forget(&self) {
        self.held.lock().retain(|_, held| !held.is_over());
    }
}
