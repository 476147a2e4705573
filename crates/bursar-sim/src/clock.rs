//! The time of the simulated world, and the nodes' clocks, which may be wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bursar_core::time::Timestamp;
use bursar_engine::Clock;
use tokio::time::Instant;

/// 1 January 2026, noon.
const BEGINNING_MICROS: i64 = 1_767_268_800_000_000;

/// The time of the world: that of its runtime, and the jumps it has made.
#[derive(Debug)]
pub struct WorldClock {
    began: Instant,
    jumped_micros: AtomicI64,
}

impl WorldClock {
    /// The clock of a world that begins now. To be made within its runtime.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { began: Instant::now(), jumped_micros: AtomicI64::new(0) })
    }

    /// Time passes, or is set back.
    pub fn jump(&self, seconds: i64) {
        self.jumped_micros.fetch_add(seconds.saturating_mul(1_000_000), Ordering::SeqCst);
    }
}

impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX);
        let jumped = self.jumped_micros.load(Ordering::SeqCst);
        Timestamp::from_micros(BEGINNING_MICROS.saturating_add(passed).saturating_add(jumped))
    }
}

/// A node's clock.
#[derive(Debug)]
pub struct NodeClock {
    world: Arc<WorldClock>,
    wrong_micros: AtomicI64,
}

impl NodeClock {
    /// A clock that is right.
    pub fn new(world: Arc<WorldClock>) -> Arc<Self> {
        Arc::new(Self { world, wrong_micros: AtomicI64::new(0) })
    }

    /// Lets it be wrong by so much.
    pub fn skew(&self, millis: i64) {
        self.wrong_micros.store(millis.saturating_mul(1_000), Ordering::SeqCst);
    }
}

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        let micros = self.world.now().micros();
        Timestamp::from_micros(micros.saturating_add(self.wrong_micros.load(Ordering::SeqCst)))
    }
}
