//! The page, and the files that it is made of.

use std::sync::LazyLock;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use bursar_payments::sandbox::{CardGroup, OfferedCard, offered_cards};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use rust_embed::RustEmbed;

use super::Playground;
use super::guard::refused;
use crate::page::assets::slim;

/// Everything that the page loads.
#[derive(RustEmbed)]
#[folder = "static/playground/"]
struct Files;

/// A hash over all files: their addresses change with any of them, so they can be kept for ever.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Files::iter().collect();
    names.sort();
    let mut hasher = blake3::Hasher::new();
    for name in names {
        hasher.update(name.as_bytes());
        hasher.update(
            Files::get(&name)
                .map(|file| file.metadata.sha256_hash())
                .as_ref()
                .map_or(&[], |hash| hash.as_slice()),
        );
    }
    hasher.finalize().to_hex().chars().take(16).collect()
});

/// The modules that `studio.js` is made of.
const MODULES: [&str; 7] =
    ["api.js", "customer.js", "dom.js", "order.js", "stage.js", "vault.js", "watch.js"];

#[derive(Template)]
#[template(path = "playground/studio.html")]
struct Studio<'a> {
    product: &'a str,
    files: String,
    key: String,
    origin: String,
    /// What the script loads, told ahead.
    modules: [&'a str; 7],
    cards: Vec<(CardGroup, Vec<OfferedCard>)>,
}

/// The studio.
pub(super) async fn studio(State(playground): State<Playground>, headers: HeaderMap) -> Response {
    let host = headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
    let all = offered_cards();
    let sandbox = playground.engine().provider().name() == "sandbox";
    let of = |group: CardGroup| -> Vec<OfferedCard> {
        // Other providers know those of the published ones.
        let known = |card: &&OfferedCard| sandbox || card.token.starts_with("pm_card_");
        all.iter().filter(|card| card.group == group).filter(known).cloned().collect()
    };
    let page = Studio {
        product: &playground.engine().catalog().name,
        files: format!("/playground/static/{}", *VERSION),
        key: playground.api().masked_key(),
        origin: format!("http://{}", host.unwrap_or("127.0.0.1:8080")),
        modules: MODULES,
        cards: CardGroup::ALL
            .into_iter()
            .map(|group| (group, of(group)))
            .filter(|(_, cards)| !cards.is_empty())
            .collect(),
    };
    match page.render() {
        Ok(html) => ([(CACHE_CONTROL, "no-cache")], Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "the playground's page can't be made");
            let why = ("The page can't be made.", "The server's log says why.");
            refused(StatusCode::INTERNAL_SERVER_ERROR, why)
        }
    }
}

/// A file of the page. The version in its address is only for caches.
pub(super) async fn file(Path((_, name)): Path<(String, String)>) -> Response {
    let Some(file) = Files::get(&name) else {
        return refused(StatusCode::NOT_FOUND, ("There is no such file.", "Load the page again."));
    };
    let suffix = name.rsplit_once('.').map_or("", |(_, suffix)| suffix);
    let kind = match suffix {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, slim(suffix, file.data).into_owned()).into_response()
}
