//! Who is at the other end: links that let in, cookies, forms that are really ours, notes for the next
//! page.

mod cookie;
pub(crate) mod customer;
mod enter;
pub(crate) mod entering;
pub(crate) mod form;
pub(crate) mod note;
mod sign_out;

use axum::Router;
use axum::routing::{get, post};

use crate::state::Portal;

pub(crate) use customer::Customer;
pub(crate) use form::Submission;
pub(crate) use note::Note;

/// The ways in and out.
pub(crate) fn routes() -> Router<Portal> {
    Router::new()
        .route("/portal/enter", get(enter::enter))
        .route("/portal/sign-out", post(sign_out::sign_out))
}
