//! `/portal/live`

use std::time::Duration;

use axum::body::BodyDataStream;
use axum::http::Method;
use futures::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::portal::TestPortal;

/// The next balance of a stream; `None` when it has ended.
async fn next(stream: &mut BodyDataStream) -> Option<Value> {
    loop {
        let part = tokio::time::timeout(Duration::from_secs(10), stream.next()).await.unwrap()?;
        let text = String::from_utf8(part.unwrap().to_vec()).unwrap();
        if let Some(data) = text.lines().find_map(|line| line.strip_prefix("data: ")) {
            assert!(text.contains("event: balance"), "{text}");
            return Some(serde_json::from_str(data).unwrap());
        }
    }
}

#[tokio::test]
async fn the_balance_moves_by_itself_until_the_session_ends() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.subscriber("eve", "starter").await;
    let mut browser = portal.sign_in("ada").await;
    let request = browser.request(Method::GET, "/portal/live", String::new());
    let response = portal.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    let first = next(&mut stream).await.unwrap();
    assert_eq!((&first["available"], &first["held"]), (&json!("400"), &json!("")));
    portal.spend("eve", 5).await;
    portal.post("/v1/accounts/ada/holds", json!({"credits": 80, "reason": "x"})).await;
    let held = next(&mut stream).await.unwrap();
    assert_eq!((&held["available"], &held["held"]), (&json!("320"), &json!("80")));
    let page = browser.page("/portal").await;
    browser.submit(&page, "/portal/sign-out", &[]).await;
    portal.spend("ada", 1).await;
    assert_eq!(next(&mut stream).await, None, "who has signed out is told nothing more");
}

#[tokio::test]
async fn it_is_for_customers_who_are_in() {
    let portal = TestPortal::new().await;
    assert_eq!(portal.browser().get("/portal/live").await.status.as_u16(), 401);
}
