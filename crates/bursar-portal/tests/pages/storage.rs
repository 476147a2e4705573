//! `/portal/storage` and `/portal/export`

use axum::http::Method;
use serde_json::json;

use crate::portal::TestPortal;

const HERE: &str = "/portal/storage";

/// Uploads a file; its id.
async fn upload(portal: &TestPortal, id: &str, name: &str, content: &str) -> String {
    let body = json!({
        "kind": "vault", "name": name, "size": content.len(), "media_type": "text/plain"
    });
    let asset = portal.post(&format!("/v1/accounts/{id}/assets"), body).await;
    let asset = asset["id"].as_str().unwrap().to_owned();
    portal.put(&format!("/v1/accounts/{id}/assets/{asset}/content"), content).await;
    asset
}

#[tokio::test]
async fn files_are_listed_downloaded_and_deleted() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let hostile = "<b>שלום\u{202e}🎬</b>.txt";
    upload(&portal, "ada", "small.txt", "hello").await;
    let large = upload(&portal, "ada", hostile, &"x".repeat(2_000)).await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page(HERE).await;
    let rows = page.texts(".files li b");
    assert_eq!(rows, [hostile, "small.txt"]);
    let newest = browser.page("/portal/storage?order=newest").await;
    assert_eq!(newest.texts(".files li b").len(), 2);

    let path = format!("/portal/storage/{large}/content");
    let file = browser.get(&path).await;
    assert_eq!(file.body.len(), 2_000);
    assert!(file.header("content-disposition").starts_with("attachment"));
    assert_eq!(file.header("content-security-policy"), "sandbox; default-src 'none'");
    browser.headers = vec![("range", "bytes=0-9".to_owned())];
    assert_eq!(browser.get(&path).await.body, b"xxxxxxxxxx");
    browser.headers = vec![("range", "bytes=5000-".to_owned())];
    assert_eq!(browser.get(&path).await.status.as_u16(), 416);
    browser.headers.clear();

    let archive = browser.get("/portal/export").await;
    assert_eq!(archive.header("content-type"), "application/zip");
    assert!(archive.body.starts_with(b"PK"));

    let reply = browser.submit(&page, "/portal/storage/delete", &[]).await;
    assert_eq!(reply.location(), "/portal/storage?order=largest");
    let after = browser.page(HERE).await;
    assert_eq!(after.texts(".files li b"), ["small.txt"]);
    let again = [("asset", large.as_str()), ("nonce", "another")];
    let reply = browser.submit(&page, "/portal/storage/delete", &again).await;
    assert_eq!(reply.status.as_u16(), 409);
    assert!(reply.html().one("[role=alert]").text().contains("gone already"));
    assert_eq!(browser.get(&path).await.status.as_u16(), 404);
}

#[tokio::test]
async fn files_are_nobody_else_s() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.subscriber("eve", "starter").await;
    let asset = upload(&portal, "ada", "secret.txt", "secret").await;
    let mut eve = portal.sign_in("eve").await;
    for path in [
        format!("/portal/storage/{asset}/content"),
        format!("/portal/storage/{asset}/thumbnail"),
        "/portal/storage/..%2f..%2fetc/content".to_owned(),
    ] {
        assert_eq!(eve.get(&path).await.status.as_u16(), 404, "{path}");
    }
    let page = eve.page("/portal/billing-details").await;
    let fields = [("mark", page.select("[name=mark]")[0].attr("value")), ("asset", &asset)];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let reply = eve.post("/portal/storage/delete", &fields).await;
    assert_eq!(reply.status.as_u16(), 409);
    let mut browser = portal.sign_in("ada").await;
    assert_eq!(browser.page(HERE).await.texts(".files li b"), ["secret.txt"]);
}

#[tokio::test]
async fn after_the_end_files_can_be_had_until_they_are_deleted() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    upload(&portal, "ada", "kept.txt", "kept").await;
    portal.post("/v1/accounts/ada/subscription/cancel", json!({})).await;
    portal.advance("ada", "40d").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page(HERE).await;
    let said = page.one(".lead").text();
    assert!(said.contains("kept until 30 March 2026, 18 days from now"), "{said}");
    assert!(browser.get("/portal/export").await.body.starts_with(b"PK"));
    portal.advance("ada", "30d").await;
    let page = browser.page(HERE).await;
    assert_eq!(page.one(".lead").text(), "Your files were deleted on 30 March 2026.");
    assert!(page.one("main").text().contains("There are no files."));
}

#[tokio::test]
async fn full_storage_names_both_ways_out() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let body = json!({
        "kind": "video", "name": "all.mp4", "size": 2_000_000_000_u64, "media_type": "video/mp4",
        "external": true
    });
    portal.api(Method::POST, "/v1/accounts/ada/assets", body).await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page(HERE).await;
    let full = page.select("[aria-labelledby=full]")[0];
    assert!(full.text().contains("Delete files"));
    assert_eq!(full.one("a").attr("href"), "/portal/plan/preview?plan=professional&interval=month");
    assert!(page.one(".files").text().contains("Kept by the app"));
}
