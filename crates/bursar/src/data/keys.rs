//! Making API keys.

use anyhow::{Result, anyhow};
use bursar_core::id::Key;
use bursar_core::time::Timestamp;
use bursar_engine::access::{self, Mode, Scope};
use bursar_store::ApiKeyRecord;

/// The file of a data directory with the test key's secret.
pub(crate) const TEST_KEY: &str = "test-key";

/// A key with its secret, which is nowhere else.
pub(crate) struct Made {
    pub(crate) secret: String,
    pub(crate) record: ApiKeyRecord,
}

/// A new key with a fresh secret.
pub(crate) fn make(mode: Mode, name: &str, scopes: &[Scope], now: Timestamp) -> Result<Made> {
    let secret = access::secret(mode, random()?);
    let record = record(mode, &secret, name, scopes, now)?;
    Ok(Made { secret, record })
}

/// The record of a secret that was made elsewhere.
pub(crate) fn record(
    mode: Mode,
    secret: &str,
    name: &str,
    scopes: &[Scope],
    now: Timestamp,
) -> Result<ApiKeyRecord> {
    Ok(access::record(mode, secret, id(now)?, name, scopes, now)?)
}

/// A public id that sorts by time, as every id does.
fn id(now: Timestamp) -> Result<Key> {
    let uuid = uuid::Builder::from_unix_timestamp_millis(now.unix_millis(), &random()?).into_uuid();
    Ok(format!("key_{}", uuid.simple()).parse()?)
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow!("the operating system gives no random numbers: {error}"))?;
    Ok(bytes)
}
