//! Who may use the playground: pages of its own, opened under a name of this machine.
//!
//! The playground adds an API key to what it is asked, so nobody else's page may ask. Three things
//! stand in the way: `Host` must be no foreign name (a page whose name was made to point here is of the
//! same origin to the browser, so nothing else would tell); `Sec-Fetch-Site` and `Origin` must say that
//! the request is of this very origin; and what changes something needs a header that forms can't send
//! and other origins may not.

use axum::body::Body;
use axum::extract::State;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN, REFERRER_POLICY};
use http::header::{X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri};
use serde_json::json;

use super::Playground;

/// What the studio's script sends with all that changes something.
pub(super) const OWN: HeaderName = HeaderName::from_static("x-bursar-playground");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Lets through who may, and says what every reply says.
pub(super) async fn run(
    State(playground): State<Playground>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let refusal = refusal(request.method(), request.uri(), request.headers(), playground.hosts());
    let mut response = match refusal {
        None => next.run(request).await,
        Some(why) => refused(StatusCode::FORBIDDEN, why),
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// A refusal of the playground itself, in the form of the API's.
pub(super) fn refused(status: StatusCode, (detail, fix): (&str, &str)) -> Response {
    let problem = json!({
        "title": "The playground refuses this",
        "status": status.as_u16(),
        "code": "playground",
        "detail": detail,
        "fix": fix,
    });
    let kind = [(CONTENT_TYPE, "application/problem+json")];
    (status, kind, problem.to_string()).into_response()
}

/// Why not, and what would help.
fn refusal(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    hosts: &[String],
) -> Option<(&'static str, &'static str)> {
    let host = host(uri, headers);
    if !host.is_some_and(|host| is_known(host, hosts)) {
        return Some((
            "The playground is not opened under this host name.",
            "Open it under the address that the server printed, such as http://127.0.0.1:8080.",
        ));
    }
    let foreign = (
        "Only the playground's own page may ask this.",
        "Use the API itself with a key, from wherever you like.",
    );
    let is_page = !uri.path().trim_end_matches('/').contains("/playground/");
    if is_page {
        // Whoever links here may.
        return None;
    }
    let site = headers.get(FETCH_SITE).and_then(|site| site.to_str().ok());
    // `none` is an address that was typed, or a picture opened in a tab of its own.
    let by_itself = *method == Method::GET && site == Some("none");
    if !(site.is_none_or(|site| site == "same-origin") || by_itself) {
        return Some(foreign);
    }
    let origin = headers.get(ORIGIN);
    if !origin.is_none_or(|origin| is_of(origin, host.unwrap_or_default())) {
        return Some(foreign);
    }
    let asks_only = *method == Method::GET || *method == Method::HEAD;
    (!asks_only && !headers.contains_key(OWN)).then_some(foreign)
}

/// The name and port that the request is for: of its head over HTTP/2, of `Host` else.
fn host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    match uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => headers.get(HOST)?.to_str().ok(),
    }
}

/// Does it name this machine by what no foreign name server can say?
fn is_known(host: &str, hosts: &[String]) -> bool {
    let Ok(uri) = host.parse::<http::uri::Authority>() else {
        return false;
    };
    let name = uri.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok()
        || hosts.contains(&name)
}

fn is_of(origin: &HeaderValue, host: &str) -> bool {
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    origin.is_some_and(|(scheme, of)| matches!(scheme, "http" | "https") && of == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(request: &str, allowed: bool) {
        let mut lines = request.split("; ");
        let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        let hosts = ["bursar.test".to_owned()];
        let refusal = refusal(&method.parse().unwrap(), &path.parse().unwrap(), &headers, &hosts);
        assert_eq!(refusal.is_none(), allowed, "{request}: {refusal:?}");
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        check("GET /; host: 127.0.0.1:8080", true);
        check("GET /; host: [::1]:8080", true);
        check("GET /; host: localhost", true);
        check("GET /; host: LOCALHOST:8080", true);
        check("GET /; host: studio.localhost:8080", true);
        check("GET /; host: 192.168.1.7:8080", true);
        check("GET /; host: bursar.test:8080", true);
        check("GET /; host: evil.example:8080", false);
        check("GET /; host: localhost.evil.example", false);
        check("GET /; host: 127.0.0.1.evil.example", false);
        check("GET /", false);
        check("GET /playground/live?account=a; host: evil.example", false);
    }

    #[test]
    fn only_the_page_itself_may_change_anything() {
        let post = "POST /playground/api/accounts; host: 127.0.0.1:8080; ";
        let check_post = |more: &str, allowed| check(&format!("{post}{more}"), allowed);
        check_post("x-bursar-playground: 1", true);
        check_post("x-bursar-playground: 1; origin: http://127.0.0.1:8080", true);
        check_post("x-bursar-playground: 1; sec-fetch-site: same-origin", true);
        check_post("origin: http://127.0.0.1:8080", false);
        check_post("x-bursar-playground: 1; origin: http://127.0.0.1:9090", false);
        check_post("x-bursar-playground: 1; origin: http://evil.example", false);
        check_post("x-bursar-playground: 1; origin: null", false);
        check_post("x-bursar-playground: 1; sec-fetch-site: cross-site", false);
        check_post("x-bursar-playground: 1; sec-fetch-site: same-site", false);
        check_post("x-bursar-playground: 1; sec-fetch-site: none", false);
    }

    #[test]
    fn other_pages_may_link_to_it_but_not_read_from_it() {
        check("GET /; host: 127.0.0.1; sec-fetch-site: cross-site", true);
        check("GET /playground; host: 127.0.0.1; sec-fetch-site: cross-site", true);
        let read = "GET /playground/api/accounts/ada; host: 127.0.0.1; sec-fetch-site: ";
        check(&format!("{read}cross-site"), false);
        check(&format!("{read}same-site"), false);
        check(&format!("{read}same-origin"), true);
        check(&format!("{read}none"), true);
    }
}
