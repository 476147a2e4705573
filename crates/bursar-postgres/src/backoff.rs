//! Trying again: soon at first, then less often, never all nodes at once, and not for ever.

use std::time::Duration;

use tokio::time::{Instant, sleep};

const FIRST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(500);

/// How long one undertaking has been tried.
pub(crate) struct Backoff {
    until: Instant,
    pause: Duration,
}

impl Backoff {
    /// Gives up after this long.
    pub(crate) fn new(patience: Duration) -> Self {
        let now = Instant::now();
        Self { until: now.checked_add(patience).unwrap_or(now), pause: FIRST }
    }

    /// Doesn't give up.
    pub(crate) fn endless() -> Self {
        Self::new(Duration::from_secs(u64::from(u32::MAX)))
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

    #[tokio::test]
    async fn there_are_several_attempts_and_an_end() {
        let mut backoff = Backoff::new(Duration::from_millis(100));
        let mut attempts = 0;
        while backoff.wait().await {
            attempts += 1;
        }
        assert!((2..100).contains(&attempts), "{attempts}");
    }

    #[tokio::test]
    async fn no_patience_is_no_second_attempt() {
        assert!(!Backoff::new(Duration::ZERO).wait().await);
    }
}
