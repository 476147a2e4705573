//! The customer's pages: one file each, named like its URL.

mod action;
mod activity;
mod bill;
mod billing_details;
mod cancel;
mod credits;
mod invoices;
mod live;
mod methods;
mod movements;
mod overview;
mod past_due;
mod payment;
mod plan;
mod refusal;
mod storage;
mod usage;
mod waiting;

use axum::Router;
use axum::routing::{any, get, post};

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
        .route("/portal/invoices/{invoice}", get(invoices::pdf::download))
        .route("/portal/live", get(live::follow))
        .merge(changing())
        .route("/portal/{*rest}", any(nowhere))
}

/// The pages that change something.
fn changing() -> Router<Portal> {
    Router::new()
        .route("/portal/credits", get(credits::show).post(credits::pay))
        .route("/portal/credits/auto-top-up", post(credits::auto::set))
        .route("/portal/credits/auto-top-up/off", post(credits::auto::off))
        .route("/portal/payments/{payment}", get(payment::show))
        .route("/portal/plan", get(plan::show).post(plan::confirm::confirm))
        .route("/portal/plan/preview", get(plan::preview::show))
        .route("/portal/plan/undo", post(plan::undo))
        .route("/portal/cancel", get(cancel::show).post(cancel::cancel))
        .route("/portal/resume", post(cancel::resume))
        .route("/portal/billing-details", get(billing_details::show).post(billing_details::set))
        .route("/portal/past-due", get(past_due::show))
        .route("/portal/invoices/{id}/pay", post(past_due::pay))
        .route("/portal/storage", get(storage::show))
        .route("/portal/storage/delete", post(storage::delete))
        .route("/portal/storage/{asset}/content", get(storage::file::download))
        .route("/portal/storage/{asset}/thumbnail", get(storage::file::thumbnail))
        .route("/portal/export", get(storage::export::download))
        .route("/portal/payment-methods", get(methods::show))
        .route("/portal/payment-methods/add", post(methods::add))
        .route("/portal/payment-methods/added", get(methods::added))
        .route("/portal/payment-methods/default", post(methods::set_default))
        .route("/portal/payment-methods/remove", post(methods::remove))
}

/// A page, too, where the API would answer in JSON.
async fn nowhere() -> PageProblem {
    PageProblem::not_found("page")
}
