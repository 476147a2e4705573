//! `/portal`

use serde_json::json;

use crate::html::Element;
use crate::portal::TestPortal;

/// The facts of the plan: label and value.
fn facts(page: &Element) -> Vec<String> {
    page.one("[aria-labelledby=plan-title]").texts("dl div")
}

fn badge(page: &Element) -> String {
    page.one("[aria-labelledby=plan-title]").one(".badge").text()
}

#[tokio::test]
async fn an_active_plan_shows_its_next_charge_with_date_and_card() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let page = portal.sign_in("ada").await.page("/portal").await;
    assert_eq!(page.one(".balance").text(), "400 credits · held");
    assert!(page.one("[data-live-held]").has("hidden"));
    assert_eq!(badge(&page), "Active");
    assert_eq!(
        facts(&page),
        ["Next charge $29.00 28 February 2026 · Visa •••• 4242", "Credits each month 400"]
    );
    let balance = page.one("[aria-labelledby=balance-title]");
    assert_eq!(balance.one(".big").text(), "400 to spend");
    assert_eq!(balance.texts(".legend li"), ["Monthly credits 400 refreshes 28 February"]);
    let all = balance.text();
    assert!(all.contains("Refreshes 28 February 2026 to 400 credits."), "{all}");
    assert!(page.select(".banner").is_empty());
    assert!(page.select(".ways").is_empty());
}

#[tokio::test]
async fn the_balance_is_shown_by_class_and_what_is_held() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.post("/v1/accounts/ada/topups", json!({"pack": "small"})).await;
    let body = json!({"credits": 50, "class": "promo", "reason": "x", "expires_at": "2026-03-10T00:00:00Z"});
    portal.post("/v1/accounts/ada/credits", body).await;
    portal.post("/v1/accounts/ada/holds", json!({"credits": 80, "reason": "a film"})).await;
    let page = portal.sign_in("ada").await.page("/portal").await;
    assert_eq!(page.one(".balance").text(), "470 credits · 80 held");
    let balance = page.one("[aria-labelledby=balance-title]");
    assert_eq!(
        balance.texts(".legend li"),
        [
            "Monthly credits 320 refreshes 28 February",
            "Promotional credits 50 expires 10 March",
            "Bought credits 100 never expires",
            "Held 80 reserved by jobs that are running",
        ]
    );
    assert_eq!(
        balance.texts("tbody tr"),
        [
            "Monthly credits 320 80 28 February 2026",
            "Promotional credits 50 0 10 March 2026",
            "Bought credits 100 0 never",
        ]
    );
    // Nothing of the month's credits is gone, so the bar is full.
    let bar = balance.one(".bar");
    let widths: i64 =
        bar.select("rect").iter().map(|it| it.attr("width").parse::<i64>().unwrap()).sum();
    assert_eq!((bar.select("rect").len(), widths), (4, 1_000));
    let jobs = page.one("[aria-labelledby=jobs-title]");
    assert_eq!(jobs.texts("tbody tr"), ["a film 80 10:00 UTC 10:15 UTC"]);
}

#[tokio::test]
async fn low_credits_have_three_ways_on() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let mut browser = portal.sign_in("ada").await;
    portal.spend("ada", 360).await;
    assert!(browser.page("/portal").await.select(".ways").is_empty(), "a tenth is left");
    portal.spend("ada", 1).await;
    let page = browser.page("/portal").await;
    assert_eq!(page.texts(".ways h3"), ["Top up", "Upgrade", "Wait until 28 February"]);
    assert_eq!(page.texts(".ways a"), ["Buy credits", "Compare plans"]);
    let banner = page.one(".banner").text();
    assert_eq!(banner, "39 credits left 400 credits come on 28 February 2026. Buy credits");
    let rect = page.one(".bar rect");
    assert_eq!(rect.attr("width"), "97", "39 of 400 are left");
    portal.spend("ada", 39).await;
    let page = browser.page("/portal/usage").await;
    assert!(page.one(".banner").text().starts_with("You have no credits left"));
}

#[tokio::test]
async fn the_pace_of_the_week_explains_when_credits_run_out() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let mut browser = portal.sign_in("ada").await;
    let outlook = |page: &Element| page.one("[aria-labelledby=course-title]").select("p")[0].text();
    let page = browser.page("/portal").await;
    assert_eq!(outlook(&page), "Nothing was spent this week, so nothing runs out.");
    for _ in 0..5 {
        portal.advance("ada", "1d").await;
        portal.spend("ada", 40).await;
    }
    let page = browser.page("/portal").await;
    assert_eq!(
        outlook(&page),
        "At this week's pace (40 credits a day) your credits run out on 10 February 2026."
    );
    assert_eq!(page.one("#burn-desc").text(), outlook(&page));
    assert!(page.one(".clock").text().contains("5 February 2026, 10:00 UTC"));
    let days = page.one("[aria-labelledby=course-title]").texts("tbody tr");
    assert_eq!(days[..2], ["5 February 2026 200", "4 February 2026 240"]);
    // What a hold only reserves isn't spent.
    portal.post("/v1/accounts/ada/holds", json!({"credits": 100, "reason": "a film"})).await;
    let page = browser.page("/portal").await;
    assert!(outlook(&page).starts_with("At this week's pace (40 credits a day)"));
    portal.advance("ada", "6d").await;
    let page = browser.page("/portal").await;
    assert_eq!(
        outlook(&page),
        "At this week's pace (11 credits a day) your credits last until they refresh on 28 February."
    );
}

#[tokio::test]
async fn a_scheduled_downgrade_says_when_and_can_be_undone() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "studio").await;
    let body = json!({"plan": "starter", "interval": "month"});
    portal.post("/v1/accounts/ada/subscription", body).await;
    let page = portal.sign_in("ada").await.page("/portal").await;
    let waits = page.one(".waits");
    assert!(
        waits.text().starts_with("Changes to Starter, paid by the month, on 28 February 2026."),
        "{}",
        waits.text()
    );
    let form = waits.one("form");
    assert_eq!((form.attr("method"), form.attr("action")), ("post", "/portal/plan/undo"));
    assert_eq!(form.one("button").text(), "Keep Studio");
    assert_eq!(facts(&page)[0], "Next charge $29.00 28 February 2026 · Visa •••• 4242");
    let balance = page.one("[aria-labelledby=balance-title]").text();
    assert!(balance.contains("Refreshes 28 February 2026 to 400 credits."), "{balance}");
}

#[tokio::test]
async fn a_cancelled_plan_says_how_long_it_lasts() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.post("/v1/accounts/ada/subscription/cancel", json!({})).await;
    let page = portal.sign_in("ada").await.page("/portal").await;
    assert_eq!(badge(&page), "Ending");
    assert_eq!(
        facts(&page)[..2],
        [
            "Access until 28 February 2026 nothing more is charged",
            "Final charge $29.00 paid on 31 January 2026",
        ]
    );
    assert_eq!(
        page.one(".banner").text(),
        "Starter ends on 28 February 2026 Everything works until then, and nothing more is charged. \
         Resume plan"
    );
    let comes = page.texts(".points .comes");
    assert_eq!(comes, ["28 February 2026 Plan ends, files are kept"]);
}

#[tokio::test]
async fn after_the_end_the_countdown_runs_and_then_files_are_gone() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.post("/v1/accounts/ada/topups", json!({"pack": "small"})).await;
    portal.post("/v1/accounts/ada/subscription/cancel", json!({})).await;
    portal.advance("ada", "31d").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page("/portal").await;
    assert_eq!(badge(&page), "Ended");
    assert_eq!(
        facts(&page),
        [
            "Ended 28 February 2026 nothing more is charged",
            "Files are kept until 30 March 2026 27 days left",
        ]
    );
    assert_eq!(
        page.texts("[aria-labelledby=plan-title] .actions a"),
        ["Choose a plan", "Export all files"]
    );
    let legend = page.texts(".legend li");
    assert_eq!(legend, ["Bought credits 100 waits for your next plan"]);
    assert!(page.one(".banner").text().contains("Your files are kept until 30 March 2026"));
    portal.advance("ada", "1mo").await;
    let page = browser.page("/portal").await;
    assert_eq!(badge(&page), "Deleted");
    let plan = page.one("[aria-labelledby=plan-title]").text();
    assert!(plan.contains("Your files were deleted on 30 March 2026."), "{plan}");
}

#[tokio::test]
async fn a_payment_that_failed_is_on_every_page() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    portal.card("ada", "pm_card_chargeCustomerFail").await;
    portal.advance("ada", "1mo").await;
    let mut browser = portal.sign_in("ada").await;
    portal.until_past_due("ada").await;
    let page = browser.page("/portal").await;
    assert_eq!(badge(&page), "Past due");
    let facts = facts(&page);
    assert!(facts[0].starts_with("Payment due $29.00 next attempt 1 March 2026"), "{facts:?}");
    assert!(facts[1].starts_with("Ends unless paid 7 March 2026"), "{facts:?}");
    for path in ["/portal", "/portal/usage", "/portal/invoices"] {
        let page = browser.page(path).await;
        let banner = page.select(".banner")[0].text();
        assert_eq!(
            banner,
            "Your payment of $29.00 failed We try again on 1 March 2026. Unless it is paid, your plan \
             ends on 7 March 2026. Pay now"
        );
    }
}

#[tokio::test]
async fn without_a_plan_there_is_a_way_to_one() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let page = portal.sign_in("ada").await.page("/portal").await;
    assert_eq!(badge(&page), "No plan");
    assert_eq!(page.one("[aria-labelledby=plan-title]").one("a").attr("href"), "/portal/plan");
    assert!(page.select("#course-title").is_empty());
    assert!(page.select("#storage-title").is_empty());
}

#[tokio::test]
async fn a_first_payment_that_waits_is_told() {
    let portal = TestPortal::new().await;
    portal.payer("ada", "pm_card_authenticationRequired").await;
    let body = json!({"plan": "starter", "interval": "month"});
    portal.post("/v1/accounts/ada/subscription", body).await;
    let page = portal.sign_in("ada").await.page("/portal").await;
    assert_eq!(badge(&page), "Payment outstanding");
    assert!(
        facts(&page)[0].starts_with("First payment $29.00 confirm until"),
        "{:?}",
        facts(&page)
    );
}

#[tokio::test]
async fn the_timeline_has_what_has_been_and_what_comes() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let body = json!({"plan": "studio", "interval": "month"});
    portal.post("/v1/accounts/ada/subscription", body).await;
    portal.advance("ada", "1mo").await;
    portal.until_paid("ada").await;
    let page = portal.sign_in("ada").await.page("/portal").await;
    assert_eq!(
        page.texts(".points tbody tr"),
        [
            "31 January 2026 Subscribed to Starter",
            "31 January 2026 Upgraded to Studio",
            "28 February 2026 Studio renewed",
            "31 March 2026 Renews for $199.00, credits refresh",
        ]
    );
    assert_eq!(page.select(".timeline circle").len(), 4);
}

#[tokio::test]
async fn recent_activity_has_each_job_once_with_what_it_cost() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let hold = |reason: &str| json!({"credits": 80, "reason": reason});
    let place = |reason: &'static str| portal.post("/v1/accounts/ada/holds", hold(reason));
    let (one, two) = (place("done").await, place("failed").await);
    place("runs").await;
    let path = |hold: &serde_json::Value, how: &str| {
        format!("/v1/accounts/ada/holds/{}/{how}", hold["id"].as_str().unwrap())
    };
    portal.post(&path(&one, "capture"), json!({"credits": 60})).await;
    portal.post(&path(&two, "release"), json!({})).await;
    let page = portal.sign_in("ada").await.page("/portal").await;
    let at = "31 January 2026, 10:00 UTC";
    assert_eq!(
        page.texts(".recent li"),
        [
            format!("failed Not charged, 80 returned {at} 0"),
            format!("done Charged 60 {at} −60"),
            format!("runs Held {at} −80"),
            format!("Monthly credits Issued {at} +400"),
        ]
    );
}

#[tokio::test]
async fn storage_is_shown_by_kind_with_the_largest_files() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    for (kind, name, size) in [
        ("video", "a.mp4", 900_000_000),
        ("image", "b.png", 1_000_000),
        ("video", "<b>c</b>.mp4", 500_000_000),
        ("image", "d.png", 2_000_000),
    ] {
        let media_type = if kind == "video" { "video/mp4" } else { "image/png" };
        let body = json!({"kind": kind, "name": name, "size": size, "media_type": media_type, "external": true});
        portal.post("/v1/accounts/ada/assets", body).await;
    }
    let page = portal.sign_in("ada").await.page("/portal").await;
    let storage = page.one("[aria-labelledby=storage-title]");
    assert_eq!(
        storage.texts(".legend li"),
        ["Images 3 MB", "Videos 1.4 GB", "Free 597 MB of 2 GB"]
    );
    assert_eq!(storage.texts(".large li"), ["a.mp4 900 MB", "<b>c</b>.mp4 500 MB", "d.png 2 MB"]);
    assert_eq!(storage.one("#donut-desc").text(), "1.4 GB used of 2 GB, 70 percent.");
}
