//! Requests to the API.
//!
//! An input is a few requests, each a line `METHOD PATH`, perhaps with an idempotency key behind, and a
//! body in the lines below, up to a line `---`.

use axum::body::Body;
use axum::response::Response;
use http::{Request, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::office::{KEY, Office, block_on};

const MOST_REQUESTS: usize = 12;

/// What every account can be asked from; the input goes on from here.
const BEFORE: &[(&str, &str)] = &[
    ("/v1/accounts", r#"{"id": "a"}"#),
    ("/v1/accounts/a/payment_methods", r#"{"token": "pm_card_visa"}"#),
    ("/v1/accounts/a/subscription", r#"{"plan": "professional", "interval": "month"}"#),
];

/// Nothing that is asked is the server's fault: there is no 5xx, what is refused is a problem document,
/// and afterwards the books are right.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    block_on(async {
        let office = Office::open().await;
        for (path, body) in BEFORE {
            office.post(path, body).await;
        }
        for part in text.split("\n---\n").take(MOST_REQUESTS) {
            let (first, body) = part.split_once('\n').unwrap_or((part, ""));
            let mut words = first.split(' ');
            let (Some(method), Some(path)) = (words.next(), words.next()) else {
                continue;
            };
            let request = Request::builder().method(method).uri(path);
            let request = match words.next() {
                Some(key) => request.header("idempotency-key", key),
                None => request,
            };
            ask(&office, request, body.to_owned()).await;
        }
        office.close().await;
    });
}

async fn ask(office: &Office, request: http::request::Builder, body: String) {
    let request = request
        .header(header::AUTHORIZATION, format!("Bearer {KEY}"))
        .header(header::CONTENT_TYPE, "application/json");
    // What is no request at all doesn't come as far as here.
    let Ok(request) = request.body(Body::from(body)) else {
        return;
    };
    if !request.uri().path().starts_with('/') {
        return;
    }
    let what = format!("{} {}", request.method(), request.uri());
    let head = request.method() == http::Method::HEAD;
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
