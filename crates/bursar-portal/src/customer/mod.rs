//! The customer's pages: one file each, named like its URL.

mod activity;
mod invoices;
mod live;
mod movements;
mod overview;
mod usage;

use axum::Router;
use axum::routing::{any, get};

use crate::page::problem::PageProblem;
use crate::state::Portal;

/// Everything below `/portal` but the ways in and out.
pub(crate) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal", get(overview::show))
        .route("/portal/usage", get(usage::show))
        .route("/portal/usage.csv", get(usage::csv::download))
        .route("/portal/usage/receipts/{spend}", get(usage::receipt::show))
        .route("/portal/invoices", get(invoices::show))
        .route("/portal/invoices/{id}", get(invoices::pdf::download))
        .route("/portal/live", get(live::follow))
        .route("/portal/{*rest}", any(nowhere))
}

/// A page, too, where the API would answer in JSON.
async fn nowhere() -> PageProblem {
    PageProblem::not_found("page")
}
