//! `/playground/api/…`: the page's way to `/v1/…`, for what is on a list. The key is added here.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH, RANGE};
use http::{HeaderName, Method, Request, StatusCode, Uri};

use super::Playground;
use super::call::IDEMPOTENCY_KEY;
use super::guard::refused;

const PREFIX: &str = "/playground/api/";
/// What is passed on of a request's headers. Nothing that the browser adds for this origin.
const PASSED: [HeaderName; 6] =
    [ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, IDEMPOTENCY_KEY, IF_MATCH, RANGE];

/// What may be asked, `*` standing for an id.
const ALLOWED: [(&str, &str); 45] = [
    ("GET", "catalog"),
    ("POST", "accounts"),
    ("GET", "accounts/*"),
    ("GET", "accounts/*/balance"),
    ("GET", "accounts/*/statement"),
    ("GET", "accounts/*/receipts/*"),
    ("GET", "accounts/*/features/*"),
    ("POST", "accounts/*/quotes"),
    ("GET", "accounts/*/holds"),
    ("POST", "accounts/*/holds"),
    ("POST", "accounts/*/holds/*/capture"),
    ("POST", "accounts/*/holds/*/release"),
    ("POST", "accounts/*/holds/*/extend"),
    ("POST", "accounts/*/charges"),
    ("POST", "accounts/*/charges/*/refund"),
    ("POST", "accounts/*/credits"),
    ("GET", "accounts/*/subscription"),
    ("POST", "accounts/*/subscription"),
    ("POST", "accounts/*/subscription/preview"),
    ("POST", "accounts/*/subscription/cancel"),
    ("POST", "accounts/*/subscription/resume"),
    ("POST", "accounts/*/subscription/refund"),
    ("DELETE", "accounts/*/subscription/scheduled_change"),
    ("GET", "accounts/*/payment_methods"),
    ("POST", "accounts/*/payment_methods"),
    ("POST", "accounts/*/payment_methods/*/default"),
    ("DELETE", "accounts/*/payment_methods/*"),
    ("POST", "accounts/*/topups"),
    ("GET", "accounts/*/auto_topup"),
    ("PUT", "accounts/*/auto_topup"),
    ("GET", "accounts/*/invoices"),
    ("GET", "accounts/*/invoices/*"),
    ("POST", "accounts/*/invoices/*/pay"),
    ("GET", "accounts/*/billing_details"),
    ("PUT", "accounts/*/billing_details"),
    ("GET", "accounts/*/assets"),
    ("POST", "accounts/*/assets"),
    ("GET", "accounts/*/assets/*"),
    ("GET", "accounts/*/assets/*/content"),
    ("GET", "accounts/*/assets/*/thumbnail"),
    ("DELETE", "accounts/*/assets/*"),
    ("POST", "accounts/*/exports"),
    ("GET", "accounts/*/storage"),
    ("POST", "portal_sessions"),
    ("POST", "test_clock/accounts/*/advance"),
];

/// Passes a request on.
pub(super) async fn forward(
    State(playground): State<Playground>,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let Some(uri) = target(&parts.method, &parts.uri) else {
        return refused(
            StatusCode::NOT_FOUND,
            (
                "The playground does not pass this request on.",
                "Send it to the API itself, with a key; /docs lists all that there is.",
            ),
        );
    };
    let mut passed = Request::new(body);
    *passed.method_mut() = parts.method;
    *passed.uri_mut() = uri;
    for name in PASSED {
        if let Some(value) = parts.headers.get(&name) {
            passed.headers_mut().insert(name, value.clone());
        }
    }
    playground.api().forward(passed).await
}

/// Where a request goes; `None` if it may not.
fn target(method: &Method, uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_prefix(PREFIX)?;
    let listed = ALLOWED
        .iter()
        .any(|(allowed, pattern)| method.as_str() == *allowed && is_like(path, pattern));
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    listed.then(|| format!("/v1/{path}{query}").parse().ok())?
}

fn is_like(path: &str, pattern: &str) -> bool {
    let mut segments = path.split('/');
    let fits = pattern.split('/').all(|part| {
        segments.next().is_some_and(|segment| part == segment || part == "*" && is_id(segment))
    });
    fits && segments.next().is_none()
}

/// What ids are made of. Never an escape, nor a step up.
fn is_id(segment: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-.:@".contains(&b);
    !segment.is_empty() && !matches!(segment, "." | "..") && segment.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(method: &str, path: &str, expected: Option<&str>) {
        let uri = format!("{PREFIX}{path}").parse().unwrap();
        let target = target(&method.parse().unwrap(), &uri).map(|uri| uri.to_string());
        assert_eq!(target.as_deref(), expected, "{method} {path}");
    }

    #[test]
    fn what_is_listed_goes_to_the_api() {
        check("GET", "catalog", Some("/v1/catalog"));
        check("GET", "accounts/a:b@c.d-_", Some("/v1/accounts/a:b@c.d-_"));
        check("GET", "accounts/ada/invoices?limit=3", Some("/v1/accounts/ada/invoices?limit=3"));
        check("POST", "accounts/ada/quotes", Some("/v1/accounts/ada/quotes"));
    }

    #[test]
    fn what_is_not_listed_goes_nowhere() {
        for (method, path) in [
            ("DELETE", "accounts/ada"),
            ("POST", "catalog"),
            ("POST", "batch"),
            ("PUT", "accounts/ada/custom_plan"),
            ("GET", "accounts"),
            ("GET", "accounts/"),
            ("GET", "accounts/ada/"),
            ("GET", "accounts//balance"),
            ("GET", "accounts/../catalog"),
            ("GET", "accounts/%2e%2e"),
            ("GET", "accounts/.."),
            ("GET", "accounts/ada%2fbalance"),
            ("GET", "accounts/ada/receipts/a/b"),
            ("GET", "webhook_endpoints"),
        ] {
            check(method, path, None);
        }
    }
}
