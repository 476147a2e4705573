//! Live events: what is committed, told to whoever listens, in the order of the journal.
//!
//! If this process is the only one that writes the store, its writers tell what they commit. If there are
//! others, everything comes from the journal: a reader goes behind its end and tells all that comes, own
//! commits too, so that each is told once and those of one account in order, whoever made them. It is woken
//! by the writers of this node at once, and by other nodes ([`Sharing::elsewhere`](bursar_store::Sharing));
//! if nobody wakes it, it looks by itself. It reads only while somebody listens. See ADR 19.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bursar_store::{Entry, JournalPosition, Store};
use futures::StreamExt;
use tokio::sync::{Notify, broadcast};
use tokio::time::{Instant, sleep, timeout};

use crate::engine::Engine;
use crate::envelope::Failure;

/// Entries that a slow listener may lag behind before it has to start over.
const LAG: usize = 8_192;
/// Entries that are read at once.
const PAGE: usize = 512;
/// How often the journal is looked at although nobody told of anything.
const LOOK: Duration = Duration::from_secs(1);
/// How long the reader goes on when nobody listens any more.
const LINGER: Duration = Duration::from_secs(10);
/// How long to wait before the journal's end is looked for again.
const AGAIN: Duration = Duration::from_millis(200);
/// How long a listener waits for the reader to begin.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who tells and who listens.
pub(crate) struct Live {
    /// What all nodes commit.
    everywhere: broadcast::Sender<Arc<Entry>>,
    /// What this node commits. The same, if there is no other.
    here: broadcast::Sender<Arc<Entry>>,
    is_shared: bool,
    /// This node has committed something.
    committed: Notify,
    /// Somebody wants to listen.
    wanted: Notify,
    /// Is the reader behind a position that everything new comes after?
    is_reading: AtomicBool,
    /// It has become so.
    began: Notify,
}

impl Live {
    pub(crate) fn new(is_shared: bool) -> Self {
        let everywhere = broadcast::channel(LAG).0;
        let here = if is_shared { broadcast::channel(LAG).0 } else { everywhere.clone() };
        Self {
            everywhere,
            here,
            is_shared,
            committed: Notify::new(),
            wanted: Notify::new(),
            is_reading: AtomicBool::new(false),
            began: Notify::new(),
        }
    }

    /// Everything that is committed from now on, by any node.
    ///
    /// # Errors
    /// [`Failure::Unavailable`]: where the journal ends can't be read.
    pub(crate) async fn listen(&self) -> Result<broadcast::Receiver<Arc<Entry>>, Failure> {
        let receiver = self.everywhere.subscribe();
        if !self.is_shared {
            return Ok(receiver);
        }
        // First to be counted, then to look: the reader does it the other way round before it stops.
        let mut began = pin!(self.began.notified());
        began.as_mut().enable();
        if self.is_reading.load(Ordering::SeqCst) {
            return Ok(receiver);
        }
        self.wanted.notify_one();
        match timeout(PATIENCE, began).await {
            Ok(()) => Ok(receiver),
            Err(_) => Err(Failure::Unavailable(
                "live events can't be followed now: the journal's end can't be read".to_owned(),
            )),
        }
    }

    fn begin(&self) {
        self.is_reading.store(true, Ordering::SeqCst);
        // All at once, in the order in which they came.
        self.began.notify_waiters();
    }

    /// Everything that this node commits from now on, as soon as it is committed. For whoever only wants to
    /// be woken: what other nodes have committed before may not be told yet.
    pub(crate) fn listen_here(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.here.subscribe()
    }

    /// A batch is committed here.
    pub(crate) fn committed(&self, entries: Vec<Arc<Entry>>) {
        if self.here.receiver_count() > 0 {
            for entry in entries {
                // Fails only when the last listener has just left.
                let _ = self.here.send(entry);
            }
        }
        if self.is_shared {
            self.committed.notify_one();
        }
    }
}

/// Reads the journal whenever somebody listens, until the engine shuts down.
pub(crate) async fn run(engine: Engine, live: Arc<Live>) {
    if !live.is_shared {
        return;
    }
    let reading = async {
        loop {
            live.wanted.notified().await;
            if let Some(end) = end(&engine, &live).await {
                follow(&engine, &live, end).await;
            }
        }
    };
    tokio::select! {
        biased;
        () = engine.stopped() => {}
        () = reading => {}
    }
}

/// The journal's end; `None` if nobody wants to know any more.
async fn end(engine: &Engine, live: &Live) -> Option<JournalPosition> {
    while live.everywhere.receiver_count() > 0 {
        match engine.store().end().await {
            Ok(end) => return Some(end),
            Err(error) => tracing::warn!(%error, "the journal's end can't be read; trying again"),
        }
        sleep(AGAIN).await;
    }
    None
}

/// Tells what comes after a position, until nobody has listened for a while.
async fn follow(engine: &Engine, live: &Live, mut after: JournalPosition) {
    live.begin();
    let mut elsewhere = engine.store().elsewhere();
    let mut alone_since: Option<Instant> = None;
    loop {
        tell(&**engine.store(), live, &mut after).await;
        if live.everywhere.receiver_count() > 0 {
            alone_since = None;
        } else if alone_since.get_or_insert_with(Instant::now).elapsed() >= LINGER {
            live.is_reading.store(false, Ordering::SeqCst);
            if live.everywhere.receiver_count() == 0 {
                return;
            }
            // Somebody came in between, who may have seen that we read.
            live.begin();
        }
        tokio::select! {
            biased;
            () = live.committed.notified() => {}
            _ = elsewhere.next() => {}
            () = sleep(LOOK) => {}
        }
    }
}

/// Tells what is new.
async fn tell(store: &dyn Store, live: &Live, after: &mut JournalPosition) {
    loop {
        let page = match store.journal(*after, PAGE).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%error, "the journal can't be followed now; trying again");
                return;
            }
        };
        let is_last = page.len() < PAGE;
        for (position, entry) in page {
            *after = position;
            // Fails only when nobody listens.
            let _ = live.everywhere.send(entry);
        }
        if is_last {
            return;
        }
    }
}
