//! `/v1/accounts/{id}/balance`

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::execute::view;
use crate::extract::AccountPath;
use crate::problem::Problem;
use crate::reply;
use crate::state::ApiState;
use crate::wire::balance::Balance;

/// Show the balance
///
/// What can be spent, what is held, and from which lots, in the order in which they are spent.
#[utoipa::path(get, path = "/v1/accounts/{id}/balance", tag = "balance",
    operation_id = "get_balance",
    responses((status = 200, description = "The balance", body = Balance)))]
pub(crate) async fn show(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = view(&api, &id).await?;
    let body = Balance::of(&view.account);
    Ok(reply::unless_known(&headers, reply::version_tag(view.account.version), &body))
}
