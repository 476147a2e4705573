//! `/portal/export`: all files as one archive, as long as there are any.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bursar_api::archive::archive;
use futures::StreamExt;

use crate::page::problem::PageProblem;
use crate::session::Customer;
use crate::state::Portal;

/// The archive, written while it is read.
pub(in crate::customer) async fn download(
    State(portal): State<Portal>,
    customer: Customer,
) -> Result<Response, PageProblem> {
    let Some(place) = portal.export_place() else {
        return Err(PageProblem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Try again in a moment",
            "Many people are downloading their files just now.",
        )
        .leading("Try again", "/portal/storage"));
    };
    let archive = archive(portal.engine(), &customer.visit.account).await?;
    let archive = archive.ok_or_else(|| PageProblem::not_found("such account"))?;
    let bytes = archive.bytes.inspect(move |piece| {
        // Somebody else's turn when it is over, or when nobody reads it any more.
        let _ = &place;
        if let Err(error) = piece {
            tracing::error!(%error, "an archive broke off");
        }
    });
    let mut response = Body::from_stream(bytes).into_response();
    let name = format!("attachment; filename=\"{}\"", archive.file_name);
    let name = HeaderValue::try_from(name).map_err(|error| PageProblem::defect(&error))?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(CONTENT_DISPOSITION, name);
    Ok(response)
}
