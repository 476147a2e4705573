//! How often a call is attempted, and what its failures add up to.

use std::time::Duration;

use bursar_core::Context;

use super::{PAUSE_MOST, StripeConfig};

/// The pause before attempt `next` (2 is the first repetition): doubled each time, spread over its
/// upper half so that clients which failed together don't come back together, and at least what
/// Stripe asked for.
pub(super) fn pause(
    config: &StripeConfig,
    next: u32,
    asked: Option<Duration>,
    context: &Context,
) -> Duration {
    let doubled = next.saturating_sub(2).min(16);
    let full = config.pause.saturating_mul(1_u32.checked_shl(doubled).unwrap_or(u32::MAX));
    let index = usize::try_from(next).unwrap_or(0) % context.entropy.len();
    let random = u32::from(context.entropy.get(index).copied().unwrap_or(0));
    let half = full / 2;
    let spread = (half / 256).saturating_mul(random);
    (half.saturating_add(spread)).max(asked.unwrap_or_default()).min(PAUSE_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use bursar_core::time::Timestamp;

    #[test]
    fn pauses_double_within_their_spread_and_are_bounded() {
        let config = StripeConfig::new(Secret::new("sk_test_1"), String::new(), Vec::new());
        let with = |random: u8| Context { now: Timestamp::from_micros(0), entropy: [random; 10] };
        let millis = |next, asked, random| pause(&config, next, asked, &with(random)).as_millis();
        assert_eq!(millis(2, None, 0), 250);
        assert_eq!(millis(3, None, 0), 500);
        assert_eq!(millis(4, None, 0), 1000);
        assert!((498..500).contains(&millis(2, None, 255)));
        assert_eq!(millis(2, Some(Duration::from_secs(2)), 0), 2000);
        assert_eq!(millis(2, Some(Duration::from_secs(60)), 0), 5000);
        assert_eq!(millis(u32::MAX, None, 255), 5000);
    }
}
