//! `/portal/payment-methods` and `/portal/past-due`

use crate::portal::{Browser, TestPortal};

const HERE: &str = "/portal/payment-methods";

/// Enters a card on the provider's page; where that leads.
async fn enter(portal: &TestPortal, browser: &mut Browser<'_>, path: &str, number: &str) -> String {
    let page = browser.page(path).await;
    let reply = browser.submit(&page, "/portal/payment-methods/add", &[]).await;
    let back = portal.enter_card(reply.location(), number);
    let back = back.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned();
    let reply = browser.get(&back).await;
    assert_eq!(reply.status.as_u16(), 303, "{}", reply.text());
    reply.location().to_owned()
}

#[tokio::test]
async fn cards_are_added_preferred_and_removed() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let mut browser = portal.sign_in("ada").await;
    let back = format!("{HERE}?back=/portal/credits%3Fpack%3Dsmall");
    let at = enter(&portal, &mut browser, &back, "4242424242424242").await;
    assert_eq!(at, "/portal/credits?pack=small");
    let page = browser.page(&at).await;
    assert!(page.one("[role=status]").text().contains("Visa •••• 4242 is what you pay with now."));
    let at = enter(&portal, &mut browser, HERE, "5555555555554444").await;
    assert_eq!(at, HERE);
    let page = browser.page(HERE).await;
    let rows = page.texts(".rows li");
    assert!(rows[0].starts_with("Mastercard •••• 4444 Default"), "{rows:?}");
    assert!(rows[1].starts_with("Visa •••• 4242"), "{rows:?}");

    let action = "/portal/payment-methods/default";
    let reply = browser.submit(&page, action, &[]).await;
    assert_eq!(reply.location(), HERE);
    let page = browser.page(HERE).await;
    assert!(page.texts(".rows li")[0].starts_with("Visa •••• 4242 Default"));
    browser.submit(&page, "/portal/payment-methods/remove", &[]).await;
    let page = browser.page(HERE).await;
    assert_eq!(page.texts(".rows li").len(), 1);
    let gone = [("method", "pm_none")];
    let reply = browser.submit(&page, "/portal/payment-methods/remove", &gone).await;
    assert_eq!(reply.status.as_u16(), 409);
    let number = [("method", "4242424242424242")];
    let reply = browser.submit(&page, "/portal/payment-methods/remove", &number).await;
    assert_eq!(reply.status.as_u16(), 409);
    assert!(!reply.text().contains("4242424242424242"), "a card number is not repeated");
}

#[tokio::test]
async fn a_refused_card_says_why() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page(HERE).await;
    let reply = browser.submit(&page, "/portal/payment-methods/add", &[]).await;
    assert!(reply.location().contains("/sandbox/"), "{}", reply.location());
    // Whoever comes back without a card is told that there is none.
    let reply = browser.get("/portal/payment-methods/added").await;
    let page = browser.page(reply.location()).await;
    assert_eq!(page.one("[role=status]").text(), "No card was added.");
}

#[tokio::test]
async fn the_last_card_of_a_plan_stays() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page(HERE).await;
    let reply = browser.submit(&page, "/portal/payment-methods/remove", &[]).await;
    assert_eq!(reply.status.as_u16(), 409);
    let said = reply.html();
    assert!(said.one("[role=alert]").text().contains("Add another one first"));
    assert_eq!(said.one("[role=alert] a").attr("href"), "/portal/cancel");
}

async fn past_due(portal: &TestPortal, id: &str) {
    portal.subscriber(id, "starter").await;
    portal.card(id, "pm_card_chargeCustomerFail").await;
    portal.advance(id, "1mo").await;
}

#[tokio::test]
async fn what_is_past_due_is_paid_by_a_new_card_at_once() {
    let portal = TestPortal::new().await;
    past_due(&portal, "ada").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal").await;
    assert_eq!(page.select(".bad a")[0].attr("href"), "/portal/past-due");
    let page = browser.page("/portal/past-due").await;
    assert_eq!(page.one(".bill tfoot").text(), "Due $29.00");
    assert!(page.one("main").text().contains("We try again on 1 March 2026."), "{}", page.text());
    let at = enter(&portal, &mut browser, HERE, "4242424242424242").await;
    assert!(at.starts_with("/portal/payments/"), "{at}");
    let id = "ada".parse().unwrap();
    portal.engine.settle(&id, std::time::Duration::from_secs(5)).await.unwrap();
    let page = browser.page(&at).await;
    assert_eq!(page.one("h1").text(), "Your payment went through");
    assert!(page.one("main").text().contains("Starter goes on as before."));
    let reply = browser.get("/portal/past-due").await;
    assert_eq!(reply.location(), "/portal", "nothing is past due");
}

#[tokio::test]
async fn what_is_past_due_is_tried_again_by_hand() {
    let portal = TestPortal::new().await;
    past_due(&portal, "ada").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal/past-due").await;
    let forms = page.select("main form");
    let action = forms.iter().find(|form| form.attr("action").ends_with("/pay")).unwrap();
    let reply = browser.submit(&page, action.attr("action"), &[]).await;
    let failed = browser.page(reply.location()).await;
    assert_eq!(failed.one("h1").text(), "Your payment failed");
    assert_eq!(failed.select(".payment .button")[0].attr("href"), "/portal/past-due");
    for invoice in ["inv_999", "nonsense"] {
        let path = format!("/portal/invoices/{invoice}/pay");
        let mark = page.one("main [name=mark]").attr("value").to_owned();
        let reply = browser.post(&path, &[("mark".to_owned(), mark)]).await;
        assert!(matches!(reply.status.as_u16(), 404 | 409), "{invoice}: {}", reply.status);
        reply.html();
    }
}
