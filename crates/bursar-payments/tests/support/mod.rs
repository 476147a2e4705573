//! What the tests of all providers share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use bursar_core::Context;
use bursar_core::time::Timestamp;

/// The real time, and entropy that is different at each call.
pub(crate) fn context() -> Context {
    static CALLS: AtomicU64 = AtomicU64::new(1);
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let mut entropy = [0; 10];
    entropy[2..].copy_from_slice(&CALLS.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    Context {
        now: Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap()),
        entropy,
    }
}
