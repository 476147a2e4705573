//! The cookie that says who looks at the pages.
//!
//! It is sent to `/portal` only, so the API and the playground never see it. `SameSite=Lax` and not
//! `Strict`: whoever comes back from a page of the payment provider arrives by a link from another site,
//! and must still be signed in. Forms of other sites get nowhere all the same: they are refused by their
//! origin, and lack the session's mark. Where the pages are reached by https the name begins with
//! `__Secure-`, so that nothing on plain http can set one (`__Host-` would have to be sent to every
//! path).

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use cookie::{Cookie, CookieBuilder, SameSite};

use crate::state::Config;

const PATH: &str = "/portal";
const NAME: &str = "bursar_portal";
const SECURE_NAME: &str = "__Secure-bursar_portal";

fn name(config: &Config) -> &'static str {
    if config.is_secure() { SECURE_NAME } else { NAME }
}

/// What the session's cookie says, if it was sent.
pub(super) fn token(headers: &HeaderMap, config: &Config) -> Option<String> {
    value(headers, name(config)).filter(|token| !token.is_empty() && token.len() <= 64)
}

/// The header that keeps a session's cookie. It goes with the browser; the server decides when it is
/// over.
pub(super) fn keep(token: &str, config: &Config) -> HeaderValue {
    header(ours(name(config), token).secure(config.is_secure()))
}

/// The header that drops it.
pub(super) fn drop(config: &Config) -> HeaderValue {
    let gone = cookie::time::Duration::ZERO;
    header(ours(name(config), "").secure(config.is_secure()).max_age(gone))
}

/// A cookie for our pages only.
pub(super) fn ours<'a>(name: &'a str, value: &'a str) -> CookieBuilder<'a> {
    Cookie::build((name, value)).path(PATH).http_only(true).same_site(SameSite::Lax)
}

/// As a header.
pub(super) fn header(cookie: CookieBuilder<'_>) -> HeaderValue {
    HeaderValue::try_from(cookie.build().to_string()).unwrap_or(HeaderValue::from_static(""))
}

/// The value of a cookie that was sent.
pub(super) fn value(headers: &HeaderMap, name: &str) -> Option<String> {
    let sent = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut cookies = sent.flat_map(Cookie::split_parse).filter_map(Result::ok);
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}
