//! What others wrote is shown as text, whatever it is.

use serde_json::json;

use crate::html::Element;
use crate::portal::TestPortal;

const NASTY: &str = "<script>alert(1)</script>\"'&amp; \u{202e}gnp.exe \u{1f3ac} شركة";

#[tokio::test]
async fn names_plans_and_reasons_are_text() {
    let mut catalog = bursar_catalog::scriptkit().unwrap();
    catalog.name = NASTY.to_owned();
    for plan in &mut catalog.plans {
        plan.name = NASTY.to_owned();
    }
    for operation in &mut catalog.operations {
        operation.name = NASTY.to_owned();
    }
    let portal = TestPortal::selling(catalog).await;
    portal.subscriber("ada", "studio").await;
    portal.rename("ada", NASTY).await;
    let body = json!({"credits": 1, "reason": NASTY});
    let charge = portal.post("/v1/accounts/ada/charges", body).await;
    portal.post("/v1/accounts/ada/charges", json!({"operation": "image"})).await;
    let body = json!({"plan": "starter", "interval": "month"});
    portal.post("/v1/accounts/ada/subscription", body).await;
    let mut browser = portal.sign_in("ada").await;
    let receipt = format!("/portal/usage/receipts/{}", charge["id"].as_str().unwrap());
    for path in ["/portal", "/portal/usage", &receipt, "/portal/invoices"] {
        let page = browser.page(path).await;
        let scripts: Vec<&Element> = page.select("script");
        assert_eq!(scripts.len(), 1, "{path}: only our own");
        assert!(page.one(".who").text().contains("<script>alert(1)</script>"), "{path}");
        assert_eq!(page.one(".who").attr("dir"), "auto");
    }
    portal.post("/v1/accounts/ada/subscription/refund", json!({})).await;
    browser.page("/portal").await;
}

#[tokio::test]
async fn a_cookie_that_is_not_ours_is_nobody_s() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let mut browser = portal.sign_in("ada").await;
    let good = browser.cookies.clone();
    for cookie in ["", "x", "%00", "\u{1}", &"a".repeat(5_000)] {
        if cookie.bytes().any(|b| b < 32) {
            continue;
        }
        browser.cookies = vec![("bursar_portal".to_owned(), cookie.to_owned())];
        assert_eq!(browser.get("/portal").await.status.as_u16(), 401);
    }
    browser.cookies = good;
    browser.cookies.push(("bursar_note".to_owned(), "K1lvdSB3b24.x".to_owned()));
    let page = browser.page("/portal").await;
    assert!(page.select(".note").is_empty(), "nobody puts words into our mouth");
}
