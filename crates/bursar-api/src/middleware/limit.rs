//! Rate limits per API key.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bursar_core::id::Key;
use bursar_engine::Engine;
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::problem::{Code, Problem};
use crate::state::RateLimit;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The engine's clock, so that simulated time rules here too.
#[derive(Clone)]
struct EngineClock(Engine);

impl Clock for EngineClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.wall_now().micros()).unwrap_or(0))
    }
}

/// A limit on the calls of each key. Only keys that work are counted, so it stays small.
pub(crate) struct Limiter {
    keys: RateLimiter<Key, DashMapStateStore<Key>, EngineClock, StateInformationMiddleware>,
    clock: EngineClock,
    per_second: NonZeroU32,
    burst: NonZeroU32,
}

/// Where a key stands with its limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    left: u32,
    burst: NonZeroU32,
    /// Seconds until the whole burst is there again, or until the next request may come.
    seconds: u64,
    window: u64,
}

impl Limiter {
    /// A limit by the engine's clock.
    pub(crate) fn new(limit: RateLimit, engine: Engine) -> Self {
        let RateLimit { per_second, burst } = limit;
        let clock = EngineClock(engine);
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let keys = RateLimiter::new(quota, DashMapStateStore::default(), clock.clone());
        Self { keys, clock, per_second, burst }
    }

    /// Counts a call of `key`.
    ///
    /// # Errors
    /// That it was one too many, and where the key stands.
    pub(crate) fn check(&self, key: &Key) -> Result<Standing, (Problem, Standing)> {
        match self.keys.check_key(key) {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                let used = self.burst.get().saturating_sub(left);
                Ok(self.standing(left, u64::from(used.div_ceil(self.per_second.get()))))
            }
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now());
                let seconds = wait.as_secs().saturating_add(1);
                let rate = self.per_second;
                let detail = format!("This key may make {rate} requests a second.");
                let problem = Problem::new(Code::RateLimited, detail)
                    .fix(format!("Wait {seconds} s."))
                    .with(|members| members.retry_after_seconds = Some(seconds));
                Err((problem, self.standing(0, seconds)))
            }
        }
    }

    fn standing(&self, left: u32, seconds: u64) -> Standing {
        let window = self.burst.get().div_ceil(self.per_second.get());
        Standing { left, burst: self.burst, seconds, window: u64::from(window) }
    }
}

impl Standing {
    /// Says so in the `RateLimit` headers.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        let Self { left, burst, seconds, window } = self;
        let limit = HeaderValue::try_from(format!("\"key\";r={left};t={seconds}"));
        let policy = HeaderValue::try_from(format!("\"key\";q={burst};w={window}"));
        for (name, value) in [(LIMIT, limit), (POLICY, policy)] {
            if let Ok(value) = value {
                headers.insert(name, value);
            }
        }
    }
}
