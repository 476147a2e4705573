//! `/v1/accounts/{id}/assets/{asset}/content` and `…/thumbnail`

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, Request, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH,
    CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bursar_core::account::storage::record::AssetRecord;
use bursar_core::id::AccountId;
use bursar_vault::range::{Wanted, wanted};
use bursar_vault::{ObjectName, VaultError, media};

use super::assets::find;
use crate::disposition::{attachment, inline};
use crate::extract::AssetPath;
use crate::middleware::auth::Caller;
use crate::problem::{Code, Problem};
use crate::reply;
use crate::state::ApiState;
use crate::upload::{Upload, details};
use crate::wire::asset::{self, AssetChanged, hex};

/// Nothing that is stored here may run in a browser, whatever it says it is.
const SANDBOXED: &str = "sandbox; default-src 'none'";

/// Put the content of a file
///
/// The body is the content itself, of at most the declared size. The file is stored when the reply comes;
/// a smaller content gives back what it didn't need. The Content-Type is not looked at: what was declared
/// counts, and the content must not contradict it.
#[utoipa::path(put, path = "/v1/accounts/{id}/assets/{asset}/content", tag = "vault",
    operation_id = "put_asset_content",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "The file", body = AssetChanged)))]
pub(crate) async fn put(
    State(api): State<ApiState>,
    caller: Caller,
    AssetPath(id, asset): AssetPath,
    request: Request,
) -> Result<Response, Problem> {
    check_headers(request.headers())?;
    let upload = Upload::begin(&api, id, asset).await?;
    upload.check_size(announced(request.headers()))?;
    let (committed, details) = upload.run(&api, &caller, request.into_body()).await?;
    reply::changed(StatusCode::OK, &committed, asset::changed(&committed.entry, details))
}

/// What would make the body something else than the content.
fn check_headers(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(CONTENT_RANGE) {
        let detail = "A content can't be put in parts.";
        let problem = Problem::new(Code::MalformedRequest, detail);
        return Err(problem.fix("Leave out Content-Range, and send the whole content."));
    }
    let encoding = headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
        let detail = "The content is sent as it is, and not encoded.";
        let problem = Problem::new(Code::UnsupportedMediaType, detail);
        return Err(problem.fix("Leave out Content-Encoding."));
    }
    Ok(())
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Read the content of a file
///
/// As it was put, or a part of it (`Range: bytes=0-499`). Saved as a file by browsers, unless `?inline` is
/// given and it is a PNG, JPEG, GIF, WebP, AVIF, MP4 or WebM. Takes the scope that stores files: a key that
/// only reads sees what there is, and not what is in it.
#[utoipa::path(get, path = "/v1/accounts/{id}/assets/{asset}/content", tag = "vault",
    operation_id = "get_asset_content",
    params(("inline" = Option<bool>, Query, description = "Let a browser show it in a page."),
        ("Range" = Option<String>, Header, description = "One part of it.", example = "bytes=0-499")),
    responses(
        (status = 200, description = "The content", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The part", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "The caller has it already")))]
pub(crate) async fn get(
    State(api): State<ApiState>,
    AssetPath(id, asset): AssetPath,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let shown = is_inline(query.as_deref())?;
    let record = find(&api, &id, asset).await?;
    let object = object(&record, &id)?;
    let details = details(&api, &id, &record).await?;
    let tag = tag(details.sha256.as_ref().map(|sum| hex(sum)), &object)?;
    let headers = request.headers();
    if reply::knows(headers, &tag) {
        return Ok(with_tag(StatusCode::NOT_MODIFIED.into_response(), tag));
    }
    let part = match part(request.method(), headers, &tag, record.bytes) {
        Wanted::Whole => None,
        Wanted::Part(part) => Some(part),
        Wanted::Unsatisfiable => return Ok(unsatisfiable(record.bytes)),
    };
    let content = api.engine().vault().read(&object, part.clone()).await?;
    if content.size != record.bytes {
        let (found, noted) = (content.size, record.bytes);
        return Err(Problem::internal(&format!("{object} has {found} bytes, not {noted}")));
    }
    let shown = shown && media::may_be_shown(&details.media_type);
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

/// Read the thumbnail of a file
///
/// A small picture of a picture, at most 320 pixels wide and high.
#[utoipa::path(get, path = "/v1/accounts/{id}/assets/{asset}/thumbnail", tag = "vault",
    operation_id = "get_asset_thumbnail",
    responses(
        (status = 200, description = "The picture", body = Vec<u8>, content_type = "image/jpeg"),
        (status = 304, description = "The caller has it already")))]
pub(crate) async fn thumbnail(
    State(api): State<ApiState>,
    AssetPath(id, asset): AssetPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let record = find(&api, &id, asset).await?;
    let object = object(&record, &id)?;
    let none = || Problem::new(Code::ThumbnailNotFound, "The file has no thumbnail.");
    if !details(&api, &id, &record).await?.thumbnail {
        return Err(none());
    }
    let tag = tag(None, &object)?;
    if reply::knows(&headers, &tag) {
        return Ok(with_tag(StatusCode::NOT_MODIFIED.into_response(), tag));
    }
    let thumbnail = match api.engine().vault().thumbnail(&object).await {
        Err(VaultError::Missing(_)) => return Err(none()),
        thumbnail => thumbnail?,
    };
    let mut response = Bytes::into_response(thumbnail.bytes);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(thumbnail.media_type));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOXED));
    Ok(with_tag(response, tag))
}

/// The object of a file that is here.
fn object(record: &AssetRecord, account: &AccountId) -> Result<ObjectName, Problem> {
    let asset = record.id;
    if record.is_external() {
        let detail = format!("The content of {asset} is kept by the app, and not here.");
        return Err(Problem::new(Code::AssetExternal, detail));
    }
    match record.attempt() {
        Some(attempt) => Ok(ObjectName::new(account, record.vault, asset, attempt)),
        None => Err(Problem::new(
            Code::AssetNotUploaded,
            format!("The content of {asset} has not been uploaded yet."),
        )
        .fix("PUT it at the same address.")),
    }
}

fn is_inline(query: Option<&str>) -> Result<bool, Problem> {
    match query {
        None | Some("" | "inline=false") => Ok(false),
        Some("inline" | "inline=" | "inline=true") => Ok(true),
        Some(_) => {
            let detail = "Unknown query; the one parameter that there is is inline.";
            Err(Problem::invalid("inline", detail))
        }
    }
}

/// Which part is asked for. A part of another content than the caller has a part of is no use to it.
fn part(method: &Method, headers: &HeaderMap, tag: &HeaderValue, size: u64) -> Wanted {
    let same = headers.get(IF_RANGE).is_none_or(|known| known == tag);
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    match range {
        Some(range) if same && *method == Method::GET => wanted(range, size),
        _ => Wanted::Whole,
    }
}

/// A content never changes, so any name of it is a strong tag.
fn tag(sum: Option<String>, object: &ObjectName) -> Result<HeaderValue, Problem> {
    let name = sum.unwrap_or_else(|| format!("{}-{:016x}", object.asset, object.attempt));
    HeaderValue::try_from(format!("\"{name}\""))
        .map_err(|_| Problem::internal("the name of an object can't be a tag"))
}

fn unsatisfiable(size: u64) -> Response {
    let detail = format!("The file has {size} bytes, and the range begins after them.");
    let mut response = Problem::new(Code::RangeNotSatisfiable, detail).into_response();
    set(response.headers_mut(), CONTENT_RANGE, &format!("bytes */{size}"));
    response
}

fn set(headers: &mut HeaderMap, name: axum::http::HeaderName, text: &str) {
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
