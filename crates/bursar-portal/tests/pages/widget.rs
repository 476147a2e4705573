//! `/widget/bursar-credits.js` and `/widget/demo`.

use axum::body::Body;
use axum::http::{Method, Request};
use bursar_engine::access::Mode;
use bursar_portal::Config;
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::portal::{Browser, TestPortal};

const SCRIPT: &str = "/widget/bursar-credits.js";

#[tokio::test]
async fn pages_of_any_origin_can_load_the_script() {
    let portal = TestPortal::new().await;
    let mut browser = portal.browser();
    let reply = browser.get(SCRIPT).await;
    assert_eq!(reply.status.as_u16(), 200);
    assert_eq!(reply.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert_eq!(reply.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(reply.header("cache-control"), "public, max-age=3600");
    assert!(reply.header("set-cookie").is_empty());
    let text = reply.text();
    assert!(text.contains("customElements.define(\"bursar-credits\""));
    assert!(text.len() < 24 * 1_024, "{} bytes", text.len());
    let tag = reply.header("etag").to_owned();
    browser.headers = vec![("if-none-match", tag.clone())];
    let again = browser.get(SCRIPT).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!((again.header("etag"), again.header("access-control-allow-origin")), (&*tag, "*"));
}

/// Neither the script nor anything that it does puts a token into an address.
#[tokio::test]
async fn the_script_asks_by_header_alone() {
    let portal = TestPortal::new().await;
    let text = portal.browser().get(SCRIPT).await.text();
    for part in ["?token", "&token", "EventSource", "localStorage", "sessionStorage", "innerHTML"] {
        assert!(!text.contains(part), "{part}");
    }
    assert!(text.contains("Authorization: `Bearer ${token}`"));
}

#[tokio::test]
async fn the_demo_is_of_test_mode() {
    let catalog = bursar_catalog::scriptkit().unwrap();
    let config = Config::new("https://pay.example", Mode::Live);
    let portal = TestPortal::with(catalog, config).await;
    let mut browser = portal.browser();
    assert_eq!(browser.get("/widget/demo").await.status.as_u16(), 404);
    assert_eq!(post(&mut browser, "/widget/demo/token").await.0, 404);
    assert_eq!(browser.get(SCRIPT).await.status.as_u16(), 200);
}

#[tokio::test]
async fn the_demo_asks_another_origin_than_its_own() {
    let portal = TestPortal::new().await;
    let mut browser = portal.browser();
    let reply = browser.get("/widget/demo").await;
    assert_eq!(reply.status.as_u16(), 200);
    let page = reply.html();
    // The browser of these tests asks 127.0.0.1.
    let other = "http://localhost:8080";
    let widgets = page.select("bursar-credits");
    assert_eq!(widgets.len(), 9);
    assert!(widgets.iter().all(|it| it.attr("endpoint") == other));
    assert_eq!(page.select("script")[0].attr("src"), format!("{other}{SCRIPT}"));
    let policy = reply.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "script-src 'self' http://localhost:8080;",
        "connect-src 'self' http://localhost:8080;",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(page.all().iter().all(|it| !it.has("style") && it.name != "style"));
}

async fn post(browser: &mut Browser<'_>, path: &str) -> (u16, Value) {
    let reply = browser.post(path, &[]).await;
    (reply.status.as_u16(), serde_json::from_slice(&reply.body).unwrap_or_default())
}

async fn balance(portal: &TestPortal, token: &str) -> Value {
    let request = Request::builder().method(Method::GET).uri("/v1/widget/balance");
    let request = request.header("Authorization", format!("Bearer {token}"));
    let reply = portal.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(reply.status().as_u16(), 200);
    serde_json::from_slice(&reply.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

#[tokio::test]
async fn the_demo_has_a_customer_whose_balance_moves() {
    let portal = TestPortal::new().await;
    let mut browser = portal.browser();
    let (status, given) = post(&mut browser, "/widget/demo/token").await;
    assert_eq!(status, 200);
    let token = given["token"].as_str().unwrap();
    let before = balance(&portal, token).await;
    assert_eq!(before["available"], 400, "the lowest plan's");
    assert!(before["next_refresh_at"].is_string());
    for (action, available, held) in [("spend", 395, 0), ("hold", 375, 20), ("give", 425, 20)] {
        let reply = browser.post(&format!("/widget/demo/do/{action}"), &[]).await;
        assert_eq!((reply.status.as_u16(), reply.location()), (303, "/widget/demo"));
        let now = balance(&portal, token).await;
        assert_eq!((&now["available"], &now["held"]), (&available.into(), &held.into()));
    }
    assert_eq!(post(&mut browser, "/widget/demo/do/nothing").await.0, 404);
}

/// Two widgets of a new installation ask at once: there is one customer, who pays once.
#[tokio::test]
async fn two_requests_at_once_make_one_customer() {
    let portal = TestPortal::new().await;
    let (mut one, mut other) = (portal.browser(), portal.browser());
    let path = "/widget/demo/token";
    let (one, other) = tokio::join!(post(&mut one, path), post(&mut other, path));
    assert_eq!((one.0, other.0), (200, 200));
    let balance = balance(&portal, one.1["token"].as_str().unwrap()).await;
    assert_eq!(balance["available"], 400);
}

#[tokio::test]
async fn other_sites_press_no_buttons_of_the_demo() {
    let portal = TestPortal::new().await;
    let mut browser = portal.browser();
    browser.headers = vec![("origin", "https://evil.example".to_owned())];
    for path in ["/widget/demo/token", "/widget/demo/do/spend"] {
        assert_eq!(post(&mut browser, path).await.0, 403, "{path}");
    }
}

#[tokio::test]
async fn without_a_plan_to_sell_the_customer_has_credits_all_the_same() {
    let text = ["starter", "professional", "studio"].iter().fold(
        bursar_catalog::SCRIPTKIT.to_owned(),
        |text, key| {
            let line = format!("key = \"{key}\"\n");
            text.replace(&line, &format!("{line}retired = true\n"))
        },
    );
    let portal = TestPortal::selling(bursar_catalog::parse(&text).unwrap()).await;
    let (_, given) = post(&mut portal.browser(), "/widget/demo/token").await;
    let balance = balance(&portal, given["token"].as_str().unwrap()).await;
    assert_eq!((&balance["available"], &balance["next_refresh_at"]), (&400.into(), &Value::Null));
}
