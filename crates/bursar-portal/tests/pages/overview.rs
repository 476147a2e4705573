//! `/portal`

use crate::portal::TestPortal;

#[tokio::test]
async fn the_header_shows_the_balance() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal").await;
    assert_eq!(page.one(".balance").text(), "400 credits · held");
    assert!(page.one("[data-live-held]").has("hidden"));
}
