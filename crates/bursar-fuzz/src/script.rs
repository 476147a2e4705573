//! A few requests as text, as people write them down.
//!
//! Each is a line `METHOD PATH`, perhaps with an idempotency key behind; then any headers, as lines
//! `> name: value`; then the body, up to a line `---`. `$HOLD` and the like stand for what there is
//! (`Office::furnish`).

use http::request::Builder;
use http::{HeaderName, HeaderValue, Request};

use crate::office::Named;

const MOST_REQUESTS: usize = 12;
const MOST_HEADERS: usize = 8;

/// One of them.
pub(crate) struct Line {
    pub(crate) request: Builder,
    pub(crate) body: String,
}

/// Reads them; what is no request at all is left out, since it doesn't come as far as a route.
pub(crate) fn read(text: &str, named: &[Named]) -> Vec<Line> {
    let mut text = text.to_owned();
    for (name, value) in named {
        text = text.replace(name, value);
    }
    text.split("\n---\n").take(MOST_REQUESTS).filter_map(line).collect()
}

fn line(part: &str) -> Option<Line> {
    let (first, mut rest) = part.split_once('\n').unwrap_or((part, ""));
    let mut words = first.split(' ');
    let request = Request::builder().method(words.next()?).uri(words.next()?);
    let mut request = match words.next() {
        Some(key) => request.header("idempotency-key", key),
        None => request,
    };
    for _ in 0..MOST_HEADERS {
        let Some((header, below)) = rest.strip_prefix("> ").and_then(|it| it.split_once('\n'))
        else {
            break;
        };
        rest = below;
        let (name, value) = header.split_once(": ")?;
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        request = request.header(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    let uri = request.uri_ref()?;
    uri.path().starts_with('/').then_some(())?;
    Some(Line { request, body: rest.to_owned() })
}
