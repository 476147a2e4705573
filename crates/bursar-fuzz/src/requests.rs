//! Requests to the API, as a [script](crate::script).

use axum::response::Response;
use http::{Method, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::office::{KEY, Office, block_on};
use crate::script::{self, Line};

/// Nothing that is asked is the server's fault: there is no 5xx, what is refused is a problem document,
/// and afterwards the books are right.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    block_on(async {
        let office = Office::open().await;
        let named = office.furnish().await;
        for line in script::read(text, &named) {
            ask(&office, line).await;
        }
        office.close().await;
    });
}

async fn ask(office: &Office, Line { request, body }: Line) {
    let given = request.headers_ref().cloned().unwrap_or_default();
    let mut request = request;
    if !given.contains_key(header::AUTHORIZATION) {
        request = request.header(header::AUTHORIZATION, format!("Bearer {KEY}"));
    }
    if !given.contains_key(header::CONTENT_TYPE) {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    let Ok(request) = request.body(axum::body::Body::from(body)) else {
        return;
    };
    let what = format!("{} {}", request.method(), request.uri());
    let head = request.method() == Method::HEAD;
    let Ok(response) = office.router.clone().oneshot(request).await;
    let status = response.status();
    assert!(!status.is_server_error(), "{what}: {status}");
    if status.is_client_error() && !head {
        check_problem(&what, response).await;
    } else if kind(&response) == "application/json" {
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        let read: Result<Value, _> = serde_json::from_slice(&body);
        assert!(head || read.is_ok(), "{what}: no JSON");
    }
}

fn kind(response: &Response) -> String {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned()
}

async fn check_problem(what: &str, response: Response) {
    let (status, kind) = (response.status(), kind(&response));
    assert_eq!(kind, "application/problem+json", "{what}: {status}");
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    let problem: Value = serde_json::from_slice(&body).expect("JSON");
    for field in ["type", "title", "code"] {
        assert!(problem.get(field).is_some_and(Value::is_string), "{what}: no {field}: {problem}");
    }
    assert_eq!(problem.get("status"), Some(&Value::from(status.as_u16())), "{what}");
}
