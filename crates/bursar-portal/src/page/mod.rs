//! What all pages have in common: layout, words, figures, errors, files.

pub(crate) mod assets;
pub(crate) mod banner;
pub(crate) mod names;
pub(crate) mod outermost;
pub(crate) mod problem;
pub(crate) mod shell;
pub(crate) mod words;

use askama::Template;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};

use problem::PageProblem;

/// A page.
pub(crate) fn html<T: Template>(template: &T) -> Result<Response, PageProblem> {
    html_as(StatusCode::OK, template)
}

/// A page with another status than 200.
pub(crate) fn html_as<T: Template>(
    status: StatusCode,
    template: &T,
) -> Result<Response, PageProblem> {
    let text = template.render().map_err(|error| PageProblem::defect(&error))?;
    let mut response = (status, text).into_response();
    let media_type = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    Ok(response)
}

/// Go there, with a GET.
pub(crate) fn see_other(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(to) = HeaderValue::try_from(to) {
        response.headers_mut().insert(LOCATION, to);
    }
    response
}
