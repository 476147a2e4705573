//! Quote ids: the quote itself, sealed, so that quotes cost no storage and bind after a restart and
//! on every node.

use bursar_core::quote::Quote;
use bursar_store::{Registry, StoreError};
use data_encoding::BASE64URL_NOPAD;
use rand::RngCore;
use subtle::ConstantTimeEq;

const PREFIX: &str = "quote_";
/// The form of what is sealed. Raised with every change of [`Quote`], so that a quote of another
/// release is unknown rather than misread.
const FORM: u8 = 1;
const SEAL: usize = 16;
/// Far above what the largest quote of a catalog takes.
const LONGEST: usize = 4_096;
const SETTING: &str = "quote_seal";

/// Why a text is not a quote of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the id of a quote that was made here")]
pub struct UnknownQuote;

/// Makes and reads quote ids.
#[derive(Clone)]
pub struct QuoteSeal {
    key: [u8; 32],
}

impl QuoteSeal {
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
            .map_err(|_| StoreError::Damaged("the seal of quotes has the wrong size".to_owned()))?;
        Ok(Self { key })
    }

    /// The id of a quote.
    pub fn seal(&self, quote: &Quote) -> String {
        let mut sealed = postcard::to_extend(quote, vec![FORM]).unwrap_or_default();
        sealed.extend_from_slice(&self.tag(&sealed));
        format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&sealed))
    }

    /// The quote of an id.
    ///
    /// # Errors
    /// [`UnknownQuote`] for anything that [`QuoteSeal::seal`] didn't write.
    pub fn open(&self, id: &str) -> Result<Quote, UnknownQuote> {
        let encoded = id.strip_prefix(PREFIX).filter(|text| text.len() <= LONGEST);
        let sealed = encoded
            .and_then(|text| BASE64URL_NOPAD.decode(text.as_bytes()).ok())
            .ok_or(UnknownQuote)?;
        let (quote, tag) = sealed.split_last_chunk::<SEAL>().ok_or(UnknownQuote)?;
        if !bool::from(self.tag(quote).ct_eq(tag)) {
            return Err(UnknownQuote);
        }
        match quote.split_first() {
            Some((&FORM, quote)) => postcard::from_bytes(quote).map_err(|_| UnknownQuote),
            _ => Err(UnknownQuote),
        }
    }

    fn tag(&self, quote: &[u8]) -> [u8; SEAL] {
        let hash = blake3::keyed_hash(&self.key, quote);
        let mut tag = [0; SEAL];
        tag.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
        tag
    }
}
