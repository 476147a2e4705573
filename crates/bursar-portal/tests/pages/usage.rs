//! `/portal/usage`, `/portal/usage.csv`, `/portal/usage/receipts/…`

use serde_json::{Value, json};

use crate::html::Element;
use crate::portal::{Browser, TestPortal};

async fn hold(portal: &TestPortal, body: Value) -> String {
    let hold = portal.post("/v1/accounts/ada/holds", body).await;
    hold["id"].as_str().unwrap().to_owned()
}

async fn end(portal: &TestPortal, hold: &str, how: &str, body: Value) {
    portal.post(&format!("/v1/accounts/ada/holds/{hold}/{how}"), body).await;
}

async fn receipt(browser: &mut Browser<'_>, spend: &str) -> Element {
    browser.page(&format!("/portal/usage/receipts/{spend}")).await
}

#[tokio::test]
async fn a_line_says_time_operation_model_quality_units_credits_and_balance() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.post("/v1/accounts/ada/charges", json!({"operation": "image"})).await;
    let page = portal.sign_in("ada").await.page("/portal/usage").await;
    let rows = page.texts(".lines tbody tr");
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(rows[0].starts_with("31 January 2026 10:00 UTC Image Charged"), "{}", rows[0]);
    assert!(rows[0].contains("3 variations"), "{}", rows[0]);
    assert_eq!(rows[1], "31 January 2026 10:00 UTC Monthly credits Issued +400 400");
    let balance = page.one(".balance").text();
    let after = rows[0].rsplit(' ').next().unwrap();
    assert!(balance.starts_with(&format!("{after} credits")), "{balance}, {}", rows[0]);
}

#[tokio::test]
async fn what_was_spent_is_added_up_by_operation() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "studio").await;
    let mut browser = portal.sign_in("ada").await;
    let spent = |page: &Element| page.one("[aria-labelledby=spent-title]").one(".big").text();
    let page = browser.page("/portal/usage").await;
    assert_eq!(spent(&page), "0 credits");
    assert!(page.select(".chart").is_empty());
    let one = hold(&portal, json!({"credits": 100, "reason": "a film"})).await;
    end(&portal, &one, "capture", json!({"credits": 60})).await;
    let two = hold(&portal, json!({"credits": 50, "reason": "another"})).await;
    end(&portal, &two, "release", json!({})).await;
    hold(&portal, json!({"credits": 500, "reason": "runs"})).await;
    let image = portal.post("/v1/accounts/ada/charges", json!({"operation": "image"})).await;
    let refund = portal.spend("ada", 30).await;
    let id = refund["id"].as_str().unwrap();
    portal.post(&format!("/v1/accounts/ada/charges/{id}/refund"), json!({})).await;
    let image = image["credits"].as_i64().unwrap();
    let page = browser.page("/portal/usage").await;
    assert_eq!(spent(&page), format!("{} credits", 60 + image));
    let rows = page.one("[aria-labelledby=spent-title]").texts("tbody tr");
    assert_eq!(rows.len(), 2);
    assert!(rows[0].starts_with("Everything else 2 60 "), "{rows:?}");
    assert!(rows[1].starts_with(&format!("Image 1 {image} ")), "{rows:?}");
    assert!(page.one("#days-desc").text().contains("Everything else: 60"));
    assert_eq!(page.one(".chart").select("rect").len(), 2);
}

#[tokio::test]
async fn usage_is_looked_at_by_month_and_operation_and_in_pages() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "studio").await;
    for _ in 0..60 {
        portal.spend("ada", 1).await;
    }
    portal.post("/v1/accounts/ada/charges", json!({"operation": "image"})).await;
    portal.advance("ada", "2d").await;
    portal.spend("ada", 7).await;
    let mut browser = portal.sign_in("ada").await;
    let lines = |page: &Element| page.select(".lines tbody tr").len();
    let page = browser.page("/portal/usage").await;
    assert_eq!(lines(&page), 1, "only this month's");
    assert_eq!(page.texts("select option")[..2], ["February 2026", "January 2026"]);
    let page = browser.page("/portal/usage?month=2026-01").await;
    assert_eq!(lines(&page), 50);
    assert_eq!(page.one("#spent-title").text(), "Spent in January 2026");
    let older = page.select("a").into_iter().find(|a| a.text() == "Older").unwrap().attr("href");
    let page = browser.page(older).await;
    assert_eq!(lines(&page), 12, "62 lines in January");
    assert!(page.select("a").iter().all(|a| a.text() != "Older"));
    let page = browser.page("/portal/usage?month=2026-01&operation=image").await;
    assert_eq!(lines(&page), 1);
    let chosen: Vec<_> = page.select("[selected]").iter().map(|it| it.attr("value")).collect();
    assert_eq!(chosen, ["2026-01", "image"]);
    let page = browser.page("/portal/usage?month=2026-01&operation=other").await;
    assert_eq!(lines(&page), 50);
    for month in ["2026-03", "nonsense", "9999-99"] {
        let reply = browser.get(&format!("/portal/usage?month={month}")).await;
        assert_eq!(reply.status.as_u16(), 404, "{month}");
        reply.html();
    }
    assert_eq!(browser.get("/portal/usage?before=x&operation=%3Cb%3E").await.status.as_u16(), 200);
}

#[tokio::test]
async fn usage_is_a_file_for_spreadsheets() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "studio").await;
    let body = json!({"credits": 1, "reason": "=HYPERLINK(\"x\"), a \"quote\"", "reference": "+1"});
    portal.post("/v1/accounts/ada/charges", body).await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal/usage").await;
    let link = page.select("a").into_iter().find(|a| a.text() == "Download CSV").unwrap();
    let reply = browser.get(link.attr("href")).await;
    assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8");
    let name = "attachment; filename=\"usage-2026-01.csv\"";
    assert_eq!(reply.header("content-disposition"), name);
    let text = reply.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].starts_with("time,kind,operation,model,quality,units,credits,balance_after"));
    let charge = "2026-01-31T10:00:00Z,charge,,,,,-1,2999,0,\"'=HYPERLINK(\"\"x\"\"), a \"\"quote\"\"\",'+1,charge_";
    assert!(lines[1].starts_with(charge), "{}", lines[1]);
    assert!(
        lines[2].starts_with("2026-01-31T10:00:00Z,allowance,,,,,3000,3000,0,"),
        "{}",
        lines[2]
    );
    let of_images = browser.get("/portal/usage.csv?operation=image").await.text();
    assert_eq!(of_images.lines().count(), 1);
}

/// However many lines, and none twice.
#[tokio::test]
async fn a_long_file_comes_in_parts() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "studio").await;
    for _ in 0..1_100 {
        portal.spend("ada", 1).await;
    }
    let mut browser = portal.sign_in("ada").await;
    let text = browser.get("/portal/usage.csv").await.text();
    let versions: std::collections::HashSet<&str> =
        text.lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!((text.lines().count(), versions.len()), (1_102, 1_101));
}

#[tokio::test]
async fn a_failed_job_is_not_charged_and_says_so() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let id = hold(&portal, json!({"credits": 80, "reason": "a film"})).await;
    let mut browser = portal.sign_in("ada").await;
    let page = receipt(&mut browser, &id).await;
    assert_eq!(page.one(".outcome").text(), "80 credits are held while it runs.");
    end(&portal, &id, "release", json!({"reason": "the model failed"})).await;
    let page = receipt(&mut browser, &id).await;
    assert_eq!(
        page.one(".outcome").text(),
        "Not charged. 80 credits returned. Reason: the model failed"
    );
    assert_eq!(page.one(".badge").text(), "Not charged");
    assert_eq!(
        page.texts("[aria-labelledby=steps-title] tbody tr"),
        [
            "31 January 2026, 10:00 UTC Held 80 credits 400 −80 320",
            "31 January 2026, 10:00 UTC Not charged, returned 80 credits 320 +80 400",
        ]
    );
    assert!(page.select("#lots-title").is_empty());
}

#[tokio::test]
async fn a_receipt_explains_hold_capture_rate_and_lots() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let id = hold(&portal, json!({"operation": "video", "units": 8, "reference": "job-7"})).await;
    end(&portal, &id, "capture", json!({"units": 5})).await;
    let mut browser = portal.sign_in("ada").await;
    let page = receipt(&mut browser, &id).await;
    assert_eq!(page.one("h1").text(), "Video Generation");
    let facts = page.texts("dl div");
    let has =
        |start: &str| assert!(facts.iter().any(|it| it.starts_with(start)), "{start} in {facts:?}");
    for fact in [
        "Model ",
        "Quality ",
        "Rate ",
        "Rate card ",
        "Held ",
        "Charged ",
        "Returned ",
        "Reference job-7",
        "Asked for 8 seconds",
    ] {
        has(fact);
    }
    let steps = page.texts("[aria-labelledby=steps-title] tbody tr");
    assert!(steps[1].contains("Charged") && steps[1].contains("returned"), "{steps:?}");
    let lots = page.texts("[aria-labelledby=lots-title] tbody tr");
    assert!(lots[0].starts_with("Monthly credits 28 February 2026 "), "{lots:?}");
}

#[tokio::test]
async fn a_charge_that_was_refunded_says_so() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let charge = portal.spend("ada", 80).await;
    let id = charge["id"].as_str().unwrap();
    let mut browser = portal.sign_in("ada").await;
    assert_eq!(receipt(&mut browser, id).await.one(".outcome").text(), "80 credits charged.");
    portal.post(&format!("/v1/accounts/ada/charges/{id}/refund"), json!({})).await;
    let page = receipt(&mut browser, id).await;
    assert_eq!(page.one(".outcome").text(), "80 credits charged, 80 credits refunded.");
    assert_eq!(page.one(".badge").text(), "Refunded");
}

#[tokio::test]
async fn nobody_sees_another_s_receipt() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.account("eve").await;
    let charge = portal.spend("ada", 80).await;
    let mut eve = portal.sign_in("eve").await;
    for id in [charge["id"].as_str().unwrap(), "nonsense", "hold_00000000000000000000000000000000"]
    {
        let reply = eve.get(&format!("/portal/usage/receipts/{id}")).await;
        assert_eq!(reply.status.as_u16(), 404);
        assert!(!reply.text().contains("80 credits"));
        reply.html();
    }
}
