//! `/portal/sign-out`, and forms that aren't ours.

use crate::portal::{BACK, TestPortal};

#[tokio::test]
async fn signing_out_ends_the_session() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let mut browser = portal.sign_in("ada").await;
    let kept = browser.cookies.clone();
    let page = browser.page("/portal").await;
    let reply = browser.submit(&page, "/portal/sign-out", &[]).await;
    let said = reply.html();
    assert_eq!(said.one("h1").text(), "You have signed out");
    assert_eq!(said.one("main a").attr("href"), BACK);
    assert!(browser.cookies.is_empty());
    browser.cookies = kept;
    assert_eq!(
        browser.get("/portal").await.status.as_u16(),
        401,
        "an old cookie is good for nothing"
    );
}

#[tokio::test]
async fn a_form_of_another_site_or_session_does_nothing() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    portal.account("eve").await;
    let mut browser = portal.sign_in("ada").await;
    let mark = |page: &crate::html::Element| page.one("form [name=mark]").attr("value").to_owned();
    let own = mark(&browser.page("/portal").await);
    let of_eve = mark(&portal.sign_in("eve").await.page("/portal").await);
    let field = |mark: &str| [("mark".to_owned(), mark.to_owned())];
    for (mark, header) in [
        ("", None),
        ("x", None),
        (of_eve.as_str(), None),
        (own.as_str(), Some(("sec-fetch-site", "cross-site"))),
        (own.as_str(), Some(("sec-fetch-site", "same-site"))),
        (own.as_str(), Some(("origin", "https://evil.example"))),
        (own.as_str(), Some(("origin", "null"))),
    ] {
        browser.headers = header.iter().map(|(name, it)| (*name, (*it).to_owned())).collect();
        let reply = browser.post("/portal/sign-out", &field(mark)).await;
        assert_eq!(reply.status.as_u16(), 403, "{mark} {header:?}");
        reply.html();
        browser.headers.clear();
        browser.page("/portal").await;
    }
    browser.headers = vec![("origin", "http://127.0.0.1:8080".to_owned())];
    assert_eq!(browser.post("/portal/sign-out", &field(&own)).await.status.as_u16(), 200);
}
