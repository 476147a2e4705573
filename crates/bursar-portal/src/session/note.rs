//! A word about what was just done, kept by the browser for the next page only. It is sealed, so that
//! nobody puts words into our mouth, and bound to nothing else: whoever reads it has caused it.

use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use bursar_engine::visits::Visits;
use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

use super::cookie;
use crate::page::see_other;
use crate::state::Portal;

const NAME: &str = "bursar_note";
/// What a browser surely keeps.
const LONGEST: usize = 2_000;

/// A word about what was just done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// Did it work?
    pub(crate) good: bool,
    /// What to say.
    pub(crate) text: String,
}

impl Note {
    /// It worked.
    pub(crate) fn done(text: impl Into<String>) -> Self {
        Self { good: true, text: text.into() }
    }

    /// It didn't.
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self { good: false, text: text.into() }
    }

    /// Go to a page, which says it.
    pub(crate) fn on(self, page: &str, portal: &Portal) -> Response {
        let mut response = see_other(page);
        let text = format!("{}{}", if self.good { '+' } else { '-' }, self.text);
        if text.len() <= LONGEST {
            let seal = portal.engine().visits().seal(&text);
            let value = format!("{}.{seal}", BASE64URL_NOPAD.encode(text.as_bytes()));
            let kept = cookie::ours(NAME, &value).secure(portal.config().is_secure());
            response.headers_mut().append(SET_COOKIE, cookie::header(kept));
        }
        response
    }
}

/// Was one sent?
pub(crate) fn is_kept(headers: &HeaderMap) -> bool {
    cookie::value(headers, NAME).is_some()
}

/// The header that drops it.
pub(crate) fn forget() -> HeaderValue {
    cookie::header(cookie::ours(NAME, "").max_age(::cookie::time::Duration::ZERO))
}

/// The one that was sent, if it is ours.
pub(super) fn take(headers: &HeaderMap, visits: &Visits) -> Option<Note> {
    let value = cookie::value(headers, NAME)?;
    let (text, seal) = value.split_once('.')?;
    let text = String::from_utf8(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()?;
    if !bool::from(visits.seal(&text).as_bytes().ct_eq(seal.as_bytes())) {
        return None;
    }
    let (good, text) = match text.strip_prefix('+') {
        Some(text) => (true, text),
        None => (false, text.strip_prefix('-')?),
    };
    Some(Note { good, text: text.to_owned() })
}
