//! `/portal/invoices/{id}.pdf`: a document as a file.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bursar_api::documents::{self, PageError};
use bursar_core::id::DocumentId;
use bursar_documents::render;

use crate::page::problem::PageProblem;
use crate::session::Customer;
use crate::state::Portal;

/// The file, named by its legal number.
pub(in crate::customer) async fn download(
    State(portal): State<Portal>,
    customer: Customer,
    Path(file): Path<String>,
) -> Result<Response, PageProblem> {
    let missing =
        || PageProblem::not_found("such document").leading("Billing history", "/portal/invoices");
    let id = file.strip_suffix(".pdf").ok_or_else(missing)?;
    let id: DocumentId = id.parse().map_err(|_| missing())?;
    let account = customer.account();
    let store = &**portal.engine().store();
    let record = store.document(&account.id, id).await?.ok_or_else(missing)?.record;
    let catalog = match portal.catalog() {
        present if present.version == record.catalog => Arc::clone(present),
        _ => documents::catalog_of(store, record.catalog).await?,
    };
    let document = documents::page(store, account, &record, &catalog).await?;
    // Laying out and drawing takes a while, which must not keep other requests waiting.
    let drawn = tokio::task::spawn_blocking(move || render(&document)).await;
    let drawn = drawn.map_err(|error| PageProblem::defect(&error))?;
    let mut response = drawn.map_err(|error| PageProblem::defect(&error))?.into_response();
    let name = format!("attachment; filename=\"{}.pdf\"", record.number);
    let name = HeaderValue::try_from(name).map_err(|error| PageProblem::defect(&error))?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    headers.insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

impl From<PageError> for PageProblem {
    fn from(error: PageError) -> Self {
        match error {
            PageError::Store(error) => error.into(),
            other => Self::defect(&other),
        }
    }
}
