//! The customer's pages: one file each, named like its URL.

mod activity;
mod live;
mod movements;
mod overview;

use axum::Router;
use axum::routing::{any, get};

use crate::page::problem::PageProblem;
use crate::state::Portal;

/// Everything below `/portal` but the ways in and out.
pub(crate) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal", get(overview::show))
        .route("/portal/live", get(live::follow))
        .route("/portal/{*rest}", any(nowhere))
}

/// A page, too, where the API would answer in JSON.
async fn nowhere() -> PageProblem {
    PageProblem::not_found("page")
}
