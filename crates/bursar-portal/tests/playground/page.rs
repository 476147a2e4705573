//! The page and its files.

use axum::body::Body;
use http::Request;

use super::studio::{HOST, Studio};

async fn page(studio: &Studio) -> super::studio::Reply {
    let request = Request::get("/").header("host", HOST).body(Body::empty()).unwrap();
    studio.send(request).await
}

#[tokio::test]
async fn the_page_has_no_script_or_style_in_it_and_nothing_from_elsewhere() {
    let studio = Studio::new().await;
    let page = page(&studio).await;
    let html = page.text();
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("data:"), "{policy}");
    assert!(!html.contains("<style") && !html.contains(" style="));
    let attributes = html.split_whitespace().filter_map(|word| word.split_once('='));
    let handlers: Vec<_> = attributes.filter(|(name, _)| name.starts_with("on")).collect();
    assert!(handlers.is_empty(), "{handlers:?}");
    for script in html.split("<script").skip(1) {
        assert!(script.contains("src=") && script.contains("></script>"), "{script}");
    }
    for address in html.split(['"', '\'']).filter(|text| text.contains("://")) {
        assert!(address.contains(&format!("http://{HOST}/")), "{address}");
    }
    assert!(html.contains("curl -sS http://127.0.0.1:8080/v1/accounts"), "without script");
    assert!(html.contains("pm_card_chargeDeclinedInsufficientFunds"), "all test cards");
    assert!(html.contains("pm_sandbox_webhookTwice"), "all test cards");
}

#[tokio::test]
async fn every_file_that_the_page_names_is_there_to_stay() {
    let studio = Studio::new().await;
    let html = page(&studio).await.text();
    let named: Vec<_> =
        html.split('"').filter(|it| it.starts_with("/playground/static/")).collect();
    assert!(named.len() >= 9, "{named:?}");
    for path in &named {
        let request = Request::get(*path).header("host", HOST).body(Body::empty()).unwrap();
        let file = studio.send(request).await;
        assert_eq!(file.status, 200, "{path}");
        assert!(file.header("cache-control").contains("immutable"), "{path}");
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        // What a module imports is loaded ahead.
        for import in file.text().split("from \"./").skip(1) {
            let name = import.split('"').next().unwrap();
            assert!(named.iter().any(|it| it.ends_with(&format!("/{name}"))), "{name} of {path}");
        }
    }
    let missing = Request::get("/playground/static/x/../secret").header("host", HOST);
    assert_eq!(studio.send(missing.body(Body::empty()).unwrap()).await.status, 404);
}
