//! `/v1/accounts/{id}/storage` and `/v1/accounts/{id}/purge_certificates`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_store::{AssetFilter, AssetOrder};
use serde::Serialize;
use utoipa::ToSchema;

use super::assets::views;
use crate::execute::view;
use crate::extract::AccountPath;
use crate::problem::Problem;
use crate::reply;
use crate::state::ApiState;
use crate::wire::storage::{CertificateView, StorageView};

/// How many of the largest files are shown.
const LARGEST: usize = 10;

/// The purge certificates of an account, oldest first.
#[derive(Debug, Serialize, ToSchema)]
struct PurgeCertificates {
    /// The certificates.
    data: Vec<CertificateView>,
    /// Always null: there is one for each time that an account's files were given up.
    next: Option<String>,
}

/// Show the storage
///
/// How full it is, of what, and what takes the most room.
#[utoipa::path(get, path = "/v1/accounts/{id}/storage", tag = "vault",
    operation_id = "get_storage",
    responses((status = 200, description = "The storage", body = StorageView)))]
pub(crate) async fn show(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
) -> Result<Response, Problem> {
    let account = view(&api, &id).await?.account;
    let filter = AssetFilter { vault: account.storage.vault, kind: None, stored_only: true };
    let store = api.engine().store();
    let rows = store.assets(&id, filter, AssetOrder::Largest, None, LARGEST).await?;
    let largest = views(&api, &id, rows).await?;
    let view = StorageView::of(&account, api.engine().catalog(), largest);
    Ok(reply::json(StatusCode::OK, &view))
}

/// List purge certificates
///
/// A while after the end of a subscription all files are deleted. When nothing of them is left, neither
/// contents nor names, that is certified.
#[utoipa::path(get, path = "/v1/accounts/{id}/purge_certificates", tag = "vault",
    operation_id = "list_purge_certificates",
    responses((status = 200, description = "The certificates", body = PurgeCertificates)))]
pub(crate) async fn certificates(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
) -> Result<Response, Problem> {
    let account = view(&api, &id).await?.account;
    let data = account.storage.certificates.iter().map(CertificateView::from).collect();
    Ok(reply::json(StatusCode::OK, &PurgeCertificates { data, next: None }))
}
