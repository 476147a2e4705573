//! `/v1/catalog`

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;

use crate::problem::Problem;
use crate::reply;
use crate::state::ApiState;
use crate::wire::catalog::CatalogView;

/// Show the catalog
///
/// Plans, packs, features, policies, and the rate card with the ranges that follow from it.
#[utoipa::path(get, path = "/v1/catalog", tag = "catalog", operation_id = "get_catalog",
    responses((status = 200, description = "The catalog in force", body = CatalogView)))]
pub(crate) async fn show(
    State(api): State<ApiState>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let version = api.engine().catalog().version;
    let tag = HeaderValue::try_from(format!("\"{version}\""))
        .map_err(|_| Problem::internal("a catalog's version is no header"))?;
    let body = api.catalog_json();
    Ok(reply::bytes_unless_known(&headers, tag, "application/json", body))
}
