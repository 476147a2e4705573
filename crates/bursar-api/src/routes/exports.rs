//! `/v1/accounts/{id}/exports`

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bursar_core::rejection::{AccountRejection, Rejection};
use futures::StreamExt;

use crate::archive::archive;
use crate::disposition::attachment;
use crate::extract::{AccountPath, Body};
use crate::problem::{Code, Problem};
use crate::state::ApiState;
use crate::wire::file::File;

/// How soon to come again when too many archives are being written.
const COME_AGAIN_SECONDS: u64 = 10;

/// Export all files
///
/// Answers with a zip archive of everything in the account's vault: a folder per kind, and at the end
/// `manifest.json` with the name, type, size, time and checksum of each file, also of external ones. Works
/// during the retention after a subscription. If a file can't be read, the reply breaks off: an archive with
/// its manifest is a whole one.
#[utoipa::path(post, path = "/v1/accounts/{id}/exports", tag = "vault",
    operation_id = "export_assets",
    responses((status = 200, description = "The archive", body = inline(File),
        content_type = "application/zip")))]
pub(crate) async fn create(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
    body: Body,
) -> Result<Response, Problem> {
    body.fields()?.finish()?;
    let Some(place) = api.export_place() else {
        return Err(Problem::new(
            Code::RateLimited,
            "As many archives are being written as this server writes at once.",
        )
        .fix("Come again in a moment.")
        .with(|members| members.retry_after_seconds = Some(COME_AGAIN_SECONDS)));
    };
    let missing = || Problem::from(Rejection::from(AccountRejection::NotFound));
    let archive = archive(api.engine(), &id).await?.ok_or_else(missing)?;
    let bytes = archive.bytes.inspect(move |piece| {
        // Somebody else's turn when it is over, or when nobody reads it any more.
        let _ = &place;
        if let Err(error) = piece {
            tracing::error!(%error, "an archive broke off");
        }
    });
    let mut response = axum::body::Body::from_stream(bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    let name = HeaderValue::try_from(attachment(&archive.file_name));
    let name = name.map_err(|_| Problem::internal("an archive has no name"))?;
    headers.insert(CONTENT_DISPOSITION, name);
    Ok(response)
}
