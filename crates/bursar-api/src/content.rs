//! The content of a file as a reply: for this API, and for the portal.

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bursar_core::account::storage::record::AssetRecord;
use bursar_core::id::{AccountId, AssetId};
use bursar_engine::Engine;
use bursar_store::{AssetDetails, StoreError};
use bursar_vault::range::{Wanted, wanted};
use bursar_vault::{ObjectName, VaultError, media};

use crate::disposition::{attachment, inline};
use crate::reply;
use crate::upload::plain;
use crate::wire::asset::hex;

/// Nothing that is stored here may run in a browser, whatever it says it is.
const SANDBOXED: &str = "sandbox; default-src 'none'";

/// What is asked of a file.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// GET or HEAD.
    pub method: &'a Method,
    /// The request's headers: conditions and ranges.
    pub headers: &'a HeaderMap,
    /// May a browser show it in a page?
    pub inline: bool,
}

/// Why a file has nothing to read.
#[derive(Debug, thiserror::Error)]
pub enum NoContent {
    /// The app keeps its content.
    #[error("the content of {0} is kept by the app")]
    External(AssetId),
    /// It is being uploaded.
    #[error("the content of {0} has not been uploaded yet")]
    NotUploaded(AssetId),
    /// The range begins after its end.
    #[error("the file has {0} bytes, and the range begins after them")]
    Unsatisfiable(u64),
    /// It has no small picture.
    #[error("the file has no thumbnail")]
    NoThumbnail,
    /// What is stored isn't what was noted.
    #[error("{0}")]
    Damaged(String),
    /// It can't be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What is known of a file besides that it exists.
///
/// # Errors
/// [`StoreError`].
pub async fn details(
    engine: &Engine,
    account: &AccountId,
    record: &AssetRecord,
) -> Result<AssetDetails, StoreError> {
    let known = engine.store().asset_details(account, &[record.id]).await?;
    let known = known.into_iter().next().map(|(_, details)| details);
    Ok(known.unwrap_or_else(|| plain(record.id, record.vault)))
}

/// A file as it was put, or the part of it that is asked for.
///
/// # Errors
/// [`NoContent`].
pub async fn content(
    engine: &Engine,
    account: &AccountId,
    record: &AssetRecord,
    details: &AssetDetails,
    asked: Asked<'_>,
) -> Result<Response, NoContent> {
    let object = object(record, account)?;
    let tag = tag(details.sha256.as_ref().map(|sum| hex(sum)), &object)?;
    if reply::knows(asked.headers, &tag) {
        return Ok(with_tag(StatusCode::NOT_MODIFIED.into_response(), tag));
    }
    let part = match part(asked, &tag, record.bytes) {
        Wanted::Whole => None,
        Wanted::Part(part) => Some(part),
        Wanted::Unsatisfiable => return Err(NoContent::Unsatisfiable(record.bytes)),
    };
    let content = engine.vault().read(&object, part.clone()).await?;
    if content.size != record.bytes {
        let (found, noted) = (content.size, record.bytes);
        return Err(NoContent::Damaged(format!("{object} has {found} bytes, not {noted}")));
    }
    let shown = asked.inline && media::may_be_shown(&details.media_type);
    let disposition = if shown { inline(&details.name) } else { attachment(&details.name) };
    let mut response = Body::from_stream(content.bytes).into_response();
    let length = content.range.end.saturating_sub(content.range.start);
    if part.is_some() {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let last = content.range.end.saturating_sub(1);
        let said = format!("bytes {}-{last}/{}", content.range.start, content.size);
        set(response.headers_mut(), CONTENT_RANGE, &said);
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOXED));
    set(headers, CONTENT_TYPE, &details.media_type);
    set(headers, CONTENT_DISPOSITION, &disposition);
    Ok(with_tag(response, tag))
}

/// A small picture of a picture.
///
/// # Errors
/// [`NoContent`].
pub async fn thumbnail(
    engine: &Engine,
    account: &AccountId,
    record: &AssetRecord,
    details: &AssetDetails,
    headers: &HeaderMap,
) -> Result<Response, NoContent> {
    let object = object(record, account)?;
    if !details.thumbnail {
        return Err(NoContent::NoThumbnail);
    }
    let tag = tag(None, &object)?;
    if reply::knows(headers, &tag) {
        return Ok(with_tag(StatusCode::NOT_MODIFIED.into_response(), tag));
    }
    let thumbnail = match engine.vault().thumbnail(&object).await {
        Err(VaultError::Missing(_)) => return Err(NoContent::NoThumbnail),
        thumbnail => thumbnail?,
    };
    let mut response = Bytes::into_response(thumbnail.bytes);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(thumbnail.media_type));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOXED));
    Ok(with_tag(response, tag))
}

/// The object of a file that is here.
fn object(record: &AssetRecord, account: &AccountId) -> Result<ObjectName, NoContent> {
    let asset = record.id;
    if record.is_external() {
        return Err(NoContent::External(asset));
    }
    let attempt = record.attempt().ok_or(NoContent::NotUploaded(asset))?;
    Ok(ObjectName::new(account, record.vault, asset, attempt))
}

/// Which part is asked for. A part of another content than the caller has a part of is no use to it.
fn part(asked: Asked<'_>, tag: &HeaderValue, size: u64) -> Wanted {
    let Asked { method, headers, .. } = asked;
    let same = headers.get(IF_RANGE).is_none_or(|known| known == tag);
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    match range {
        Some(range) if same && *method == Method::GET => wanted(range, size),
        _ => Wanted::Whole,
    }
}

/// A content never changes, so any name of it is a strong tag.
fn tag(sum: Option<String>, object: &ObjectName) -> Result<HeaderValue, NoContent> {
    let name = sum.unwrap_or_else(|| format!("{}-{:016x}", object.asset, object.attempt));
    let untaggable = "the name of an object can't be a tag".to_owned();
    HeaderValue::try_from(format!("\"{name}\"")).map_err(|_| NoContent::Damaged(untaggable))
}

fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

/// It may be kept by the caller alone, and is asked about each time: it may have been deleted.
fn with_tag(mut response: Response, tag: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(ETAG, tag);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
