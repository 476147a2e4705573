//! What people see: the customer's billing pages, rendered here and live with a little script.
//!
//! **Architecture invariant:** this crate knows the engine and no adapter, and decides no rule. A page
//! is one read of the account; every figure on it comes from there or is computed by the core. A form
//! becomes a command of the core, with the customer as its actor.
//!
//! **Architecture invariant:** all pages work without script. Everything that anybody else wrote (names,
//! plans, reasons) is escaped text in an element that isolates its direction. Nothing comes from another
//! origin, and no script or style stands in a page.
//!
//! A page is a file in `customer/`, named like its URL, and a template of the same name.

mod charts;
mod customer;
mod page;
pub mod playground;
mod pricing;
mod session;
mod state;
mod widget;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use tower_http::catch_panic::CatchPanicLayer;

pub use state::{Config, Portal};

/// The largest form, in bytes.
const FORM_LIMIT: usize = 64 * 1_024;

/// All pages over a running engine: `/portal…`, `/pricing`, `/widget…` and `/static…`.
pub fn router(portal: &Portal) -> Router {
    let pages = Router::new()
        .merge(session::routes())
        .merge(customer::routes())
        .merge(pricing::routes())
        .merge(widget::routes(portal))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(CatchPanicLayer::custom(page::outermost::panicked))
        .layer(from_fn_with_state(portal.clone(), page::outermost::run))
        .with_state(portal.clone());
    pages.merge(page::assets::routes())
}
