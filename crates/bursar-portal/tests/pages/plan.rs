//! `/portal/plan` and its preview

use serde_json::json;

use crate::html::Element;
use crate::portal::{Browser, Reply, TestPortal};

const UP: &str = "/portal/plan/preview?plan=professional&interval=month";

async fn confirm(browser: &mut Browser<'_>, page: &Element) -> Reply {
    browser.submit(page, "/portal/plan", &[]).await
}

#[tokio::test]
async fn the_amount_on_the_button_is_the_amount_on_the_invoice() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.advance("ada", "10d").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal/plan").await;
    let chosen: Vec<_> =
        page.select("[data-preview]").into_iter().map(|it| it.attr("href").to_owned()).collect();
    assert_eq!(chosen[0], UP);
    let preview = browser.page(UP).await;
    let button = preview.one(".order button").text();
    let amount = button.strip_prefix("Pay ").unwrap().to_owned();
    assert_eq!(preview.one(".bill tfoot").text(), format!("Due now {amount}"));
    assert!(preview.one(".box").text().contains("The 400 credits that you have stay."));
    assert_eq!(preview.texts(".ticks li"), ["Video Editor"]);

    let reply = confirm(&mut browser, &preview).await;
    let done = browser.page(reply.location()).await;
    assert_eq!(done.one("h1").text(), "Your payment went through");
    assert!(done.one(".facts").text().contains(&format!("Amount {amount}")));
    let invoices = portal.get("/v1/accounts/ada/invoices").await;
    let total = invoices["data"][0]["total"]["amount"].as_i64().unwrap();
    assert_eq!(amount, format!("${}.{:02}", total / 100, total % 100));
    let page = browser.page("/portal/plan").await;
    assert!(page.one(".current").text().starts_with("Professional Your plan"));
}

#[tokio::test]
async fn a_first_plan_is_paid_and_begins() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal/plan?interval=year").await;
    assert!(page.one(".toggle").text().contains("Save 10%"));
    assert_eq!(page.texts(".big")[0], "$26.00 a month, $313.00 a year");
    let path = "/portal/plan/preview?plan=starter&interval=year";
    // Without a card the way to one is shown, and leads back.
    let preview = browser.page(path).await;
    assert!(preview.select(".order form").is_empty());
    let cards = browser.page(preview.one(".order .button").attr("href")).await;
    assert_eq!(cards.one("[name=back]").attr("value"), path);
    portal.card("ada", "pm_card_visa").await;
    let preview = browser.page(path).await;
    assert_eq!(preview.one(".order button").text(), "Pay $313.00");
    let reply = confirm(&mut browser, &preview).await;
    let done = browser.page(reply.location()).await;
    assert!(done.one("main").text().contains("Starter has begun, with 400 credits every month."));
}

#[tokio::test]
async fn a_stale_preview_changes_nothing_and_says_what_changed() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let mut browser = portal.sign_in("ada").await;
    let preview = browser.page(UP).await;
    portal.card("ada", "pm_card_mastercard").await;
    let reply = confirm(&mut browser, &preview).await;
    assert_eq!(reply.status.as_u16(), 409);
    let page = reply.html();
    let said = page.one("[role=alert]").text();
    assert!(said.contains("What you pay with has changed: it is Mastercard •••• 4444"), "{said}");
    // What is shown now can be confirmed.
    let reply = confirm(&mut browser, &page).await;
    assert_eq!(reply.status.as_u16(), 303);

    let preview = browser.page("/portal/plan/preview?plan=studio&interval=month").await;
    portal.advance("ada", "5d").await;
    let reply = confirm(&mut browser, &preview).await;
    assert_eq!(reply.status.as_u16(), 409);
    let said = reply.html().one("[role=alert]").text();
    assert!(said.starts_with("What is due now was $110.00 and is $"), "{said}");
    let forged = [("preview", "preview_x"), ("plan", "\"><b>"), ("interval", "month")];
    let reply = browser.submit(&reply.html(), "/portal/plan", &forged).await;
    assert_eq!(reply.status.as_u16(), 422);
    reply.html();
}

#[tokio::test]
async fn a_preview_of_somebody_else_confirms_nothing() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.subscriber("eve", "starter").await;
    let theirs = portal.sign_in("eve").await.page(UP).await;
    let token = theirs.one("[name=preview]").attr("value").to_owned();
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page(UP).await;
    let reply = browser.submit(&page, "/portal/plan", &[("preview", &token)]).await;
    assert_eq!(reply.status.as_u16(), 409);
    assert_eq!(portal.get("/v1/accounts/ada").await["subscription"]["plan"], "starter");
}

#[tokio::test]
async fn a_downgrade_waits_and_can_be_undone() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "studio").await;
    let mut browser = portal.sign_in("ada").await;
    let preview = browser.page("/portal/plan/preview?plan=starter&interval=month").await;
    assert_eq!(preview.one(".order button").text(), "Confirm downgrade");
    assert!(
        preview.one("main").text().contains("On 28 February 2026. Until then everything stays")
    );
    assert_eq!(preview.texts(".crosses li"), ["Video Editor", "Advanced AI", "Priority Support"]);
    let reply = confirm(&mut browser, &preview).await;
    assert_eq!(reply.location(), "/portal/plan");
    let page = browser.page("/portal/plan").await;
    assert!(page.one("[role=status]").text().contains("changes to Starter on 28 February 2026"));
    assert_eq!(
        page.one(".scheduled strong").text(),
        "Changes to Starter, paid monthly, on 28 February 2026."
    );
    let reply = browser.submit(&page, "/portal/plan/undo", &[]).await;
    let after = browser.page(reply.location()).await;
    assert!(after.one("[role=status]").text().contains("Studio goes on"));
    assert!(after.select(".scheduled").is_empty());
    let page_again = browser.submit(&page, "/portal/plan/undo", &[]).await;
    assert_eq!(page_again.status.as_u16(), 303, "a second click is the same click");
}

#[tokio::test]
async fn every_state_has_its_words() {
    let portal = TestPortal::new().await;
    portal.account("none").await;
    for id in ["canceling", "retention", "purged"] {
        portal.subscriber(id, "starter").await;
        portal.post(&format!("/v1/accounts/{id}/subscription/cancel"), json!({})).await;
    }
    portal.advance("retention", "40d").await;
    portal.advance("purged", "90d").await;
    portal.subscriber("due", "starter").await;
    portal.card("due", "pm_card_chargeCustomerFail").await;
    portal.advance("due", "1mo").await;
    for (id, words, buttons) in [
        ("none", "You have no plan yet.", 3),
        ("canceling", "Starter is cancelled and ends on 28 February 2026.", 0),
        ("retention", "Starter ended on 28 February 2026.", 3),
        ("purged", "your files are deleted", 3),
        ("due", "Your last payment of $29.00 failed. Pay it first", 0),
    ] {
        let mut browser = portal.sign_in(id).await;
        let page = browser.page("/portal/plan").await;
        assert!(page.one("main").text().contains(words), "{id}: {}", page.text());
        assert_eq!(page.select("[data-preview]").len(), buttons, "{id}");
        browser.get(UP).await.html();
    }
}
