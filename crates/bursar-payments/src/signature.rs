//! Stripe's signature scheme for webhooks, which the sandbox uses as well:
//! `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`, with several `v1` while a secret is rotated.

use std::time::Duration;

use bursar_core::time::Timestamp;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::WebhookError;
use crate::secret::Secret;

/// How far a signature's time may be from ours. Stripe's own libraries use the same.
pub(crate) const TOLERANCE: Duration = Duration::from_secs(300);

const MICROS: i64 = 1_000_000;

/// Checks a header against a body: any `v1` by any of the secrets will do.
///
/// The time is checked after the signature, so that an error about it tells nothing to someone who
/// can't sign.
pub(crate) fn verify(
    header: &str,
    body: &[u8],
    secrets: &[Secret],
    tolerance: Duration,
    now: Timestamp,
) -> Result<(), WebhookError> {
    let signed = read(header).ok_or(WebhookError::Malformed)?;
    if secrets.is_empty() {
        return Err(WebhookError::Unsigned);
    }
    let genuine = secrets.iter().any(|secret| {
        let expected = code(secret, signed.time, body);
        // `verify_slice` compares in constant time.
        expected.is_some_and(|mac| {
            (signed.codes.iter()).any(|code| mac.clone().verify_slice(code).is_ok())
        })
    });
    if !genuine {
        return Err(WebhookError::Forged);
    }
    let seconds: i64 = signed.time.parse().map_err(|_| WebhookError::Malformed)?;
    let at = Timestamp::from_micros(seconds.saturating_mul(MICROS));
    if now.since(at).max(at.since(now)) > tolerance {
        return Err(WebhookError::Stale);
    }
    Ok(())
}

/// The header for a body signed at `now`.
pub(crate) fn sign(body: &[u8], secret: &Secret, now: Timestamp) -> String {
    let time = now.micros().div_euclid(MICROS).to_string();
    let code = code(secret, &time, body)
        .map(|mac| HEXLOWER.encode(&mac.finalize().into_bytes()))
        .unwrap_or_default();
    format!("t={time},v1={code}")
}

struct Signed<'a> {
    /// As it is written, since that is what was signed.
    time: &'a str,
    codes: Vec<Vec<u8>>,
}

fn read(header: &str) -> Option<Signed<'_>> {
    let mut time = None;
    let mut codes = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=')? {
            ("t", value) => time = Some(value),
            ("v1", value) => codes.push(HEXLOWER_PERMISSIVE.decode(value.as_bytes()).ok()?),
            _ => {}
        }
    }
    let time = time?;
    (!codes.is_empty()).then_some(Signed { time, codes })
}

fn code(secret: &Secret, time: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * MICROS)
    }

    fn check(header: &str, body: &[u8], second: i64) -> Result<(), WebhookError> {
        let secrets = [Secret::new("whsec_old"), Secret::new("whsec_new")];
        verify(header, body, &secrets, TOLERANCE, at(second))
    }

    /// Computed with `printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_new`.
    const KNOWN: &str = "f3ac0c93c23f69e2e6046d7f0e2c82c93d0403de0f8651457189ab70fbbfcaae";

    #[test]
    fn a_known_signature_verifies_and_is_what_we_sign() {
        let header = sign(BODY, &Secret::new("whsec_new"), at(1_700_000_000));
        assert_eq!(header, format!("t=1700000000,v1={KNOWN}"));
        assert_eq!(check(&header, BODY, 1_700_000_000), Ok(()));
    }

    #[test]
    fn several_signatures_and_other_schemes_may_stand_beside_it() {
        let wrong = "00".repeat(32);
        for header in [
            format!("t=1700000000,v1={wrong},v1={KNOWN},v0=abc"),
            format!("v1={KNOWN}, v1={wrong}, t=1700000000"),
            format!("t=1700000000,v1={}", KNOWN.to_uppercase()),
        ] {
            assert_eq!(check(&header, BODY, 1_700_000_000), Ok(()), "{header}");
        }
    }

    #[test]
    fn a_forged_one_is_refused() {
        let header = format!("t=1700000000,v1={KNOWN}");
        let forged = Err(WebhookError::Forged);
        assert_eq!(check(&header, br#"{"id":"evt_2"}"#, 1_700_000_000), forged);
        let later = format!("t=1700000001,v1={KNOWN}");
        assert_eq!(check(&later, BODY, 1_700_000_000), forged);
        let short = format!("t=1700000000,v1={}", KNOWN.split_at(62).0);
        assert_eq!(check(&short, BODY, 1_700_000_000), forged);
        assert_eq!(
            check("t=1700000000,v1=", BODY, 1_700_000_000),
            forged,
            "an empty code is not a code"
        );
    }

    #[test]
    fn the_tolerance_is_five_minutes_to_either_side() {
        let header = format!("t=1700000000,v1={KNOWN}");
        for (second, expected) in [
            (1_700_000_300, Ok(())),
            (1_700_000_301, Err(WebhookError::Stale)),
            (1_699_999_700, Ok(())),
            (1_699_999_699, Err(WebhookError::Stale)),
        ] {
            assert_eq!(check(&header, BODY, second), expected, "{second}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_malformed() {
        for header in ["", "t", "t=1", "v1=00", "t=1,v1=xyz", "t=1,v0=00", "t=1;v1=00"] {
            assert_eq!(check(header, BODY, 1), Err(WebhookError::Malformed), "{header}");
        }
        assert_eq!(verify("t=1,v1=00", BODY, &[], TOLERANCE, at(1)), Err(WebhookError::Unsigned));
    }

    proptest::proptest! {
        #[test]
        fn no_header_or_body_panics(header in ".*", body: Vec<u8>, second: i64) {
            let secrets = [Secret::new("whsec_1")];
            let now = Timestamp::from_micros(second);
            proptest::prop_assert!(verify(&header, &body, &secrets, TOLERANCE, now).is_err());
        }

        #[test]
        fn what_is_signed_verifies(body: Vec<u8>, second in 0_i64..4_000_000_000) {
            let secret = Secret::new("whsec_1");
            let header = sign(&body, &secret, at(second));
            proptest::prop_assert_eq!(
                verify(&header, &body, &[secret], TOLERANCE, at(second)),
                Ok(())
            );
        }
    }
}
