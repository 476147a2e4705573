//! What is committed but not in the views yet, and the states of accounts that were used lately.
//!
//! Commits gather in the open segment. The view writer seals it, a new one opens, and once the sealed
//! one is in the views it is dropped whole. So a commit is always in the journal and, until the
//! views have it, in exactly one segment: a reader that looks into the segments first and then into
//! the views misses nothing.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bursar_core::account::Account;
use bursar_core::id::AccountId;
use bursar_store::{Entry, StoreError, Wanted};
use foldhash::fast::RandomState;
use lru::LruCache;
use parking_lot::{Condvar, Mutex};

use crate::error::Result;
use crate::journal::Stamp;
use crate::runs::Name;
use crate::segment::{Changed, Segment};
use crate::{Lag, Options};

pub(crate) struct Tail {
    state: Mutex<State>,
    /// There may be something to write into the views.
    work: Condvar,
    /// The views have come further, or their writer is in trouble.
    progress: Condvar,
    limits: Limits,
}

struct Limits {
    flush_entries: usize,
    flush_after: Duration,
    max_entries: usize,
    max_bytes: usize,
    max_wait: Duration,
}

struct State {
    /// The newest state of accounts that were used lately. Only the writer adds to it, so that no
    /// reader can put an older state back.
    cache: LruCache<AccountId, Arc<Account>, RandomState>,
    open: Segment,
    open_since: Option<Instant>,
    sealed: Option<Arc<Segment>>,
    committed: u64,
    viewed: u64,
    closing: bool,
    trouble: Option<String>,
}

impl Tail {
    pub(crate) fn new(options: &Options, committed: u64) -> Self {
        let cached = NonZeroUsize::new(options.cached_accounts).unwrap_or(NonZeroUsize::MIN);
        Self {
            state: Mutex::new(State {
                cache: LruCache::with_hasher(cached, RandomState::default()),
                open: Segment::default(),
                open_since: None,
                sealed: None,
                committed,
                viewed: committed,
                closing: false,
                trouble: None,
            }),
            work: Condvar::new(),
            progress: Condvar::new(),
            limits: Limits {
                flush_entries: options.flush_entries,
                flush_after: options.flush_after,
                max_entries: options.max_lag_entries,
                max_bytes: options.max_lag_bytes,
                max_wait: options.max_lag_wait,
            },
        }
    }

    /// Adds a commit that is durable.
    pub(crate) fn add(
        &self,
        stamp: Stamp,
        bytes: usize,
        entries: &[Arc<Entry>],
        accounts: &[Arc<Account>],
    ) {
        let mut locked = self.state.lock();
        let state = &mut *locked;
        let cache = &mut state.cache;
        let changed = accounts.iter().map(|account| {
            let after = Arc::clone(account);
            // It was used when the batch began: it is among the last to go already.
            let before = match cache.peek_mut(&account.id) {
                Some(known) => Some(std::mem::replace(known, Arc::clone(account))),
                None => cache.put(account.id.clone(), Arc::clone(account)),
            };
            (before, after)
        });
        state.open.add(stamp, bytes, entries, changed);
        state.open_since.get_or_insert_with(Instant::now);
        state.committed = stamp.commit;
        let full = state.open.entries >= self.limits.flush_entries;
        let first = state.open.entries == entries.len();
        drop(locked);
        if full || first {
            self.work.notify_one();
        }
    }

    /// Waits while the views are too far behind: what they lack is kept in memory.
    pub(crate) fn wait_for_room(&self) -> Result<()> {
        let deadline = Instant::now() + self.limits.max_wait;
        let mut state = self.state.lock();
        while self.is_full(&state) {
            if self.progress.wait_until(&mut state, deadline).timed_out() && self.is_full(&state) {
                let trouble = state.trouble.as_deref().unwrap_or("the disk is too slow");
                return Err(StoreError::Unavailable(format!(
                    "the views are too far behind the journal: {trouble}"
                )));
            }
        }
        Ok(())
    }

    fn is_full(&self, state: &State) -> bool {
        let sealed = state.sealed.as_deref();
        let entries = state.open.entries + sealed.map_or(0, |segment| segment.entries);
        let bytes = state.open.bytes + sealed.map_or(0, |segment| segment.bytes);
        entries >= self.limits.max_entries || bytes >= self.limits.max_bytes
    }

    /// What memory has of what a batch wants, whose keys have these names.
    pub(crate) fn find(&self, wanted: &Wanted, names: &[Name]) -> Found {
        let mut state = self.state.lock();
        let accounts = wanted.accounts.iter().map(|id| state.account(id)).collect();
        let entries = wanted.keys.iter().zip(names).map(|(key, name)| {
            let entry = state.segments().find_map(|segment| segment.entry(*name, key));
            entry.cloned()
        });
        let entries = entries.collect();
        Found { accounts, entries }
    }

    /// Notes states that the writer has loaded.
    pub(crate) fn loaded<'a>(&self, accounts: impl Iterator<Item = &'a Arc<Account>>) {
        let mut state = self.state.lock();
        for account in accounts {
            state.cache.put(account.id.clone(), Arc::clone(account));
        }
    }

    /// An account that memory has.
    pub(crate) fn account(&self, id: &AccountId) -> Option<Arc<Account>> {
        let state = self.state.lock();
        let cached = state.cache.peek(id);
        let pinned = || state.segments().find_map(|segment| segment.account(id));
        cached.or_else(pinned).cloned()
    }

    /// Looks at the segments, oldest first.
    pub(crate) fn with_segments<T>(&self, look: impl FnOnce(&[&Segment]) -> T) -> T {
        let state = self.state.lock();
        match &state.sealed {
            Some(sealed) => look(&[sealed, &state.open]),
            None => look(&[&state.open]),
        }
    }

    /// What accounts are searched by, as the segments changed it. Nobody waits while the sealed one is looked
    /// through: there may be very many of them.
    pub(crate) fn changed(&self, of: impl Fn(&Segment) -> Changed) -> Changed {
        let state = self.state.lock();
        let sealed = state.sealed.clone();
        let open = of(&state.open);
        drop(state);
        let mut changed = sealed.map(|sealed| of(&sealed)).unwrap_or_default();
        changed.extend(open);
        changed
    }

    pub(crate) fn committed(&self) -> u64 {
        self.state.lock().committed
    }

    /// How far the views are behind.
    pub(crate) fn lag(&self) -> Lag {
        let state = self.state.lock();
        let sealed = state.sealed.as_deref();
        Lag {
            committed: state.committed,
            viewed: state.viewed,
            entries: state.open.entries + sealed.map_or(0, |segment| segment.entries),
            bytes: state.open.bytes + sealed.map_or(0, |segment| segment.bytes),
            trouble: state.trouble.clone(),
        }
    }

    /// The next segment to write into the views: when it is large or old enough, or at the end.
    /// `None` when all is written and the store closes.
    pub(crate) fn seal(&self) -> Option<Arc<Segment>> {
        let mut state = self.state.lock();
        loop {
            let age = state.open_since.map(|since| since.elapsed());
            match age {
                None if state.closing => return None,
                None => self.work.wait(&mut state),
                Some(age) => {
                    let left = self.limits.flush_after.saturating_sub(age);
                    let large = state.open.entries >= self.limits.flush_entries;
                    if large || state.closing || left.is_zero() {
                        break;
                    }
                    self.work.wait_for(&mut state, left);
                }
            }
        }
        state.open_since = None;
        let segment = Arc::new(std::mem::take(&mut state.open));
        state.sealed = Some(Arc::clone(&segment));
        Some(segment)
    }

    /// Does anybody wait for the views, or would they fall behind if they were written any slower?
    pub(crate) fn is_pressed(&self) -> bool {
        let state = self.state.lock();
        let is_behind = state.open.entries >= self.limits.flush_entries / 2;
        state.closing || is_behind || self.is_full(&state)
    }

    /// The sealed segment is in the views.
    pub(crate) fn written(&self, segment: &Segment) {
        let mut state = self.state.lock();
        state.viewed = segment.stamp.commit;
        state.sealed = None;
        state.trouble = None;
        drop(state);
        self.progress.notify_all();
    }

    /// The sealed segment could not be written. Waits before it is tried again; `false` if the store
    /// closes, and the rest is left to the next start.
    pub(crate) fn in_trouble(&self, trouble: String, pause: Duration) -> bool {
        let mut state = self.state.lock();
        state.trouble = Some(trouble);
        if !state.closing {
            let deadline = Instant::now() + pause;
            while !state.closing && !self.work.wait_until(&mut state, deadline).timed_out() {}
        }
        !state.closing
    }

    /// No more commits come.
    pub(crate) fn close(&self) {
        self.state.lock().closing = true;
        self.work.notify_all();
    }
}

impl State {
    fn account(&mut self, id: &AccountId) -> Option<Arc<Account>> {
        if let Some(account) = self.cache.get(id) {
            return Some(Arc::clone(account));
        }
        let pinned = self.segments().find_map(|segment| segment.account(id));
        pinned.cloned()
    }

    /// Newest first.
    fn segments(&self) -> impl Iterator<Item = &Segment> {
        std::iter::once(&self.open).chain(self.sealed.as_deref())
    }
}

/// What memory has of what a batch wants, in its order.
pub(crate) struct Found {
    pub(crate) accounts: Vec<Option<Arc<Account>>>,
    pub(crate) entries: Vec<Option<Arc<Entry>>>,
}
