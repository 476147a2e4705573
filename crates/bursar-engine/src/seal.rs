//! Tokens for quotes, previews and widgets: the thing itself, sealed, so that they cost no storage and
//! hold after a restart and on every node.

use bursar_core::account::subscription::offer::Offer;
use bursar_core::id::AccountId;
use bursar_core::quote::Quote;
use bursar_core::time::Timestamp;
use bursar_store::{Registry, StoreError};
use data_encoding::BASE64URL_NOPAD;
use rand::RngCore;
use serde::Serialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

const SEAL: usize = 16;
/// Far above what the largest quote or preview of a catalog takes.
const LONGEST: usize = 16_384;
/// The name is older than previews.
const SETTING: &str = "quote_seal";

/// Why a text is not a token of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this was not made here")]
pub struct UnknownToken;

/// What a token stands for.
trait Sealed: Serialize + DeserializeOwned {
    /// What tokens begin with.
    const PREFIX: &'static str;
    /// The form of what is sealed, different for each kind. Raised with every change of the type, so
    /// that a token of another release is unknown rather than misread.
    const FORM: u8;
}

impl Sealed for Quote {
    const PREFIX: &'static str = "quote_";
    const FORM: u8 = 1;
}

impl Sealed for (AccountId, Offer) {
    const PREFIX: &'static str = "preview_";
    const FORM: u8 = 128;
}

/// Whose balance a widget may show, and the first instant at which it no longer may.
impl Sealed for (AccountId, Timestamp) {
    const PREFIX: &'static str = "widget_";
    const FORM: u8 = 64;
}

/// Makes and reads tokens.
#[derive(Clone)]
pub struct Seal {
    key: [u8; 32],
}

impl Seal {
    /// The seal of this installation, made on first use and kept in the store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load<S: Registry + ?Sized>(
        store: &S,
        entropy: &mut (dyn RngCore + Send),
    ) -> Result<Self, StoreError> {
        let mut fresh = [0; 32];
        entropy.fill_bytes(&mut fresh);
        let kept = store.setting_or(SETTING, &fresh).await?;
        let key = kept
            .try_into()
            .map_err(|_| StoreError::Damaged("the seal of tokens has the wrong size".to_owned()))?;
        Ok(Self { key })
    }

    /// The id of a quote.
    pub fn quote(&self, quote: &Quote) -> String {
        self.seal(quote)
    }

    /// The quote of an id.
    ///
    /// # Errors
    /// [`UnknownToken`] for anything that [`Seal::quote`] didn't write.
    pub fn open_quote(&self, id: &str) -> Result<Quote, UnknownToken> {
        self.open(id)
    }

    /// The token of a preview that was made for an account.
    pub fn preview(&self, account: &AccountId, offer: &Offer) -> String {
        self.seal(&(account.clone(), offer.clone()))
    }

    /// The preview of a token, if it was made for that account.
    ///
    /// # Errors
    /// [`UnknownToken`] for anything else.
    pub fn open_preview(&self, account: &AccountId, token: &str) -> Result<Offer, UnknownToken> {
        let (of, offer) = self.open::<(AccountId, Offer)>(token)?;
        if of == *account { Ok(offer) } else { Err(UnknownToken) }
    }

    /// A token that shows the balance of one account until `expires_at`, by the real clock. What it says
    /// can be read by whoever has it, and not changed.
    pub fn widget(&self, account: &AccountId, expires_at: Timestamp) -> String {
        self.seal(&(account.clone(), expires_at))
    }

    /// Whose balance a token shows, and until when. Whether that is over is the caller's to ask.
    ///
    /// # Errors
    /// [`UnknownToken`] for anything that [`Seal::widget`] didn't write.
    pub fn open_widget(&self, token: &str) -> Result<(AccountId, Timestamp), UnknownToken> {
        self.open(token)
    }

    fn seal<T: Sealed>(&self, value: &T) -> String {
        let mut sealed = postcard::to_extend(value, vec![T::FORM]).unwrap_or_default();
        sealed.extend_from_slice(&self.tag(&sealed));
        format!("{}{}", T::PREFIX, BASE64URL_NOPAD.encode(&sealed))
    }

    fn open<T: Sealed>(&self, token: &str) -> Result<T, UnknownToken> {
        let encoded = token.strip_prefix(T::PREFIX).filter(|text| text.len() <= LONGEST);
        let sealed = encoded
            .and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok())
            .ok_or(UnknownToken)?;
        let (value, tag) = sealed.split_last_chunk::<SEAL>().ok_or(UnknownToken)?;
        if !bool::from(self.tag(value).ct_eq(tag)) {
            return Err(UnknownToken);
        }
        match value.split_first() {
            Some((form, value)) if *form == T::FORM => {
                postcard::from_bytes(value).map_err(|_| UnknownToken)
            }
            _ => Err(UnknownToken),
        }
    }

    fn tag(&self, value: &[u8]) -> [u8; SEAL] {
        let hash = blake3::keyed_hash(&self.key, value);
        let mut tag = [0; SEAL];
        tag.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
        tag
    }
}
