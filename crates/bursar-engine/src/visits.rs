//! Customers at the portal: how they get in, how long they stay.
//!
//! The app asks for a link and sends its customer there at once. The link has a code that works once
//! and for minutes; it is exchanged for a cookie. Of both only hashes are kept. All times are by the
//! real clock: a test clock that is moved signs nobody out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bursar_core::id::AccountId;
use bursar_core::time::Timestamp;
use bursar_store::{NewPortalSession, PortalLink, PortalSession, Store, StoreError};
use data_encoding::BASE32_NOPAD;
use parking_lot::Mutex;
use rand::TryRngCore;
use rand::rngs::OsRng;
use subtle::ConstantTimeEq;

use crate::clock::Clock;

/// How long a link works.
pub const LINK_TTL: Duration = Duration::from_secs(5 * 60);
/// How long a customer who does nothing stays.
pub const IDLE: Duration = Duration::from_secs(30 * 60);
/// How long a customer stays at most.
pub const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);
/// How long links and sessions are kept once they are over, so that latecomers are told so.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a session that was looked up is trusted: the longest that one still works which ended on
/// another node.
const TRUSTED: Duration = Duration::from_secs(2);
/// A session is written no more often than this, however often it is used.
const WRITTEN: Duration = Duration::from_secs(60);
/// The most sessions that are remembered; beyond, all are forgotten and looked up again.
const REMEMBERED: usize = 4_096;
/// The setting that has the secret.
const SECRET: &str = "portal_secret";

/// A link into the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// What stands in the address: shown once.
    pub code: String,
    /// The first instant at which it no longer works.
    pub expires_at: Timestamp,
}

/// A customer who is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Names the session in secrets that are derived from it; no secret itself.
    pub hash: [u8; 32],
    /// Whose pages.
    pub account: AccountId,
    /// Where the customer came from.
    pub return_url: Option<String>,
    /// The first instant at which it is over however it is used.
    pub ends_at: Timestamp,
}

/// What became of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It was exchanged.
    Opened {
        /// What the cookie says: shown once.
        token: String,
        /// Whose pages.
        account: AccountId,
    },
    /// It was used, or is too old. Where the customer came from, if that is known.
    Refused {
        /// An address.
        return_url: Option<String>,
    },
}

/// A session that was looked up.
#[derive(Clone, Debug)]
struct Seen {
    session: Arc<PortalSession>,
    looked_up_at: Timestamp,
    /// Until when it is written to last.
    written: Timestamp,
}

/// Lets customers in and out.
pub struct Visits {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    secret: [u8; 32],
    seen: Mutex<HashMap<[u8; 32], Seen>>,
    cleaned_at: Mutex<Timestamp>,
}

impl Visits {
    /// Over a store, which keeps the secret that forms are marked with.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let kept = store.setting_or(SECRET, &random::<32>()?).await?;
        let damaged = |_| StoreError::Damaged("the portal's secret has the wrong size".to_owned());
        let secret = kept.try_into().map_err(damaged)?;
        let cleaned_at = Mutex::new(Timestamp::from_micros(i64::MIN));
        Ok(Self { store, clock, secret, seen: Mutex::default(), cleaned_at })
    }

    /// The real time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Makes a link for a customer.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn invite(
        &self,
        account: AccountId,
        return_url: Option<String>,
    ) -> Result<Invitation, StoreError> {
        let now = self.clock.now();
        self.clean(now).await?;
        let (code, expires_at) = (secret()?, now.after(LINK_TTL));
        let hash = hash(&code);
        let link = PortalLink { hash, account, return_url, expires_at, used_at: None };
        self.store.put_portal_link(link).await?;
        Ok(Invitation { code, expires_at })
    }

    /// Exchanges a link's code. Of several at once one gets in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn enter(&self, code: &str) -> Result<Entry, StoreError> {
        let now = self.clock.now();
        let token = secret()?;
        let session = NewPortalSession {
            hash: hash(&token),
            expires_at: now.after(IDLE),
            ends_at: now.after(LONGEST),
        };
        let link = self.store.use_portal_link(&hash(code), now, session).await?;
        Ok(match link {
            Some(link) if link.is_good(now) => Entry::Opened { token, account: link.account },
            Some(link) => Entry::Refused { return_url: link.return_url },
            None => Entry::Refused { return_url: None },
        })
    }

    /// Who has this cookie, who may stay a while from now on; `None` if nobody does any more.
    ///
    /// Cookies are looked up by their hash: how long that takes says nothing about one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find(&self, token: &str) -> Result<Option<Visit>, StoreError> {
        let (now, hash) = (self.clock.now(), hash(token));
        let Some(seen) = self.look_up(hash, now).await? else {
            return Ok(None);
        };
        let session = &seen.session;
        if seen.written.min(session.ends_at) <= now {
            return Ok(None);
        }
        let expires_at = now.after(IDLE).min(session.ends_at);
        if expires_at.since(seen.written) >= WRITTEN {
            self.store.extend_portal_session(&hash, expires_at).await?;
            if let Some(seen) = self.seen.lock().get_mut(&hash) {
                seen.written = expires_at;
            }
        }
        Ok(Some(visit(session)))
    }

    /// Who has this cookie, without staying any longer for it: for what a page does by itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn peek(&self, token: &str) -> Result<Option<Visit>, StoreError> {
        let (now, hash) = (self.clock.now(), hash(token));
        let seen = self.look_up(hash, now).await?;
        let good = seen.filter(|seen| now < seen.written.min(seen.session.ends_at));
        Ok(good.map(|seen| visit(&seen.session)))
    }

    /// Where the customer with this cookie came from, though the session be over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn left(&self, token: &str) -> Result<Option<String>, StoreError> {
        let session = self.store.portal_session(&hash(token)).await?;
        Ok(session.and_then(|session| session.return_url))
    }

    /// Signs a customer out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leave(&self, token: &str) -> Result<(), StoreError> {
        let hash = hash(token);
        self.store.end_portal_session(&hash).await?;
        self.seen.lock().remove(&hash);
        Ok(())
    }

    /// What every form of a session carries, so that no other site can send one.
    pub fn mark(&self, visit: &Visit) -> String {
        encode(&self.derive(b"form", &visit.hash))
    }

    /// Does a form carry the session's mark? Takes as long for any mark of the right length.
    pub fn is_marked(&self, visit: &Visit, mark: &str) -> bool {
        self.mark(visit).as_bytes().ct_eq(mark.as_bytes()).into()
    }

    /// The idempotency key of a form that carries `key`: no caller of the API can come upon it.
    pub fn form_key(&self, visit: &Visit, key: &str) -> String {
        let mut input = visit.hash.to_vec();
        input.extend_from_slice(key.as_bytes());
        format!("portal_{}", encode(&self.derive(b"key", &input)))
    }

    /// A seal on a text that a customer's browser keeps for the next page.
    pub fn seal(&self, text: &str) -> String {
        encode(&self.derive(b"note", text.as_bytes()))
    }

    fn derive(&self, what: &[u8], input: &[u8]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
        hasher.update(what);
        hasher.update(input);
        *hasher.finalize().as_bytes()
    }

    async fn look_up(&self, hash: [u8; 32], now: Timestamp) -> Result<Option<Seen>, StoreError> {
        let seen = self.seen.lock().get(&hash).cloned();
        if let Some(seen) = seen
            && now.since(seen.looked_up_at) < TRUSTED
        {
            return Ok(Some(seen));
        }
        let Some(session) = self.store.portal_session(&hash).await? else {
            self.seen.lock().remove(&hash);
            return Ok(None);
        };
        let written = session.expires_at;
        let fresh = Seen { session: Arc::new(session), looked_up_at: now, written };
        let mut seen = self.seen.lock();
        if seen.len() >= REMEMBERED {
            seen.clear();
        }
        seen.insert(hash, fresh.clone());
        Ok(Some(fresh))
    }

    /// Forgets what is long over, now and then.
    async fn clean(&self, now: Timestamp) -> Result<(), StoreError> {
        {
            let mut cleaned_at = self.cleaned_at.lock();
            if now < cleaned_at.after(IDLE) {
                return Ok(());
            }
            *cleaned_at = now;
        }
        self.store.forget_portal_visits(now.before(KEPT)).await
    }
}

fn visit(session: &PortalSession) -> Visit {
    Visit {
        hash: session.hash,
        account: session.account.clone(),
        return_url: session.return_url.clone(),
        ends_at: session.ends_at,
    }
}

/// 160 random bits as text.
fn secret() -> Result<String, StoreError> {
    Ok(encode(&random::<20>()?))
}

/// From the operating system: what lets people in is never drawn from a seed.
fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    let none = |error| StoreError::Unavailable(format!("no randomness: {error}"));
    OsRng.try_fill_bytes(&mut bytes).map_err(none)?;
    Ok(bytes)
}

fn encode(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_lowercase()
}

fn hash(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}
