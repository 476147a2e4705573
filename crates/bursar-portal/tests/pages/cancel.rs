//! `/portal/cancel` and `/portal/resume`

use serde_json::json;

use crate::portal::TestPortal;

#[tokio::test]
async fn a_plan_is_cancelled_on_one_page_and_resumed_on_another() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.post("/v1/accounts/ada/topups", json!({"pack": "small"})).await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal/cancel").await;
    let said = page.one("main").text();
    for words in [
        "It ends on 28 February 2026",
        "you have 400 credits now",
        "The 100 credits that you bought are kept",
        "Your files are kept until 30 March 2026",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    let reply = browser.submit(&page, "/portal/cancel", &[("reason", "Too expensive")]).await;
    assert_eq!(reply.location(), "/portal");
    let after = browser.page("/portal").await;
    assert!(after.one("[role=status]").text().contains("ends on 28 February 2026"));
    let subscription = &portal.get("/v1/accounts/ada").await["subscription"];
    assert_eq!(subscription["state"], "canceling");

    let page = browser.page("/portal/cancel").await;
    assert_eq!(page.one("h1").text(), "Resume Starter?");
    let reply = browser.submit(&page, "/portal/resume", &[]).await;
    assert_eq!(reply.location(), "/portal");
    assert_eq!(portal.get("/v1/accounts/ada").await["subscription"]["state"], "active");
    // A page that was open meanwhile does no harm.
    let fields = [("mark", page.one("main [name=mark]").attr("value")), ("nonce", "another")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let reply = browser.post("/portal/resume", &fields).await;
    assert_eq!(reply.status.as_u16(), 409);
    assert!(reply.html().one("[role=alert]").text().contains("isn't cancelled"));
}

#[tokio::test]
async fn an_unpaid_plan_ends_at_once_and_nothing_is_owed() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.card("ada", "pm_card_chargeCustomerFail").await;
    portal.advance("ada", "1mo").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal/cancel").await;
    assert!(page.one("main").text().contains("so it ends now"), "{}", page.text());
    let reply = browser.submit(&page, "/portal/cancel", &[]).await;
    let after = browser.page(reply.location()).await;
    assert!(after.one("[role=status]").text().contains("Nothing more is charged."));
    let page = browser.page("/portal/cancel").await;
    assert!(page.one("main").text().contains("There is nothing to cancel"));
}
