//! `/portal/enter` and what the cookie is good for.

use axum::http::Method;
use bursar_core::time::Timestamp;
use serde_json::json;

use crate::portal::{BACK, START, TestPortal};

#[tokio::test]
async fn a_link_is_exchanged_for_a_cookie_once() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let body = json!({"account": "ada", "return_url": BACK});
    let session = portal.post("/v1/portal_sessions", body).await;
    let expires_at: Timestamp = session["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(expires_at.since(START.parse().unwrap()).as_secs(), 300);
    let link = portal.link("ada").await;
    let code = link.strip_prefix("/portal/enter?code=").unwrap();
    assert_eq!(code.len(), 32, "160 bits in base 32");

    let mut first = portal.browser();
    let reply = first.get(&link).await;
    assert_eq!((reply.status.as_u16(), reply.location()), (303, "/portal"));
    let cookie = reply.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/portal"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains(code), "the code is not the cookie");
    first.page("/portal").await;

    let mut second = portal.browser();
    let reply = second.get(&link).await;
    assert_eq!(reply.status.as_u16(), 410);
    let page = reply.html();
    assert_eq!(page.one("h1").text(), "This link has been used or is too old");
    assert_eq!(page.one("main a").attr("href"), BACK);
    assert!(second.cookies.is_empty());
    first.page("/portal").await;
}

#[tokio::test]
async fn of_two_tabs_at_once_one_gets_in() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let link = portal.link("ada").await;
    let (mut one, mut other) = (portal.browser(), portal.browser());
    let (one, other) = tokio::join!(one.get(&link), other.get(&link));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
}

#[tokio::test]
async fn a_link_works_for_five_minutes() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let (early, late) = (portal.link("ada").await, portal.link("ada").await);
    portal.wait(299);
    assert_eq!(portal.browser().get(&early).await.status.as_u16(), 303);
    portal.wait(1);
    assert_eq!(portal.browser().get(&late).await.status.as_u16(), 410);
    assert_eq!(portal.browser().get("/portal/enter?code=nonsense").await.status.as_u16(), 410);
    assert_eq!(portal.browser().get("/portal/enter").await.status.as_u16(), 410);
}

#[tokio::test]
async fn looking_ahead_uses_no_link_up() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let link = portal.link("ada").await;
    let mut browser = portal.browser();
    browser.headers = vec![("sec-purpose", "prefetch".to_owned())];
    assert_eq!(browser.get(&link).await.status.as_u16(), 204);
    browser.headers.clear();
    let head = browser.request(Method::HEAD, &link, String::new());
    let reply = tower::ServiceExt::oneshot(portal.router.clone(), head).await.unwrap();
    assert_eq!(reply.status().as_u16(), 204);
    assert_eq!(browser.get(&link).await.status.as_u16(), 303);
}

#[tokio::test]
async fn a_session_ends_half_an_hour_after_its_last_use_and_after_twelve_hours() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let mut browser = portal.sign_in("ada").await;
    let minute = 60;
    for _ in 0..24 {
        portal.wait(29 * minute);
        browser.page("/portal").await;
    }
    portal.wait(30 * minute);
    let reply = browser.get("/portal").await;
    assert_eq!(reply.status.as_u16(), 401, "after 12 hours and 6 minutes");
    let mut browser = portal.sign_in("ada").await;
    portal.wait(30 * minute);
    let reply = browser.get("/portal").await;
    assert_eq!(reply.status.as_u16(), 401);
    let page = reply.html();
    assert_eq!(page.one("h1").text(), "You are signed out");
    assert_eq!(page.one("main a").attr("href"), BACK);
    assert_eq!(portal.browser().get("/portal").await.status.as_u16(), 401);
}

#[tokio::test]
async fn a_busy_session_ends_after_twelve_hours() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let mut browser = portal.sign_in("ada").await;
    for quarter in 0..48 {
        assert_eq!(browser.get("/portal").await.status.as_u16(), 200, "after {quarter} quarters");
        portal.wait(15 * 60);
    }
    assert_eq!(browser.get("/portal").await.status.as_u16(), 401);
}

#[tokio::test]
async fn over_https_the_cookie_goes_no_other_way() {
    let config =
        bursar_portal::Config::new("https://pay.example", bursar_engine::access::Mode::Test);
    let portal = TestPortal::with(bursar_catalog::scriptkit().unwrap(), config).await;
    portal.account("ada").await;
    let mut browser = portal.browser();
    let reply = browser.get(&portal.link("ada").await).await;
    let cookie = reply.header("set-cookie");
    assert!(
        cookie.starts_with("__Secure-bursar_portal=") && cookie.contains("Secure;"),
        "{cookie}"
    );
    browser.page("/portal").await;
}

#[tokio::test]
async fn every_page_has_the_headers_that_keep_it_to_itself() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let mut browser = portal.sign_in("ada").await;
    for path in ["/portal", "/portal/nowhere", "/portal/enter?code=x"] {
        let reply = browser.get(path).await;
        let policy = reply.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("referrer-policy"), "same-origin");
        assert_eq!(reply.header("cache-control"), "no-store");
        reply.html();
    }
}
