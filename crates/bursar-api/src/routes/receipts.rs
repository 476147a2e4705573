//! `/v1/accounts/{id}/receipts/{receipt}`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bursar_core::rejection::{Rejection, SpendRejection};

use crate::execute::view;
use crate::extract::SpendPath;
use crate::problem::Problem;
use crate::reply;
use crate::state::ApiState;
use crate::wire::receipt::Receipt;

/// Explain a hold or a charge
///
/// What was asked for, how it was priced, which lots paid, and everything that happened to it with
/// the balance before and after.
#[utoipa::path(get, path = "/v1/accounts/{id}/receipts/{receipt}", tag = "balance",
    operation_id = "get_receipt",
    responses((status = 200, description = "The receipt", body = Receipt)))]
pub(crate) async fn show(
    State(api): State<ApiState>,
    SpendPath(id, spend): SpendPath,
) -> Result<Response, Problem> {
    // Books what fell due, such as the end of the hold.
    view(&api, &id).await?;
    let events = api.engine().spend(&id, spend).await?;
    let missing = || Rejection::from(SpendRejection::NotFound { spend });
    let receipt = Receipt::of(&events, api.engine().catalog()).ok_or_else(missing)?;
    Ok(reply::json(StatusCode::OK, &receipt))
}
