//! `/v1/accounts/{id}/statement`

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::execute::view;
use crate::extract::AccountPath;
use crate::page::{Cursor, PageQuery};
use crate::problem::Problem;
use crate::reply;
use crate::state::ApiState;
use crate::wire::statement::LineView;

/// Movements, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct StatementPage {
    /// The movements.
    data: Vec<LineView>,
    /// What to pass as `after` for the next page; null on the last.
    next: Option<String>,
}

/// List every movement of credits
///
/// Newest first, each with the balance after it and the caller's reason or reference.
#[utoipa::path(get, path = "/v1/accounts/{id}/statement", tag = "balance",
    operation_id = "list_statement", params(crate::page::PageParams),
    responses((status = 200, description = "Movements, newest first", body = StatementPage)))]
pub(crate) async fn list(
    State(api): State<ApiState>,
    AccountPath(id): AccountPath,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let PageQuery { limit, after } = PageQuery::parse(query.as_deref())?;
    let before = after.map(|cursor| cursor.version()).transpose()?;
    view(&api, &id).await?;
    // One more than asked for tells whether there is another page.
    let mut rows = api.engine().statement(&id, before, limit.saturating_add(1)).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| Cursor::of_version(row.version));
    let data = rows.into_iter().map(LineView::from).collect();
    Ok(reply::json(StatusCode::OK, &StatementPage { data, next }))
}
