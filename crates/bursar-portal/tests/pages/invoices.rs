//! `/portal/invoices`

use serde_json::json;

use crate::portal::TestPortal;

#[tokio::test]
async fn every_document_is_listed_with_its_file() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.post("/v1/accounts/ada/topups", json!({"pack": "small"})).await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal/invoices").await;
    assert_eq!(
        page.texts(".documents li"),
        [
            "INV-2026-000002 Small pack, 100 credits 31 January 2026 paid 31 January 2026 · Visa •••• 4242 \
             $10.00 Paid PDF of INV-2026-000002",
            "INV-2026-000001 Starter plan, monthly 31 January 2026 paid 31 January 2026 · Visa •••• 4242 \
             $29.00 Paid PDF of INV-2026-000001",
        ]
    );
    let file = page.select(".documents a")[0].attr("href").to_owned();
    let reply = browser.get(&file).await;
    assert_eq!(reply.status.as_u16(), 200);
    assert_eq!(reply.header("content-type"), "application/pdf");
    assert_eq!(reply.header("content-disposition"), "attachment; filename=\"INV-2026-000002.pdf\"");
    assert!(reply.body.starts_with(b"%PDF-"));
    for path in ["/portal/invoices/inv_9.pdf", "/portal/invoices/inv_1", "/portal/invoices/x.pdf"] {
        let reply = browser.get(path).await;
        assert_eq!(reply.status.as_u16(), 404, "{path}");
        reply.html();
    }
    portal.account("eve").await;
    let mut eve = portal.sign_in("eve").await;
    assert_eq!(eve.get(&file).await.status.as_u16(), 404);
    let page = eve.page("/portal/invoices").await;
    assert!(page.one("main").text().contains("No invoices yet."));
}

#[tokio::test]
async fn what_is_taken_back_is_a_credit_note_below_zero() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.post("/v1/accounts/ada/subscription/refund", json!({})).await;
    let page = portal.sign_in("ada").await.page("/portal/invoices").await;
    let rows = page.texts(".documents li");
    assert!(rows[0].starts_with("CN-2026-000001 Taken back: Starter plan, monthly"), "{rows:?}");
    assert!(rows[0].contains("−$29.00 Credit note"), "{rows:?}");
    assert!(rows[1].contains("Taken back"), "{rows:?}");
}

#[tokio::test]
async fn an_unpaid_invoice_can_be_paid() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.card("ada", "pm_card_chargeCustomerFail").await;
    portal.advance("ada", "1mo").await;
    portal.until_past_due("ada").await;
    let page = portal.sign_in("ada").await.page("/portal/invoices").await;
    let row = page.select(".documents li")[0];
    assert_eq!(row.one(".badge").text(), "Past due");
    assert_eq!(row.one("form").attr("action"), "/portal/invoices/inv_2/pay");
    assert_eq!(row.one("button").text(), "Pay $29.00");
}

#[tokio::test]
async fn a_long_history_comes_in_pages() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    for _ in 0..30 {
        portal.post("/v1/accounts/ada/topups", json!({"pack": "small"})).await;
    }
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal/invoices").await;
    assert_eq!(page.select(".documents li").len(), 24);
    let older = page.select("a").into_iter().find(|a| a.text() == "Older").unwrap().attr("href");
    let page = browser.page(older).await;
    assert_eq!(page.select(".documents li").len(), 7);
}
