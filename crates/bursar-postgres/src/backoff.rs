//! Trying again: soon at first, then less often, never all nodes at once, and not for ever.
//!
//! When somebody's patience has ended because the server is away, nobody else's begins: whoever asks then has
//! one attempt, until one succeeds. So a failover is waited for, and in an outage nobody is kept waiting
//! behind those who wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::Failure;

const FIRST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(500);

/// Was the server away when it was last waited for in vain?
#[derive(Clone, Default)]
pub(crate) struct Away(Arc<AtomicBool>);

impl Away {
    /// It has answered.
    pub(crate) fn ended(&self) {
        if self.0.load(Ordering::Relaxed) {
            self.0.store(false, Ordering::Relaxed);
        }
    }
}

/// How long one undertaking has been tried.
pub(crate) struct Backoff {
    until: Instant,
    pause: Duration,
    away: Away,
}

impl Backoff {
    /// Gives up after this long.
    pub(crate) fn new(patience: Duration, away: Away) -> Self {
        let now = Instant::now();
        Self { until: now.checked_add(patience).unwrap_or(now), pause: FIRST, away }
    }

    /// Waits before another attempt after one that failed like this; `false` if there is to be none.
    pub(crate) async fn again(&mut self, failure: &Failure) -> bool {
        if !failure.is_passing() || (failure.is_away() && self.away.0.load(Ordering::Relaxed)) {
            return false;
        }
        let again = self.wait().await;
        if !again && failure.is_away() {
            self.away.0.store(true, Ordering::Relaxed);
        }
        again
    }

    /// Doesn't give up.
    pub(crate) fn endless() -> Self {
        Self::new(Duration::from_secs(u64::from(u32::MAX)), Away::default())
    }

    /// Waits before another attempt; `false` if there is none left.
    pub(crate) async fn wait(&mut self) -> bool {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        // Between half of the pause and all of it, so that nodes that failed together part.
        let most = u64::try_from(self.pause.as_micros()).unwrap_or(u64::MAX);
        let pause = Duration::from_micros(fastrand::u64(most / 2..=most));
        sleep(pause.min(left)).await;
        self.pause = self.pause.saturating_mul(2).min(LONGEST);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff(millis: u64, away: &Away) -> Backoff {
        Backoff::new(Duration::from_millis(millis), away.clone())
    }

    #[tokio::test]
    async fn there_are_several_attempts_and_an_end() {
        let mut backoff = backoff(100, &Away::default());
        let mut attempts = 0;
        while backoff.wait().await {
            attempts += 1;
        }
        assert!((2..100).contains(&attempts), "{attempts}");
    }

    #[tokio::test]
    async fn no_patience_is_no_second_attempt() {
        assert!(!backoff(0, &Away::default()).wait().await);
    }

    #[tokio::test]
    async fn while_the_server_is_away_one_waits_and_the_others_do_not() {
        let away = Away::default();
        let (mut first, mut long) = (backoff(20, &away), backoff(1_000_000, &away));
        assert!(long.again(&Failure::Unreached).await);
        while first.again(&Failure::Unreached).await {}
        assert!(!long.again(&Failure::Unreached).await, "also who is waiting already");
        assert!(!backoff(1_000_000, &away).again(&Failure::Unreached).await);
        assert!(backoff(1_000_000, &away).again(&Failure::Busy).await, "it answers, but is busy");
        away.ended();
        assert!(backoff(1_000_000, &away).again(&Failure::Unreached).await);
        assert!(!backoff(1_000_000, &away).again(&Failure::Closed).await);
    }
}
