//! `/portal/credits` and the page of a payment

use bursar_store::Store;

use crate::html::Element;
use crate::portal::{Browser, Reply, TestPortal};

const AUTO: &str = "/portal/credits/auto-top-up";

async fn balance(portal: &TestPortal, id: &str) -> String {
    let account = portal.store.account(&id.parse().unwrap()).await.unwrap().unwrap();
    account.available().to_string()
}

/// Sends the form of a page and follows where it leads.
async fn buy(browser: &mut Browser<'_>, page: &Element) -> Element {
    let reply = browser.submit(page, "/portal/credits", &[]).await;
    assert_eq!(reply.status.as_u16(), 303, "{}", reply.text());
    browser.page(reply.location()).await
}

#[tokio::test]
async fn packs_are_bought_and_the_balance_moves_at_once() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal/credits?pack=large").await;
    let packs = page.texts(".pack");
    assert_eq!(packs[0], "100 credits Small $10.00 $10.00 per 100");
    assert_eq!(packs[3], "2,500 credits XL $150.00 $6.00 per 100 Save 40%");
    assert_eq!(page.one("[aria-current=true]").text(), packs[2]);
    assert!(page.texts(".uses li").contains(&"20 × Video Generation (5 seconds)".to_owned()));
    assert_eq!(page.one(".order button").text(), "Pay $75.00");
    assert_eq!(page.one(".bill tfoot").text(), "Due now $75.00");
    assert!(page.one(".order").text().contains("Paid with Visa •••• 4242."));

    let done = buy(&mut browser, &page).await;
    assert_eq!(done.one("h1").text(), "Your payment went through");
    assert!(done.one("main").text().contains("You can spend 1,400 credits now."));
    assert_eq!(done.one(".balance").text(), "1,400 credits · held");
    assert!(done.one(".facts a").attr("href").ends_with(".pdf"));
}

#[tokio::test]
async fn a_double_click_pays_once() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal/credits?pack=small").await;
    let first = buy(&mut browser, &page).await;
    let again = buy(&mut browser, &page).await;
    assert_eq!(first.one(".facts").text(), again.one(".facts").text());
    assert_eq!(balance(&portal, "ada").await, "500");
    // A page that is made anew is another purchase.
    let page = browser.page("/portal/credits?pack=small").await;
    buy(&mut browser, &page).await;
    assert_eq!(balance(&portal, "ada").await, "600");
}

#[tokio::test]
async fn a_decline_says_why_and_leads_on() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.card("ada", "pm_card_visa_chargeDeclinedInsufficientFunds").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal/credits?pack=medium").await;
    let failed = buy(&mut browser, &page).await;
    assert_eq!(failed.one("h1").text(), "Your payment failed");
    assert!(failed.one("main").text().contains("insufficient funds"), "{}", failed.text());
    let links: Vec<_> = failed.select(".payment .button");
    assert_eq!(links[0].attr("href"), "/portal/credits?pack=medium");
    let cards = browser.page(links[1].attr("href")).await;
    assert_eq!(cards.one("[name=back]").attr("value"), "/portal/credits?pack=medium");
    assert_eq!(balance(&portal, "ada").await, "400");
}

#[tokio::test]
async fn a_bank_that_asks_is_asked() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.card("ada", "pm_card_authenticationRequired").await;
    let mut browser = portal.sign_in("ada").await;
    for (answer, title, credits) in
        [("fail", "Your payment failed", "400"), ("approve", "Your payment went through", "700")]
    {
        let page = browser.page("/portal/credits?pack=medium").await;
        let reply = browser.submit(&page, "/portal/credits", &[]).await;
        let bank = reply.location().to_owned();
        assert!(bank.contains("/sandbox/challenge/"), "{bank}");
        // Whoever comes back without having answered finds the way there again.
        let page = browser.page("/portal/credits").await;
        let waits = page.one(".pending a").attr("href").to_owned();
        let payment = browser.page(&waits).await;
        assert_eq!(payment.one("h1").text(), "Your bank wants you to confirm");
        assert_eq!(payment.select(".payment .button")[0].attr("href"), bank);

        let back = portal.authenticate(&bank, answer);
        let back = back.strip_prefix("http://127.0.0.1:8080").unwrap();
        assert!(back.starts_with(&waits), "{back}");
        let outcome = browser.page(back).await;
        assert_eq!(outcome.one("h1").text(), title);
        assert_eq!(balance(&portal, "ada").await, credits);
    }
}

#[tokio::test]
async fn who_can_t_buy_is_told_what_to_do() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal/credits").await;
    assert!(page.one("main").text().contains("Choose a plan first"));
    assert!(page.select("main form").is_empty());
    assert_eq!(page.one("main .card .button").attr("href"), "/portal/plan");

    portal.subscriber("eve", "starter").await;
    let mut browser = portal.sign_in("eve").await;
    let page = browser.page("/portal/credits").await;
    let reply = browser.submit(&page, "/portal/credits", &[("pack", "<script>")]).await;
    assert_eq!(reply.status.as_u16(), 422);
    assert!(reply.html().one("[role=alert]").text().starts_with("This pack isn't sold"));
}

#[tokio::test]
async fn a_payment_is_nobody_else_s() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.subscriber("eve", "starter").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal/credits").await;
    let reply = browser.submit(&page, "/portal/credits", &[]).await;
    let theirs = reply.location().to_owned();
    let mut eve = portal.sign_in("eve").await;
    for path in [theirs.as_str(), "/portal/payments/pay_1", "/portal/payments/%22%3E"] {
        assert_eq!(eve.get(path).await.status.as_u16(), 404, "{path}");
    }
}

async fn set(browser: &mut Browser<'_>, fields: &[(&str, &str)]) -> Reply {
    let page = browser.page("/portal/credits").await;
    browser.submit(&page, AUTO, fields).await
}

#[tokio::test]
async fn automatic_top_ups_are_off_until_asked_for() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal/credits").await;
    assert_eq!(page.one("#auto .badge").text(), "Off");
    for (threshold, pack, cap, said) in [
        ("", "small", "50", "must be a number"),
        ("0", "small", "50", "above 0"),
        ("many", "small", "50", "must be a number"),
        ("50", "none", "50", "isn't sold"),
        ("50", "small", "5", "One pack costs $10.00, so a monthly limit of $5.00"),
        ("50", "small", "1e9", "isn't an amount of USD"),
    ] {
        let fields = [("threshold", threshold), ("pack", pack), ("cap", cap)];
        let reply = set(&mut browser, &fields).await;
        assert_eq!(reply.status.as_u16(), 422, "{fields:?}");
        let page = reply.html();
        assert!(page.one("[role=alert]").text().contains(said), "{}", page.text());
        assert_eq!(page.one("[name=cap]").attr("value"), cap, "what was filled in stays");
    }
    let fields = [("threshold", "50"), ("pack", "small"), ("cap", "25.00")];
    let reply = set(&mut browser, &fields).await;
    assert_eq!(reply.location(), "/portal/credits");
    let page = browser.page("/portal/credits").await;
    assert!(page.one("[role=status]").text().contains("at most $25.00 a month"));
    assert_eq!(page.one("#auto .badge").text(), "On");
    assert_eq!(page.texts(".told li"), ["$0.00 of $25.00 spent this month."]);

    portal.spend("ada", 360).await;
    browser.page("/portal").await;
    portal.engine.settle(&"ada".parse().unwrap(), std::time::Duration::from_secs(5)).await.unwrap();
    let page = browser.page("/portal/credits").await;
    assert_eq!(page.texts(".told li")[0], "$10.00 of $25.00 spent this month.");
    assert_eq!(balance(&portal, "ada").await, "140");

    let reply = browser.submit(&page, "/portal/credits/auto-top-up/off", &[]).await;
    assert_eq!(reply.location(), "/portal/credits");
    let page = browser.page("/portal/credits").await;
    assert_eq!(page.one("#auto .badge").text(), "Off");
}
