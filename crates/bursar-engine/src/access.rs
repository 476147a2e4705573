//! API keys: what they look like, how they are kept, what they may do.

use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bursar_core::id::Key;
use bursar_core::time::Timestamp;
use bursar_store::{ApiKeyRecord, Store, StoreError};
use data_encoding::BASE32_NOPAD;
use parking_lot::Mutex;

use crate::clock::Clock;

/// Test or live: a key of one does nothing on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Sandbox payments and test clocks.
    Test,
    /// Real money.
    Live,
}

impl Mode {
    /// What its keys begin with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Test => "bk_test_",
            Self::Live => "bk_live_",
        }
    }
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Read accounts, balances, statements, the catalog; ask for quotes.
    Read,
    /// Create accounts.
    Accounts,
    /// Hold, capture, release, charge and refund credits.
    Spend,
    /// Give and take credits as support.
    Adjust,
    /// Subscribe, change and cancel plans.
    Subscriptions,
    /// Move test clocks.
    TestClock,
    /// Everything, keys included.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 7] = [
        Self::Read,
        Self::Accounts,
        Self::Spend,
        Self::Adjust,
        Self::Subscriptions,
        Self::TestClock,
        Self::Admin,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Accounts => "accounts",
            Self::Spend => "spend",
            Self::Adjust => "adjust",
            Self::Subscriptions => "subscriptions",
            Self::TestClock => "test_clock",
            Self::Admin => "admin",
        }
    }
}

/// Why a text is not a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a scope is one of read, accounts, spend, adjust, subscriptions, test_clock, admin")]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(UnknownScope)
    }
}

/// Why a request may not be made.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Denied {
    /// No such key, or it has expired.
    #[error("the API key is unknown, expired or of another mode")]
    UnknownKey,
    /// The key may not do this.
    #[error("the API key has the scopes {has}, and this needs {needs}", needs = .needs.as_str())]
    MissingScope {
        /// What it would take.
        needs: Scope,
        /// What the key has.
        has: String,
    },
    /// Keys can't be read now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A secret in the form that is shown once.
///
/// `entropy` is 20 random bytes.
pub fn secret(mode: Mode, entropy: [u8; 20]) -> String {
    format!("{}{}", mode.prefix(), BASE32_NOPAD.encode(&entropy).to_lowercase())
}

/// Why a text can't be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an API key is {} and at least 16 letters, digits, - or _", .prefix
)]
pub struct BadSecret {
    prefix: &'static str,
}

/// A record of a secret, for keeping. `id` is its public id.
///
/// # Errors
/// [`BadSecret`] if it has the wrong form for the mode.
pub fn record(
    mode: Mode,
    secret: &str,
    id: Key,
    name: &str,
    scopes: &[Scope],
    now: Timestamp,
) -> Result<ApiKeyRecord, BadSecret> {
    let prefix = mode.prefix();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    secret
        .strip_prefix(prefix)
        .filter(|rest| rest.len() >= 16 && rest.len() <= 200 && rest.bytes().all(allowed))
        .ok_or(BadSecret { prefix })?;
    Ok(ApiKeyRecord {
        id,
        hash: *blake3::hash(secret.as_bytes()).as_bytes(),
        name: name.to_owned(),
        scopes: scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        created_at: now,
        expires_at: None,
    })
}

/// How long a key that was looked up is trusted: the longest that a revoked one still works.
const TRUSTED: Duration = Duration::from_secs(2);
/// The most keys that are remembered; beyond, all are forgotten and looked up again.
const REMEMBERED: usize = 1_024;

/// A key that was looked up, and when.
type Seen = (Timestamp, Arc<ApiKeyRecord>);

/// Checks keys.
pub struct Access {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    mode: Mode,
    seen: Mutex<HashMap<[u8; 32], Seen>>,
}

impl Access {
    /// Checks keys of `mode` against the store.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, mode: Mode) -> Self {
        Self { store, clock, mode, seen: Mutex::default() }
    }

    /// The mode whose keys work.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The public id of the key with this secret, if it may do what `needs` says.
    ///
    /// Secrets are looked up by their hash: how long that takes says nothing about a secret.
    ///
    /// # Errors
    /// [`Denied`].
    pub async fn authorize(&self, secret: &str, needs: Scope) -> Result<Key, Denied> {
        match self.known(secret, needs) {
            Some(known) => known,
            None => {
                let now = self.clock.now();
                let record = self.find(*blake3::hash(secret.as_bytes()).as_bytes(), now).await?;
                allowed(&record, needs, now)
            }
        }
    }

    /// The same at once, for a key that was looked up a moment ago; `None` if it has to be looked up.
    pub fn known(&self, secret: &str, needs: Scope) -> Option<Result<Key, Denied>> {
        if !secret.starts_with(self.mode.prefix()) {
            return Some(Err(Denied::UnknownKey));
        }
        let now = self.clock.now();
        let seen = self.seen.lock();
        let (at, record) = seen.get(blake3::hash(secret.as_bytes()).as_bytes())?;
        (now.since(*at) < TRUSTED).then(|| allowed(record, needs, now))
    }

    async fn find(&self, hash: [u8; 32], now: Timestamp) -> Result<Arc<ApiKeyRecord>, Denied> {
        let found = self.store.api_key_by_hash(&hash).await?.ok_or(Denied::UnknownKey)?;
        let record = Arc::new(found);
        let mut seen = self.seen.lock();
        if seen.len() >= REMEMBERED {
            seen.clear();
        }
        seen.insert(hash, (now, Arc::clone(&record)));
        Ok(record)
    }
}

/// Its public id, if a key may do what `needs` says.
fn allowed(record: &ApiKeyRecord, needs: Scope, now: Timestamp) -> Result<Key, Denied> {
    if record.expires_at.is_some_and(|at| at <= now) {
        return Err(Denied::UnknownKey);
    }
    let has = |scope: Scope| record.scopes.iter().any(|name| name == scope.as_str());
    if has(needs) || has(Scope::Admin) {
        return Ok(record.id.clone());
    }
    Err(Denied::MissingScope { needs, has: record.scopes.join(", ") })
}
