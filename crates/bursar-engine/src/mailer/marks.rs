//! Which commits make mails.
//!
//! To read the whole journal for the few entries that make a mail would decode again all that the writers have just
//! encoded. They know which do, and mark those commits before they make them and after. Where nothing was marked since
//! the journal was read, nothing is to be read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bursar_store::Entry;
use tokio::sync::Notify;

use super::occasions::concern;

/// What the writers of this process say of their commits.
#[derive(Default)]
pub(crate) struct Marks {
    /// Commits that make mails: those that were begun, and those that are over, whatever became of them.
    begun: AtomicU64,
    over: AtomicU64,
    news: Notify,
}

/// A commit that makes mails, until it is over.
#[must_use = "it is over when this is dropped"]
pub(crate) struct Marked(Arc<Marks>);

impl Marks {
    /// To be called before entries are committed, and to be kept until they are; `None` if they make no mail.
    pub(crate) fn before(self: &Arc<Self>, entries: &[Arc<Entry>]) -> Option<Marked> {
        if !entries.iter().any(|entry| concern(entry)) {
            return None;
        }
        self.begun.fetch_add(1, Ordering::SeqCst);
        Some(Marked(Arc::clone(self)))
    }

    /// How many there were; `None` while one is being made. If that is the same at two moments, no commit in between
    /// makes a mail, and none that was seen at the second and not before the first.
    pub(super) fn count(&self) -> Option<u64> {
        let over = self.over.load(Ordering::SeqCst);
        (self.begun.load(Ordering::SeqCst) == over).then_some(over)
    }

    /// Returns when there may be something to tell, at once if there was since the last time.
    pub(super) async fn news(&self) {
        self.news.notified().await;
    }
}

impl Drop for Marked {
    fn drop(&mut self) {
        self.0.over.fetch_add(1, Ordering::SeqCst);
        self.0.news.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use bursar_core::account::event::{Actor, Event, Recorded};
    use bursar_core::credits::Credits;
    use bursar_core::time::Timestamp;
    use futures::FutureExt;

    use super::*;

    fn entry(event: Event) -> Arc<Entry> {
        let (available, held) = (Credits::ZERO, Credits::ZERO);
        Arc::new(Entry {
            account: "ada".parse().unwrap(),
            first_version: 1,
            actor: Actor::System,
            idempotency: None,
            events: vec![Recorded { at: Timestamp::from_micros(1), event, available, held }],
        })
    }

    #[test]
    fn commits_that_make_mails_are_counted_once_they_are_over() {
        let marks = Arc::new(Marks::default());
        let is_news = || marks.news().now_or_never().is_some();
        let silent = entry(Event::ClockAdvanced { ahead: std::time::Duration::ZERO });
        assert!(marks.before(std::slice::from_ref(&silent)).is_none());
        assert_eq!(marks.count(), Some(0));
        assert!(!is_news());
        let loud = [silent, entry(Event::AccountPurged)];
        let one = marks.before(&loud);
        let other = marks.before(&loud);
        assert_eq!(marks.count(), None);
        drop(one);
        assert_eq!(marks.count(), None, "the other may be seen by readers already");
        assert!(is_news());
        drop(other);
        assert_eq!(marks.count(), Some(2));
        assert!(is_news());
        assert!(!is_news());
    }
}
