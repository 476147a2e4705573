//! Requests to the API, as an app sends them, and what is shown of them.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Response;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method, Request};
use http_body_util::BodyExt;
use serde::Serialize;
use serde_json::Value;
use tower::ServiceExt;

/// What makes a request take effect once.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The headers of a reply that are shown.
const SHOWN: [&str; 5] =
    ["content-type", "location", "retry-after", "idempotency-replayed", "x-request-id"];

/// The API with a key.
#[derive(Clone)]
pub(super) struct Api {
    router: Router,
    key: Arc<str>,
}

/// What is asked.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    /// What for, in words.
    pub(super) about: &'static str,
    pub(super) method: Method,
    /// From `/v1` on.
    pub(super) path: String,
    pub(super) idempotency: Option<String>,
    pub(super) payload: Payload,
}

/// What is sent along.
#[derive(Clone, Debug)]
pub(super) enum Payload {
    Nothing,
    Json(Value),
    File { media_type: &'static str, bytes: Bytes },
}

/// A request with its reply, as it is shown.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Exchange {
    pub(super) about: &'static str,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    /// The JSON that was sent.
    pub(super) body: Option<Value>,
    /// Or how many bytes of a file were.
    pub(super) file_bytes: Option<usize>,
    pub(super) status: u16,
    pub(super) reply_headers: Vec<(String, String)>,
    /// The JSON that came back.
    pub(super) reply: Option<Value>,
    pub(super) took_ms: u64,
}

impl Exchange {
    pub(super) const fn succeeded(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// A field of the reply.
    pub(super) fn told(&self, field: &str) -> Option<&Value> {
        self.reply.as_ref()?.get(field)
    }

    /// A text of the reply; empty if it has none.
    pub(super) fn text(&self, field: &str) -> &str {
        self.told(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// An amount of the reply in words: `1 credit`, `80 credits`.
    pub(super) fn credits(&self, field: &str) -> String {
        let amount = self.told(field).map(Value::to_string).unwrap_or_default();
        let noun = if amount == "1" { "credit" } else { "credits" };
        format!("{amount} {noun}")
    }

    /// The problem in words: what, and what would fix it.
    pub(super) fn problem(&self) -> String {
        let (detail, fix) = (self.text("detail"), self.text("fix"));
        match (detail, fix) {
            ("", _) => format!("The API answered {}.", self.status),
            (detail, "") => detail.to_owned(),
            (detail, fix) => format!("{detail} {fix}"),
        }
    }
}

impl Api {
    pub(super) fn new(router: Router, key: String) -> Self {
        Self { router, key: key.into() }
    }

    /// The key as it may be shown: which one it is, and not what it is.
    pub(super) fn masked_key(&self) -> String {
        let shown: String = self.key.chars().take(12).collect();
        format!("{shown}…")
    }

    /// Sends a request on with the key.
    pub(super) async fn forward(&self, mut request: Request<Body>) -> Response {
        if let Ok(mut value) = HeaderValue::try_from(format!("Bearer {}", self.key)) {
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let router = self.router.clone();
        router.oneshot(request).await.unwrap_or_else(|never| match never {})
    }

    /// Asks, and keeps what was said on both sides.
    pub(super) async fn ask(&self, ask: Ask) -> Exchange {
        let started = Instant::now();
        let Ask { about, method, path, idempotency, payload } = ask;
        let mut headers =
            vec![("Authorization".to_owned(), format!("Bearer {}", self.masked_key()))];
        let mut builder = Request::builder().method(method.clone()).uri(&path);
        if let Some(key) = &idempotency {
            headers.push(("Idempotency-Key".to_owned(), key.clone()));
            builder = builder.header(IDEMPOTENCY_KEY, key);
        }
        let (sent, body, file_bytes) = match payload {
            Payload::Nothing => (Bytes::new(), None, None),
            Payload::Json(json) => {
                headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
                builder = builder.header(CONTENT_TYPE, "application/json");
                (serde_json::to_vec(&json).unwrap_or_default().into(), Some(json), None)
            }
            Payload::File { media_type, bytes } => {
                headers.push(("Content-Type".to_owned(), media_type.to_owned()));
                builder =
                    builder.header(CONTENT_TYPE, media_type).header(CONTENT_LENGTH, bytes.len());
                let length = bytes.len();
                (bytes, None, Some(length))
            }
        };
        let (status, reply_headers, reply) = match builder.body(Body::from(sent)) {
            Ok(request) => read(self.forward(request).await).await,
            // Only a path that is none can do that, and paths are made of checked ids.
            Err(_) => (400, Vec::new(), None),
        };
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let method = method.to_string();
        Exchange {
            about,
            method,
            path,
            headers,
            body,
            file_bytes,
            status,
            reply_headers,
            reply,
            took_ms,
        }
    }
}

async fn read(response: Response) -> (u16, Vec<(String, String)>, Option<Value>) {
    let (parts, body) = response.into_parts();
    let shown = SHOWN.iter().filter_map(|name| {
        let value = parts.headers.get(*name)?.to_str().ok()?;
        Some(((*name).to_owned(), value.to_owned()))
    });
    // A body that breaks off is no JSON either.
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    (parts.status.as_u16(), shown.collect(), serde_json::from_slice(&body).ok())
}
