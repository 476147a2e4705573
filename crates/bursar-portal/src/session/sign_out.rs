//! `/portal/sign-out`

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};

use super::cookie;
use super::form::Submission;
use crate::page::problem::PageProblem;
use crate::state::Portal;

/// Ends the session.
pub(super) async fn sign_out(
    State(portal): State<Portal>,
    Submission { customer, .. }: Submission,
) -> Result<Response, PageProblem> {
    portal.engine().visits().leave(&customer.token).await?;
    let problem =
        PageProblem::new(StatusCode::OK, "You have signed out", "Open billing again from the app.");
    let problem = match customer.visit.return_url {
        Some(url) => problem.leading("Back to the app", url),
        None => problem,
    };
    let mut response = problem.into_response();
    response.headers_mut().insert(SET_COOKIE, cookie::drop(portal.config()));
    Ok(response)
}
