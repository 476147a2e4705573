//! Reads the journal, sends what it says, and moves the cursor.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_store::{Claim, Entry, JournalPosition, Store, StoreError, Task};
use futures::{FutureExt, StreamExt, stream};
use tokio::sync::watch;
use tokio::time::Instant;

use super::cursor::{Cursor, Waiting};
use super::occasions::concern;
use super::post::{Fate, Mail, Post};
use crate::lease::until_lost;
use crate::pauses::Pauses;

/// How often the journal is looked at although nobody told of anything.
const LOOK: Duration = Duration::from_secs(1);
/// Entries that are read at once.
const PAGE: usize = 512;
/// Mails that are sent before the cursor moves: as many may come twice after a crash.
const AT_ONCE: usize = 16;
/// Mails that are on their way at the same time, each to another account.
const SENT_TOGETHER: usize = 8;
/// As many mails wait at most, give or take those of one entry; then reading waits.
const MOST_WAITING: usize = 256;
/// How long to wait after the first failure; doubled with each, up to the most.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const MOST_PAUSE: Duration = Duration::from_secs(900);
/// After this a mail that isn't taken is given up: by then the customer has seen what it says, or
/// reads it as news that it isn't.
const GIVEN_UP: Duration = Duration::from_secs(72 * 3_600);
/// How far behind a cursor may be kept while nothing was sent.
const SAVED_EVERY: Duration = Duration::from_secs(10);
/// What mails on their way have at the end.
const GRACE: Duration = Duration::from_secs(5);

/// Runs until it is stopped or the engine shuts down. Sends whenever it is this node's turn.
pub(super) async fn run(post: Post, mut stop: watch::Receiver<bool>) {
    let post = Arc::new(post);
    let engine = post.engine.clone();
    let stopped = async {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {}
            () = engine.stopped() => {}
        }
    };
    let mut stopped = std::pin::pin!(stopped);
    let (store, claim) = (engine.store(), Claim::alone(Task::Mail));
    loop {
        let is_ours = store.take(&claim).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "cannot claim the mails; trying again");
            false
        });
        if is_ours {
            let is_over = tokio::select! {
                biased;
                is_over = turn(&post, &mut stopped) => is_over,
                () = until_lost(store, &claim) => false,
            };
            // If the store has closed before, the claim runs out.
            let _ = store.release(std::slice::from_ref(&claim), Duration::ZERO).await;
            if is_over {
                return;
            }
        }
        tokio::select! {
            biased;
            () = &mut stopped => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Sends mails from where the cursor is, until it is stopped, or somebody else has moved the cursor. Was it
/// stopped?
async fn turn(post: &Arc<Post>, stopped: &mut (impl Future<Output = ()> + Unpin)) -> bool {
    let engine = &post.engine;
    let (cursor, kept) = match Cursor::load(&**engine.store()).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(%error, "mails can't be sent now; trying again");
            return false;
        }
    };
    let mut worker = Worker::new(Arc::clone(post), cursor, kept);
    let stopping = Arc::clone(&worker.stopping);
    loop {
        {
            let round = worker.round_or_defect();
            tokio::pin!(round);
            tokio::select! {
                biased;
                () = &mut round => {}
                () = &mut *stopped => {
                    stopping.store(true, Ordering::Release);
                    // What doesn't make it is sent again after the next start.
                    let _ = tokio::time::timeout(GRACE, round).await;
                    break;
                }
            }
        }
        if worker.is_replaced {
            return false;
        }
        tokio::select! {
            biased;
            () = &mut *stopped => break,
            () = engine.marks().news() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    // If the store has closed before, a little is read again after the next start.
    let _ = worker.save().await;
    true
}

pub(super) struct Worker {
    post: Arc<Post>,
    cursor: Cursor,
    /// The cursor as it is kept, and its bytes.
    kept: (Cursor, Vec<u8>),
    kept_at: Instant,
    /// What was marked when the journal was last read to its end.
    read_at: Option<u64>,
    /// Has somebody else moved the cursor?
    is_replaced: bool,
    /// Accounts whose mails wait: when the first of them is tried again.
    pauses: Pauses<AccountId>,
    /// Does no mail get through before an operator does something?
    misconfigured: bool,
    stopping: Arc<AtomicBool>,
}

impl Worker {
    fn new(post: Arc<Post>, cursor: Cursor, bytes: Vec<u8>) -> Self {
        Self {
            post,
            kept: (cursor.clone(), bytes),
            cursor,
            read_at: None,
            is_replaced: false,
            kept_at: Instant::now(),
            pauses: Pauses::default(),
            misconfigured: false,
            stopping: Arc::default(),
        }
    }

    /// A round whose defects end it and nothing else.
    async fn round_or_defect(&mut self) {
        match AssertUnwindSafe(self.round()).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "mails can't be sent now; trying again"),
            Err(_) => tracing::error!("a defect in the mailer; trying again"),
        }
    }

    /// Sends what waits and what is new.
    async fn round(&mut self) -> Result<(), StoreError> {
        self.try_again().await?;
        if !self.pass_by().await? {
            self.read_on().await?;
        }
        self.show();
        if self.kept_at.elapsed() >= SAVED_EVERY { self.save().await } else { Ok(()) }
    }

    /// Moves the cursor to the journal's end, if nothing makes a mail that it hasn't been behind.
    async fn pass_by(&mut self) -> Result<bool, StoreError> {
        if self.store().is_shared() {
            return Ok(false);
        }
        // First the end and then the count: whatever comes later is behind that end.
        let end = self.store().end().await?;
        let is_read = self.read_at.is_some() && self.read_at == self.post.engine.marks().count();
        if is_read {
            self.cursor.after = self.cursor.after.max(end);
        }
        Ok(is_read)
    }

    /// Reads the journal to its end, if that is possible now.
    async fn read_on(&mut self) -> Result<(), StoreError> {
        self.read_at = None;
        // First the count and then the journal: what was over by then is read.
        let count = self.post.engine.marks().count();
        while self.goes_on() {
            let page = self.store().journal(self.cursor.after, PAGE).await?;
            let more = page.len() == PAGE;
            let last = page.last().map(|(position, _)| *position);
            self.read(page).await?;
            if !more {
                // Unless sending stopped in the midst of it.
                let is_whole = last.is_none_or(|last| self.cursor.after >= last);
                self.read_at = count.filter(|_| is_whole);
                break;
            }
        }
        Ok(())
    }

    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(self.post.engine.store())
    }

    /// May the journal be read on?
    fn goes_on(&self) -> bool {
        !self.misconfigured
            && !self.is_replaced
            && self.cursor.waiting.len() < MOST_WAITING
            && !self.stopping.load(Ordering::Acquire)
    }

    async fn read(&mut self, page: Vec<(JournalPosition, Arc<Entry>)>) -> Result<(), StoreError> {
        let mut batch = Vec::new();
        let mut reached = self.cursor.after;
        for (position, entry) in page {
            if concern(&entry) {
                batch.extend(self.post.mails(position, &entry).await?);
            }
            reached = position;
            if batch.len() >= AT_ONCE {
                self.send(std::mem::take(&mut batch), reached).await?;
                if !self.goes_on() {
                    return Ok(());
                }
            }
        }
        self.send(batch, reached).await
    }

    /// Sends a batch and moves the cursor behind its entries.
    async fn send(&mut self, batch: Vec<Mail>, reached: JournalPosition) -> Result<(), StoreError> {
        if batch.is_empty() {
            self.cursor.after = reached;
            return Ok(());
        }
        let waiting: HashSet<AccountId> =
            self.cursor.waiting.iter().map(|mail| mail.account.clone()).collect();
        let mut later = Vec::new();
        let mut accounts: Vec<Vec<Mail>> = Vec::new();
        for mail in batch {
            if waiting.contains(&mail.account.id) {
                later.push(self.waits(&mail));
                continue;
            }
            let same = |mails: &&mut Vec<Mail>| {
                mails.first().is_some_and(|first| first.account.id == mail.account.id)
            };
            match accounts.iter_mut().find(same) {
                Some(mails) => mails.push(mail),
                None => accounts.push(vec![mail]),
            }
        }
        let sending: Vec<_> =
            accounts.iter().map(|mails| self.send_in_order(mails).boxed()).collect();
        let sent: Vec<(Fate, Vec<Waiting>)> =
            stream::iter(sending).buffer_unordered(SENT_TOGETHER).collect().await;
        for (fate, left) in sent {
            self.misconfigured |= fate == Fate::Misconfigured;
            if let Some(first) = left.first() {
                self.pause(first.account.clone());
            }
            later.extend(left);
        }
        self.cursor.waiting.append(&mut later);
        self.cursor.after = reached;
        self.save().await
    }

    /// Sends mails of one account, up to the first that isn't taken; it and those after it are left, so
    /// that they arrive in order.
    async fn send_in_order(&self, mails: &[Mail]) -> (Fate, Vec<Waiting>) {
        for (place, mail) in mails.iter().enumerate() {
            let fate = self.post.send(mail).await;
            if fate != Fate::Done {
                let left = mails.iter().skip(place);
                return (fate, left.map(|mail| self.waits(mail)).collect());
            }
        }
        (Fate::Done, Vec::new())
    }

    fn waits(&self, mail: &Mail) -> Waiting {
        Waiting {
            account: mail.account.id.clone(),
            position: mail.position,
            event: mail.draft.event,
            since: self.post.engine.wall_now(),
        }
    }

    /// Tries what waits again: of each account the first mail, and the next if that is over. While
    /// nothing gets through, a single one shows when something does.
    async fn try_again(&mut self) -> Result<(), StoreError> {
        while !self.is_replaced && !self.stopping.load(Ordering::Acquire) {
            let together = if self.misconfigured { 1 } else { SENT_TOGETHER };
            let due: Vec<Waiting> = self.due().into_iter().take(together).collect();
            if due.is_empty() {
                break;
            }
            let trying: Vec<_> = due.into_iter().map(|mail| self.try_one(mail).boxed()).collect();
            let tried: Vec<Result<(Waiting, Fate), StoreError>> =
                stream::iter(trying).buffer_unordered(SENT_TOGETHER).collect().await;
            for tried in tried {
                let (mail, fate) = tried?;
                self.misconfigured = fate == Fate::Misconfigured;
                if fate == Fate::Done {
                    self.cursor.waiting.retain(|waiting| *waiting != mail);
                    self.pauses.over(&mail.account);
                } else {
                    self.pause(mail.account);
                }
            }
            self.save().await?;
        }
        Ok(())
    }

    /// The first mail of each account that waits, if it is its time.
    fn due(&self) -> Vec<Waiting> {
        let mut seen = HashSet::new();
        let firsts = self.cursor.waiting.iter().filter(|mail| seen.insert(&mail.account));
        let is_time = |mail: &&Waiting| self.pauses.left(&mail.account).is_none();
        firsts.filter(is_time).cloned().collect()
    }

    async fn try_one(&self, waiting: Waiting) -> Result<(Waiting, Fate), StoreError> {
        let Some(mail) = self.post.mail(waiting.position, waiting.event).await? else {
            tracing::warn!(account = %waiting.account, "a mail that waited is not due any more");
            return Ok((waiting, Fate::Done));
        };
        let fate = self.post.send(&mail).await;
        if fate == Fate::Later && self.is_given_up(waiting.since) {
            let (account, occasion) = (&waiting.account, mail.draft.occasion.name());
            tracing::error!(%account, occasion, "a mail is given up: it couldn't be sent for days");
            self.post.metrics.count(occasion, "given_up");
            return Ok((waiting, Fate::Done));
        }
        Ok((waiting, fate))
    }

    fn is_given_up(&self, since: Timestamp) -> bool {
        self.post.engine.wall_now().since(since) >= GIVEN_UP
    }

    /// Lets an account's mails rest, each time twice as long.
    fn pause(&mut self, account: AccountId) {
        self.pauses.rest(account, FIRST_PAUSE, MOST_PAUSE);
    }

    fn show(&self) {
        let metrics = &self.post.metrics;
        metrics.waiting.set(i64::try_from(self.cursor.waiting.len()).unwrap_or(i64::MAX));
        metrics.commit.set(i64::try_from(self.cursor.after.commit).unwrap_or(i64::MAX));
    }

    async fn save(&mut self) -> Result<(), StoreError> {
        self.show();
        self.kept_at = Instant::now();
        if self.kept.0 == self.cursor {
            return Ok(());
        }
        let Some(bytes) = self.cursor.replace(&self.kept.1, &*self.store()).await? else {
            self.is_replaced = true;
            return Err(StoreError::Unavailable("another node sends the mails".to_owned()));
        };
        self.kept = (self.cursor.clone(), bytes);
        Ok(())
    }
}
