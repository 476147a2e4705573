//! Files that pages are made of: built in, under names that change with their contents, so that
//! browsers keep them for ever.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::Embed;

#[derive(Embed)]
#[folder = "static/"]
struct Folder;

/// A file.
struct File {
    /// Its address.
    url: String,
    media_type: &'static str,
    bytes: Cow<'static, [u8]>,
}

/// By their names, as in `page/portal.css`.
static FILES: LazyLock<HashMap<String, File>> = LazyLock::new(|| {
    let files = Folder::iter().filter_map(|name| {
        let (stem, extension) = name.rsplit_once('.')?;
        let bytes = slim(extension, Folder::get(&name)?.data);
        let hash = blake3::hash(&bytes).to_hex();
        let url = format!("/static/{stem}.{}.{extension}", hash.get(..12)?);
        Some((name.to_string(), File { url, media_type: media_type(extension), bytes }))
    });
    files.collect()
});

/// A script without what only its readers need: indentation, and lines that are comments. No script of
/// ours has a text of several lines, in which either would mean something.
pub(crate) fn slim(extension: &str, bytes: Cow<'static, [u8]>) -> Cow<'static, [u8]> {
    if extension != "js" {
        return bytes;
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return bytes;
    };
    let lines = text.lines().map(str::trim_start);
    let said: Vec<&str> =
        lines.filter(|line| !line.is_empty() && !line.starts_with("//")).collect();
    Cow::Owned(said.join("\n").into_bytes())
}

/// The address of a file, as in `page/portal.css`; empty if there is none.
pub(crate) fn url(name: &str) -> &'static str {
    FILES.get(name).map_or("", |file| &file.url)
}

/// What a file holds, and a tag that changes with it: for those whose address has to stay.
pub(crate) fn file(name: &str) -> Option<(&'static [u8], String)> {
    let file = FILES.get(name)?;
    let hash = blake3::hash(&file.bytes).to_hex();
    Some((&*file.bytes, format!("\"{}\"", hash.get(..16)?)))
}

/// `/static/…`
pub(crate) fn routes() -> Router {
    Router::new().route("/static/{*path}", get(serve))
}

async fn serve(Path(path): Path<String>) -> Response {
    let asked = format!("/static/{path}");
    let Some(file) = FILES.values().find(|file| file.url == asked) else {
        return (StatusCode::NOT_FOUND, "There is no such file.\n").into_response();
    };
    let headers = [
        (CONTENT_TYPE, file.media_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, file.bytes.clone()).into_response()
}

fn media_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "html" => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_contents() {
        let url = url("page/portal.css");
        let rest = url.strip_prefix("/static/page/portal.").unwrap();
        assert_eq!(rest.strip_suffix(".css").unwrap().len(), 12);
        assert_eq!(super::url("page/none.css"), "");
    }
}
