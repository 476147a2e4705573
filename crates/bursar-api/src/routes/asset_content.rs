//! `/v1/accounts/{id}/assets/{asset}/content` and `…/thumbnail`

use axum::extract::{RawQuery, Request, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::assets::find;
use crate::content::{self, Asked, NoContent, content, details};
use crate::extract::AssetPath;
use crate::middleware::auth::Caller;
use crate::problem::{Code, Problem};
use crate::reply;
use crate::state::ApiState;
use crate::upload::Upload;
use crate::wire::asset::{self, AssetChanged};
use crate::wire::file::File;

/// Put the content of a file
///
/// The body is the content itself, of at most the declared size. The file is stored when the reply comes;
/// a smaller content gives back what it didn't need. The Content-Type is not looked at: what was declared
/// counts, and the content must not contradict it.
#[utoipa::path(put, path = "/v1/accounts/{id}/assets/{asset}/content", tag = "vault",
    operation_id = "put_asset_content",
    request_body(content = inline(File), content_type = "application/octet-stream"),
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
        (status = 200, description = "The content", body = inline(File), content_type = "*/*"),
        (status = 206, description = "The part", body = inline(File), content_type = "*/*"),
        (status = 304, description = "The caller has it already")))]
pub(crate) async fn get(
    State(api): State<ApiState>,
    AssetPath(id, asset): AssetPath,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Problem> {
    let inline = is_inline(query.as_deref())?;
    let record = find(&api, &id, asset).await?;
    let details = details(api.engine(), &id, &record).await?;
    let asked = Asked { method: request.method(), headers: request.headers(), inline };
    match content(api.engine(), &id, &record, &details, asked).await {
        Err(NoContent::Unsatisfiable(size)) => Ok(unsatisfiable(size)),
        served => Ok(served?),
    }
}

/// Read the thumbnail of a file
///
/// A small picture of a picture, at most 320 pixels wide and high.
#[utoipa::path(get, path = "/v1/accounts/{id}/assets/{asset}/thumbnail", tag = "vault",
    operation_id = "get_asset_thumbnail",
    responses(
        (status = 200, description = "The picture; WebP if it has transparency",
            content((inline(File) = "image/jpeg"), (inline(File) = "image/webp"))),
        (status = 304, description = "The caller has it already")))]
pub(crate) async fn thumbnail(
    State(api): State<ApiState>,
    AssetPath(id, asset): AssetPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let record = find(&api, &id, asset).await?;
    let details = details(api.engine(), &id, &record).await?;
    Ok(content::thumbnail(api.engine(), &id, &record, &details, &headers).await?)
}

impl From<NoContent> for Problem {
    fn from(why: NoContent) -> Self {
        match why {
            NoContent::External(asset) => {
                let detail = format!("The content of {asset} is kept by the app, and not here.");
                Self::new(Code::AssetExternal, detail)
            }
            NoContent::NotUploaded(asset) => {
                let detail = format!("The content of {asset} has not been uploaded yet.");
                Self::new(Code::AssetNotUploaded, detail).fix("PUT it at the same address.")
            }
            NoContent::Unsatisfiable(size) => {
                let detail = format!("The file has {size} bytes, and the range begins after them.");
                Self::new(Code::RangeNotSatisfiable, detail)
            }
            NoContent::NoThumbnail => {
                Self::new(Code::ThumbnailNotFound, "The file has no thumbnail.")
            }
            NoContent::Damaged(what) => Self::internal(&what),
            NoContent::Vault(error) => error.into(),
        }
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

fn unsatisfiable(size: u64) -> Response {
    let mut response = Problem::from(NoContent::Unsatisfiable(size)).into_response();
    if let Ok(said) = HeaderValue::try_from(format!("bytes */{size}")) {
        response.headers_mut().insert(CONTENT_RANGE, said);
    }
    response
}
