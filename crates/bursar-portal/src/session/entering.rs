//! The session at the payment provider in which a customer enters a card, kept by the browser until the
//! customer comes back. Only its account gets anything out of it, so it needs no seal.

use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use bursar_core::provider::SetupRef;

use super::cookie;
use crate::state::Portal;

const NAME: &str = "bursar_entering";

/// Keeps the session's name.
pub(crate) fn keep(response: &mut Response, session: &SetupRef, portal: &Portal) {
    let kept = cookie::ours(NAME, session.as_str()).secure(portal.config().is_secure());
    response.headers_mut().append(SET_COOKIE, cookie::header(kept));
}

/// The session that was kept.
pub(crate) fn kept(headers: &HeaderMap) -> Option<SetupRef> {
    cookie::value(headers, NAME)?.parse().ok()
}

/// Forgets it.
pub(crate) fn forget(response: &mut Response) {
    let gone = cookie::ours(NAME, "").max_age(::cookie::time::Duration::ZERO);
    response.headers_mut().append(SET_COOKIE, cookie::header(gone));
}
