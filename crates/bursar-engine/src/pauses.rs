//! How long to leave alone what failed or isn't done: longer each time.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// What is tried again, by a key: from when on, and how long after that.
#[derive(Debug)]
pub(crate) struct Pauses<K>(HashMap<K, (Instant, Duration)>);

impl<K> Default for Pauses<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Pauses<K> {
    /// How much longer it is left alone; `None` if it is time.
    pub(crate) fn left(&self, key: &K) -> Option<Duration> {
        let (at, _) = self.0.get(key)?;
        let left = at.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Was it left alone, and is not over since?
    pub(crate) fn has(&self, key: &K) -> bool {
        self.0.contains_key(key)
    }

    /// Leaves it alone, at first for so long, each time for twice as long, up to the most. For how long?
    pub(crate) fn rest(&mut self, key: K, first: Duration, most: Duration) -> Duration {
        let now = Instant::now();
        let (at, pause) = self.0.entry(key).or_insert((now, first));
        let wait = *pause;
        *at = now.checked_add(wait).unwrap_or(now);
        *pause = wait.saturating_mul(2).min(most);
        wait
    }

    /// It is done.
    pub(crate) fn over(&mut self, key: &K) {
        self.0.remove(key);
    }

    /// Forgets all others.
    pub(crate) fn retain(&mut self, stays: impl Fn(&K) -> bool) {
        self.0.retain(|key, _| stays(key));
    }
}
