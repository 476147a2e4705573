//! What the tests of all providers share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bursar_core::Context;
use bursar_core::time::Timestamp;

/// The real time, and entropy that is different at each call.
pub(crate) fn context() -> Context {
    static CALLS: AtomicU64 = AtomicU64::new(1);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let mut entropy = [0; 10];
    entropy[2..].copy_from_slice(&CALLS.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    Context { now: Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap()), entropy }
}

/// A Stripe adapter for a server on this machine: one attempt, so that a test sees each failure.
#[allow(dead_code, reason = "the sandbox's tests need none")]
pub(crate) fn stripe_config(base_url: String) -> bursar_payments::stripe::StripeConfig {
    use bursar_payments::Secret;
    use bursar_payments::fake::{SECRET_KEY, WEBHOOK_SECRET};
    let secrets = vec![Secret::new("whsec_old"), Secret::new(WEBHOOK_SECRET)];
    bursar_payments::stripe::StripeConfig {
        base_url,
        timeout: Duration::from_secs(20),
        attempts: 1,
        pause: Duration::from_millis(4),
        ..bursar_payments::stripe::StripeConfig::new(
            Secret::new(SECRET_KEY),
            "pk_test_public".to_owned(),
            secrets,
        )
    }
}
