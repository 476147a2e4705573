//! Charges in requests of one size, some of them on their way at a time, and what they took.

use std::sync::atomic::{AtomicU64, Ordering};

use bursar_core::id::AccountId;
use bursar_engine::Envelope;
use bursar_meter::Usage;
use futures::StreamExt;

use crate::Bench;
use crate::node::{Node, charge};

/// Charges in a request.
pub(crate) const REQUEST: usize = 256;
/// Requests on their way: enough that the writer never waits for one.
const ON_THE_WAY: usize = 4;

/// What charges took, for each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Microseconds until the last was acknowledged.
    pub(crate) wall: f64,
    /// Microseconds of processor time until the views had all.
    pub(crate) cpu: f64,
    /// Bytes until the views had all.
    pub(crate) bytes: f64,
}

/// Makes every key of the process another one.
static MEASUREMENTS: AtomicU64 = AtomicU64::new(0);

/// Idempotency keys that were never used, unless by another process: that one's begin with its id.
pub(crate) fn fresh_keys() -> impl Iterator<Item = String> {
    let number = MEASUREMENTS.fetch_add(1, Ordering::Relaxed);
    let process = std::process::id();
    (0_u64..).map(move |count| format!("job-{process}-{number}-{count}"))
}

/// A random account each.
pub(crate) fn uniform(accounts: &[AccountId], count: usize) -> Vec<Envelope> {
    let mut random = fastrand::Rng::new();
    let keys = fresh_keys().take(count);
    keys.map(|key| charge(&accounts[random.usize(0..accounts.len())], &key)).collect()
}

/// Measures them on a node whose views are level. They are made before.
pub(crate) async fn measure(node: &Node, envelopes: Vec<Envelope>) -> Cost {
    let count = envelopes.len() as f64;
    let mut requests: Vec<Vec<Envelope>> = Vec::with_capacity(envelopes.len() / REQUEST + 1);
    let mut envelopes = envelopes.into_iter();
    loop {
        let request: Vec<Envelope> = envelopes.by_ref().take(REQUEST).collect();
        if request.is_empty() {
            break;
        }
        requests.push(request);
    }
    let before = Usage::now();
    let sent = futures::stream::iter(requests).map(|request| node.does(request));
    sent.buffer_unordered(ON_THE_WAY).collect::<()>().await;
    let acknowledged = before.elapsed();
    node.settle().await;
    let all = before.elapsed();
    Cost {
        wall: acknowledged.seconds * 1e6 / count,
        cpu: all.cpu_seconds * 1e6 / count,
        bytes: all.written_bytes as f64 / count,
    }
}

impl Bench {
    /// Measures charges, again if others disturb it.
    pub(crate) fn measure(&mut self, node: &Node, charges: impl Fn() -> Vec<Envelope>) -> Cost {
        let runtime = &self.runtime;
        self.rounds.measure(&[], charges, |charges| runtime.block_on(measure(node, charges)))
    }
}
