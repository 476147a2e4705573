//! What browsers send to the customer's pages and to the sandbox's card forms, as a
//! [script](crate::script). `$MARK` stands for the mark of the forms.

use axum::body::Body;
use axum::response::Response;
use bursar_core::Context;
use bursar_engine::visits::Entry;
use bursar_payments::sandbox::FormReply;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::office::{Office, block_on};
use crate::script::{self, Line};

/// The beginning of an element that no page of ours has.
const MARKUP: &str = "<x-fuzz";

/// Nothing that is sent is the server's fault; nothing of it is ever markup on a page; and afterwards
/// the books are right.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    block_on(async {
        let office = Office::open().await;
        let mut named = office.furnish().await;
        let (cookie, mark) = sign_in(&office).await;
        named.push(("$MARK", mark));
        for line in script::read(text, &named) {
            ask(&office, line, &cookie).await;
        }
        office.close().await;
    });
}

/// The cookie of the account's customer, and the mark of the forms.
async fn sign_in(office: &Office) -> (String, String) {
    let visits = office.engine.visits();
    let link = visits.invite("a".parse().expect("an id"), None).await.expect("a link");
    let Ok(Entry::Opened { token, .. }) = visits.enter(&link.code).await else {
        panic!("the link opens nothing");
    };
    let visit = visits.find(&token).await.expect("an answer").expect("a session");
    (format!("bursar_portal={token}"), visits.mark(&visit))
}

async fn ask(office: &Office, Line { request, body }: Line, cookie: &str) {
    let request = request
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body.clone()));
    let Ok(request) = request else {
        return;
    };
    let what = format!("{} {}", request.method(), request.uri());
    if request.uri().path().starts_with("/sandbox/") {
        return ask_sandbox(office, &what, &request, &body);
    }
    let Ok(response) = office.pages.clone().oneshot(request).await;
    assert!(!response.status().is_server_error(), "{what}: {}", response.status());
    // A stream of events has no end.
    if kind(&response).starts_with("text/html") {
        let page = response.into_body().collect().await.expect("a body").to_bytes();
        check_page(&what, &String::from_utf8_lossy(&page));
    }
}

fn kind(response: &Response) -> &str {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default()
}

fn check_page(what: &str, page: &str) {
    assert!(!page.contains(MARKUP), "{what}: what was sent is markup: {page}");
}

/// The same routes as those of the server.
fn ask_sandbox(office: &Office, what: &str, request: &Request<Body>, body: &str) {
    let context = Context { now: office.engine.wall_now(), entropy: office.engine.entropy() };
    let (sandbox, body) = (&office.sandbox, body.as_bytes());
    let mut parts = request.uri().path().trim_start_matches("/sandbox/").splitn(2, '/');
    let (form, secret) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let sent = *request.method() == Method::POST;
    let reply = match (form, sent) {
        ("setup", false) => Ok(FormReply::Page(sandbox.card_form(secret))),
        ("setup", true) => sandbox.submit_card(secret, body, &context),
        ("challenge", false) => Ok(FormReply::Page(sandbox.challenge(secret))),
        ("challenge", true) => sandbox.answer_challenge(secret, body, &context),
        _ => return,
    };
    match reply.expect("nothing that can't be kept") {
        FormReply::Page(page) => {
            let status = StatusCode::from_u16(page.status).expect("a status");
            assert!(!status.is_server_error(), "{what}: {status}");
            check_page(what, &page.html);
        }
        FormReply::Redirect(to) => {
            assert!(header::HeaderValue::from_str(&to).is_ok(), "{what}: leads to {to:?}");
        }
    }
}
