//! Work that accounts leave behind them in their state, done beside the writers until it is over.
//!
//! There is no list of it: what is to be done follows from an account's state, durable in the commit that
//! made it and over in the commit that says so. A worker learns of accounts from the writers of its own node
//! as they commit, and finds the others by looking every now and then: after a crash, and those of nodes
//! that died. Each account is claimed before it is served, so that nodes share the work instead of all
//! doing it. See ADR 19.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bursar_core::id::AccountId;
use bursar_store::{Claim, Task};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::{Instant, sleep};

use crate::engine::Engine;
use crate::lease::keeping;

/// How often accounts that nobody told of are looked for.
const LOOK: Duration = Duration::from_secs(2);
/// How often an account that another node has is asked for.
const ASK: Duration = Duration::from_millis(300);
/// How much later than this node others come to what it left to rest: unless it has died, it comes first.
const FIRST: Duration = Duration::from_secs(5);

/// A kind of work.
pub(crate) trait Errand: Send + Sync + 'static {
    /// What it is called among the nodes.
    const TASK: Task;
    /// Accounts that a node serves at the same time.
    const SERVED: usize;

    /// Does what can be done for an account now. Returns after how long there may be more to do, though there
    /// be no news of it.
    fn serve(&self, account: &AccountId) -> impl Future<Output = Option<Duration>> + Send;
}

/// The handle on a worker that writers and others have, who know that there is something to do.
#[derive(Clone)]
pub(crate) struct Bench(mpsc::UnboundedSender<AccountId>);

/// What a worker takes its work from.
pub(crate) type Told = mpsc::UnboundedReceiver<AccountId>;

impl Bench {
    /// A handle, and what the worker takes its work from.
    pub(crate) fn new() -> (Self, Told) {
        let (told, work) = mpsc::unbounded_channel();
        (Self(told), work)
    }

    /// There may be something to do for an account.
    pub(crate) fn tell(&self, account: AccountId) {
        // Fails only when the engine is gone.
        let _ = self.0.send(account);
    }
}

/// Does errands until the engine shuts down.
pub(crate) async fn run<E: Errand>(engine: Engine, errand: E, bench: Bench, mut told: Told) {
    let worker = Worker(Arc::new(Inner {
        engine,
        errand,
        bench,
        seats: Semaphore::new(E::SERVED),
        accounts: Mutex::default(),
        has_more: AtomicBool::new(false),
        seat_is_free: Notify::new(),
    }));
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            biased;
            () = worker.0.engine.stopped() => return,
            _ = look.tick() => worker.look().await,
            () = worker.0.seat_is_free.notified() => worker.look().await,
            told = told.recv() => match told {
                Some(account) => worker.serve(account, false),
                None => return,
            },
        }
    }
}

struct Worker<E>(Arc<Inner<E>>);

struct Inner<E> {
    engine: Engine,
    errand: E,
    bench: Bench,
    seats: Semaphore,
    accounts: Mutex<Accounts>,
    /// Were there more accounts than seats when they were looked for?
    has_more: AtomicBool,
    seat_is_free: Notify,
}

#[derive(Default)]
struct Accounts {
    /// Those that are being served, and whether there is something new for them.
    busy: HashMap<AccountId, bool>,
    /// When those that rest are told of again.
    alarms: HashMap<AccountId, Instant>,
}

impl<E: Errand> Worker<E> {
    /// Looks for accounts that wait and that nobody told of: no more than can be served at once, so that the
    /// other nodes get their share.
    async fn look(&self) {
        let inner = &self.0;
        let free = inner.seats.available_permits();
        let now = inner.engine.wall_now();
        let claimed = match inner.engine.store().claim(E::TASK, now, free).await {
            Ok(claimed) => claimed,
            Err(error) => {
                let task = E::TASK.name();
                tracing::warn!(%error, task, "cannot look for accounts that wait; trying again");
                return;
            }
        };
        inner.has_more.store(claimed.len() == free, Ordering::Release);
        claimed.into_iter().for_each(|account| self.serve(account, true));
    }

    /// Serves an account on a task of its own, so that one that takes long holds up no other; one at a time
    /// for each account.
    fn serve(&self, account: AccountId, is_claimed: bool) {
        let mut accounts = self.0.accounts.lock();
        if let Some(again) = accounts.busy.get_mut(&account) {
            *again = true;
            return;
        }
        accounts.busy.insert(account.clone(), false);
        drop(accounts);
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            inner.serve(account, is_claimed).await;
            if inner.has_more.load(Ordering::Acquire) {
                inner.seat_is_free.notify_one();
            }
        });
    }
}

impl<E: Errand> Inner<E> {
    async fn serve(self: &Arc<Self>, account: AccountId, mut is_claimed: bool) {
        let _seat = self.seats.acquire().await;
        let claim = Claim::of(E::TASK, account.clone());
        loop {
            let rest = if is_claimed || self.take(&claim).await {
                let store = self.engine.store();
                let rest = keeping(store, &claim, self.errand.serve(&account)).await;
                let others = rest.map_or(Duration::ZERO, |rest| rest.saturating_add(FIRST));
                if let Err(error) = store.release(std::slice::from_ref(&claim), others).await {
                    tracing::debug!(%error, "a claim can't be given up; it will run out");
                }
                rest
            } else {
                // Whoever has it may not know what we were told.
                Some(ASK)
            };
            if self.is_over(&account, rest) {
                return;
            }
            is_claimed = false;
        }
    }

    async fn take(&self, claim: &Claim) -> bool {
        match self.engine.store().take(claim).await {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(%error, task = claim.task.name(), "cannot claim work; trying again");
                false
            }
        }
    }

    /// Lets an account rest, unless there is something new for it.
    fn is_over(self: &Arc<Self>, account: &AccountId, rest: Option<Duration>) -> bool {
        let mut accounts = self.accounts.lock();
        if let Some(again) = accounts.busy.get_mut(account).filter(|again| **again) {
            *again = false;
            return false;
        }
        accounts.busy.remove(account);
        let now = Instant::now();
        let Some(at) = rest.map(|rest| now.checked_add(rest).unwrap_or(now)) else {
            return true;
        };
        if accounts.alarms.get(account).is_some_and(|known| *known <= at) {
            return true;
        }
        accounts.alarms.insert(account.clone(), at);
        let (inner, account) = (Arc::clone(self), account.clone());
        tokio::spawn(async move {
            sleep(at.saturating_duration_since(Instant::now())).await;
            let mut accounts = inner.accounts.lock();
            // An earlier one may have been set since, and have told.
            if accounts.alarms.get(&account) == Some(&at) {
                accounts.alarms.remove(&account);
                drop(accounts);
                inner.bench.tell(account);
            }
        });
        true
    }
}
