//! `/v1/accounts/{id}/invoices/{invoice}.pdf`

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bursar_core::id::AccountId;
use bursar_documents::render;
use bursar_store::DocumentRow;
use utoipa::openapi::path::Paths;

use crate::documents::{self, PageError};
use crate::execute::view;
use crate::openapi::{self, Call};
use crate::problem::{Code, Problem};
use crate::state::ApiState;
use crate::wire::file::File;

/// Download an invoice or a credit note
///
/// As PDF/A-3 with the EN 16931 XML attached; its name is the legal number. The same bytes each time,
/// unless its state of payment changes or the customer's details are erased.
#[utoipa::path(get, path = "/v1/accounts/{id}/invoices/{invoice}.pdf", tag = "payments",
    operation_id = "get_invoice_pdf",
    responses((status = 200, description = "The file", body = inline(File),
        content_type = "application/pdf")))]
#[allow(
    dead_code,
    reason = "it is the document's; a route can't have a suffix, so `show` serves it"
)]
fn download() {}

/// The documentation of the address, which `routes::invoices::show` serves.
pub(super) fn documentation(codes: &[Code]) -> Paths {
    let mut paths = Paths::new();
    paths.add_path_operation(
        <__path_download as utoipa::Path>::path(),
        <__path_download as utoipa::Path>::methods(),
        <__path_download as utoipa::Path>::operation(),
    );
    openapi::complete(&mut paths, Some(bursar_engine::access::Scope::Read), Call::Read, codes);
    paths
}

/// A document as a file.
pub(super) async fn file(
    api: &ApiState,
    account: &AccountId,
    row: DocumentRow,
) -> Result<Response, Problem> {
    let record = row.record;
    let state = view(api, account).await?.account;
    let catalog = api.catalog_of(record.catalog).await?;
    let store = &**api.engine().store();
    let document = documents::page(store, &state, &record, &catalog).await?;
    // Laying out and drawing takes a while, which must not keep other requests waiting.
    let drawn = tokio::task::spawn_blocking(move || render(&document)).await;
    let bytes = match drawn {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(Problem::internal(&error.to_string())),
        Err(error) => return Err(Problem::internal(&error.to_string())),
    };
    let mut response = bytes.into_response();
    let name = format!("attachment; filename=\"{}.pdf\"", record.number);
    let name = HeaderValue::try_from(name)
        .map_err(|_| Problem::internal("a legal number can't be the name of a file"))?;
    let media_type = HeaderValue::from_static("application/pdf");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response.headers_mut().insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

impl From<PageError> for Problem {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Store(error) => error.into(),
            other => Self::internal(&other.to_string()),
        }
    }
}
