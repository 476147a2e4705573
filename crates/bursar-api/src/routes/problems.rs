//! `/problems`: a page for each kind of problem, where its `type` points.

use axum::extract::Path;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::problem::{self, Code, Problem};

const STYLE: &str = include_str!("../../assets/problems.css");

/// List all kinds of problems
#[utoipa::path(get, path = "/problems", tag = "operations", operation_id = "list_problems",
    responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub(crate) async fn list() -> Response {
    let row = |code: &Code| {
        format!(
            "<tr><td>{status}</td><td><a href=\"{address}\"><code>{code}</code></a></td><td>{title}\
             </td></tr>\n",
            status = code.status().as_u16(),
            address = problem::page(*code),
            code = code.as_str(),
            title = code.title(),
        )
    };
    let rows: String = Code::ALL.iter().map(row).collect();
    page(
        "Problems",
        &format!(
            "<p>Every refusal is <code>application/problem+json</code> with one of these codes.</p>\n\
             <table>\n<thead><tr><th scope=\"col\">Status</th><th scope=\"col\">Code</th>\
             <th scope=\"col\">Title</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>"
        ),
    )
}

/// Explain a kind of problem
#[utoipa::path(get, path = "/problems/{code}", tag = "operations", operation_id = "get_problem",
    responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub(crate) async fn show(Path(code): Path<String>) -> Result<Response, Problem> {
    let missing = || Problem::new(Code::RouteNotFound, "There is no problem of this code.");
    let code = Code::named(&code).ok_or_else(missing)?;
    Ok(page(
        code.title(),
        &format!(
            "<p><code>{}</code>, status {}</p>\n<p>{}</p>\n<p><a href=\"/problems\">All problems</a>\
             </p>",
            code.as_str(),
            code.status(),
            code.meaning(),
        ),
    ))
}

/// A page of ours. Everything in it is fixed text of the table, so nothing has to be escaped.
fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · Bursar</title>\n<link rel=\"stylesheet\" href=\"/problems.css\">\n</head>\n\
         <body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    );
    let mut response = html.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    let policy = "default-src 'none'; style-src 'self'; frame-ancestors 'none'";
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

/// The look of the pages.
pub(crate) async fn style() -> Response {
    let mut response = STYLE.into_response();
    let media_type = HeaderValue::from_static("text/css; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}
