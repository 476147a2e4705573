//! `/pricing`: every figure of the specification's tables, computed; and those of another catalog.

use bursar_catalog::{SCRIPTKIT, parse};
use bursar_core::catalog::Catalog;

use crate::html::Element;
use crate::portal::TestPortal;

async fn pricing(catalog: Catalog) -> Element {
    let portal = TestPortal::selling(catalog).await;
    portal.browser().page("/pricing").await
}

async fn scriptkit() -> Element {
    pricing(bursar_catalog::scriptkit().unwrap()).await
}

/// ScriptKit's catalog with edits.
fn edited(edits: &[(&str, &str)]) -> Catalog {
    let text = edits.iter().fold(SCRIPTKIT.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    parse(&text).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// The rows of a table, cell by cell.
fn rows(page: &Element, table: &str) -> Vec<Vec<String>> {
    let cells = |row: &Element| -> Vec<String> {
        let cells = row.all().into_iter().filter(|it| matches!(it.name.as_str(), "th" | "td"));
        cells.map(Element::text).collect()
    };
    page.one(table).select("tr").into_iter().map(cells).collect()
}

#[track_caller]
fn check(rows: &[Vec<String>], expected: &[&[&str]]) {
    for row in expected {
        assert!(rows.iter().any(|it| it == row), "{row:?} in {rows:#?}");
    }
}

#[tokio::test]
async fn the_plans_of_the_specification() {
    let page = scriptkit().await;
    let check = |plan: usize, expected: &[&str]| {
        let offer = page.select(".offer")[plan].text();
        for text in expected {
            assert!(offer.contains(text), "{text} in {offer}");
        }
    };
    check(0, &["Starter", "$29 a month", "$26 a month", "$313 a year", "you save $35"]);
    check(0, &["400 credits a month", "2 GB storage"]);
    check(0, &["Image Generation", "Video Generation", "Premium AI Models"]);
    check(1, &["Professional", "Most popular", "$89 a month", "$80 a month", "$961 a year"]);
    check(1, &["1,250 credits a month", "10 GB storage", "Everything in Starter"]);
    check(1, &["Video Editor", "Regular support"]);
    check(2, &["Studio", "$199 a month", "$179 a month", "$2,149 a year"]);
    check(2, &["3,000 credits a month", "50 GB storage", "Everything in Professional"]);
    check(2, &["Advanced AI", "Priority Support"]);
    assert_eq!(page.texts(".badge"), ["Most popular"]);
    assert_eq!(page.one(".switch b").text(), "Save 10%");
    let everything = page.texts(".points li").into_iter().filter(|it| it.contains("Everything"));
    assert_eq!(everything.count(), 2, "said once for each");
}

#[tokio::test]
async fn the_feature_matrix_of_the_specification() {
    let (yes, no) = ("Yes", "– No");
    let expected: &[&[&str]] = &[
        &["Monthly", "$29", "$89", "$199"],
        &["Yearly, per month", "$26", "$80", "$179"],
        &["Yearly, in total", "$313", "$961", "$2,149"],
        &["Credits a month", "400", "1,250", "3,000"],
        &["Storage", "2 GB", "10 GB", "50 GB"],
        &["Image Generation", yes, yes, yes],
        &["Video Generation", yes, yes, yes],
        &["Premium AI Models", yes, yes, yes],
        &["Storyboard Mode", yes, yes, yes],
        &["Asset Vault", yes, yes, yes],
        &["Video Editor", no, yes, yes],
        &["Advanced AI", no, no, yes],
        &["Priority Support", no, no, yes],
    ];
    let page = scriptkit().await;
    let rows = rows(&page, ".compare");
    assert_eq!(rows[0], ["", "Starter", "Professional", "Studio"]);
    assert_eq!(rows[1..], *expected);
    let scopes = page.one(".compare").select("th").into_iter().map(|it| it.attr("scope"));
    assert!(scopes.into_iter().all(|scope| matches!(scope, "col" | "row")));
}

#[tokio::test]
async fn the_credit_costs_of_the_specification() {
    let page = scriptkit().await;
    let rows = rows(&page, ".costs");
    let costs: Vec<[&str; 2]> = rows[1..].iter().map(|row| [&*row[0], &*row[1]]).collect();
    assert_eq!(
        costs,
        [
            ["Standard Image (3 variations)", "1–2"],
            ["HD Image (3 variations)", "2–4"],
            ["Image Remix/Edit", "1–2"],
            ["Image Upscale", "1"],
            ["Video Generation (5 sec)", "50–80"],
            ["Video Export (720p)", "5"],
            ["Video Export (1080p)", "10"],
            ["Video Export (4K)", "25"],
        ]
    );
    // Starter has no longtake-3, whose five seconds cost 80: 66 is the most that its month pays for.
    assert_eq!(rows[5][2..], ["6–8", "18–25", "37–60"]);
    assert_eq!(rows[8][2..], ["16", "50", "120"]);
}

#[tokio::test]
async fn every_model_has_its_rate() {
    let page = scriptkit().await;
    check(
        &rows(&page, ".models"),
        &[
            &["Video Generation", "lantern-1", "Standard", "50–55", "10 per second", "Starter"],
            &["Video Generation", "longtake-3", "Standard", "73–80", "14.5 per second", "Studio"],
            &["Image", "ochre-1", "HD", "2", "0.6 per variation", "Starter"],
        ],
    );
    assert_eq!(rows(&page, ".models").len(), 1 + 6 + 3 + 1 + 3 + 3);
    assert_eq!(
        page.texts(".factors li"),
        ["Image, detail rich: × 1.1", "Video Generation, audio on: × 1.1"]
    );
}

#[tokio::test]
async fn the_packs_of_the_specification() {
    let page = scriptkit().await;
    assert_eq!(
        page.texts(".pack"),
        [
            "Small 100 credits $10 $0.10 per credit",
            "Medium 300 credits $25 $0.0833 per credit",
            "Large 1,000 credits $75 $0.075 per credit",
            "XL 2,500 credits $150 $0.06 per credit",
        ]
    );
    assert_eq!(
        page.texts(".terms li"),
        ["Never expire", "Are used after monthly credits", "Can be bought on any plan"]
    );
}

#[tokio::test]
async fn the_promises_follow_from_the_policies() {
    let page = scriptkit().await;
    let text = page.one(".answers").text();
    for part in [
        "unused ones don’t roll over",
        "within 7 days of the start of your first subscription",
        "preserved for 30 days",
        "An upgrade takes effect immediately",
        "A downgrade takes effect at your next billing date",
        "after 1, 3, 5 and 7 days",
        "support@scriptkit.ai",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(page.one(".tax").text(), "Prices are in USD. No tax is added.");

    let other = edited(&[
        ("retention = \"30d\"", "retention = \"60d\""),
        ("deletion_days = [14, 27]", "deletion_days = []"),
        ("first_subscription = \"7d\"", "first_subscription = \"0s\""),
        ("dunning_retry_days = [1, 3, 5, 7]", "dunning_retry_days = [1]"),
        ("burn_first = []", "burn_first = [\"topup\"]"),
        ("downgrade = \"next_billing_date\"", "downgrade = \"now\""),
    ]);
    let page = pricing(other).await;
    let text = page.one(".answers").text();
    for part in [
        "preserved for 60 days",
        "Plans are not refunded",
        "try again after 1 day;",
        "A downgrade takes effect immediately",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(page.texts(".terms li")[1], "Are used before monthly credits");
}

#[tokio::test]
async fn tax_is_told() {
    let rate = "# [[tax.rates]]\n# country = \"DE\"\n# percent = 19\n# reverse_charge = true\n";
    let taxed = rate.replace("# ", "");
    let home = ("# country = \"IE\" ", "country = \"DE\" #");
    let vat = ("name = \"Tax\" ", "name = \"VAT\" ");
    let page = pricing(edited(&[(rate, &taxed), home, vat])).await;
    let tax = page.one(".tax").text();
    assert!(
        tax.starts_with("Prices are in USD. VAT is added for buyers in Germany (19%);"),
        "{tax}"
    );
    let inclusive = ("prices = \"exclusive\"", "prices = \"inclusive\"");
    let page = pricing(edited(&[(rate, &taxed), home, vat, inclusive])).await;
    assert_eq!(page.one(".tax").text(), "Prices are in USD and include VAT where it is due.");
}

#[tokio::test]
async fn another_catalog_has_its_own_figures() {
    let tokens = parse(include_str!("../../../../catalogs/tokens.toml")).unwrap();
    let page = pricing(tokens).await;
    let compare = rows(&page, ".compare");
    check(
        &compare,
        &[
            &["", "Lite", "Plus", "Max"],
            &["Monthly", "€9", "€19", "€79"],
            &["Yearly, in total", "€90", "€190", "€799"],
            &["Storage", "500 MB", "5 GB", "50 GB"],
        ],
    );
    assert_eq!(page.one(".switch b").text(), "Save up to 16%");
    assert_eq!(
        page.texts(".pack"),
        [
            "Refill 500 credits €6 €0.012 per credit",
            "Big refill 5,000 credits €50 €0.01 per credit"
        ]
    );
    assert_eq!(rows(&page, ".costs")[1][..2], ["Input", "0.002–0.3"]);
    assert_eq!(rows(&page, ".costs")[2][..2], ["Output", "0.08–1.5"]);
    assert!(page.one(".answers").text().contains("after 2, 5 and 9 days"));
}

#[tokio::test]
async fn yen_have_no_decimals_and_dinars_three() {
    let in_currency = |code: &str| {
        let currency = format!("currency = \"{code}\"");
        edited(&[("currency = \"USD\"", &currency), ("round_to = \"1.00\"", "round_to = 1")])
    };
    let yen = SCRIPTKIT.replace("currency = \"USD\"", "currency = \"JPY\"").replace(".00\"", "\"");
    let page = pricing(parse(&yen).unwrap()).await;
    check(&rows(&page, ".compare"), &[&["Yearly, in total", "¥313", "¥961", "¥2,149"]]);
    assert!(page.texts(".pack")[0].contains("¥10 ¥0.1 per credit"), "{:?}", page.texts(".pack"));
    let page = pricing(in_currency("KWD")).await;
    check(&rows(&page, ".compare"), &[&["Monthly", "KWD 29", "KWD 89", "KWD 199"]]);
    assert!(page.texts(".pack")[0].contains("KWD 10 KWD 0.100 per credit"));
}

#[tokio::test]
async fn what_is_no_longer_sold_is_not_shown() {
    let page =
        pricing(edited(&[("key = \"starter\"\n", "key = \"starter\"\nretired = true\n")])).await;
    assert_eq!(page.texts(".offer h2"), ["Professional", "Studio"]);
    assert_eq!(rows(&page, ".compare")[0], ["", "Professional", "Studio"]);
    assert!(!page.text().contains("$29"));
}

#[tokio::test]
async fn a_catalog_of_packs_alone_is_a_page_too() {
    let text = SCRIPTKIT.replace("key = \"starter\"\n", "key = \"starter\"\nretired = true\n");
    let text = text.replace("key = \"professional\"\n", "key = \"professional\"\nretired = true\n");
    let text = text.replace("key = \"studio\"\n", "key = \"studio\"\nretired = true\n");
    let page = pricing(parse(&text).unwrap()).await;
    assert!(page.text().contains("No plan is for sale right now."));
    assert!(page.select(".compare").is_empty());
    assert_eq!(page.select(".pack").len(), 4);
}

#[tokio::test]
async fn buttons_lead_to_where_one_signs_up() {
    let page = scriptkit().await;
    let links = page.select(".go a");
    let first = "mailto:support@scriptkit.ai?subject=ScriptKit%3A%20Starter";
    assert_eq!((links.len(), links[0].attr("href")), (3, first));
    let url = "# signup_url = \"https://app.scriptkit.ai/signup\"";
    let set = "signup_url = \"https://app.scriptkit.ai/signup?from=pricing#start\"";
    let page = pricing(edited(&[(url, set)])).await;
    let links: Vec<_> = page.select(".go a").into_iter().map(|it| it.attr("href")).collect();
    let at = |plan: &str, interval: &str| {
        format!(
            "https://app.scriptkit.ai/signup?from=pricing&plan={plan}&interval={interval}#start"
        )
    };
    assert_eq!(links[..2], [at("starter", "month"), at("starter", "year")]);
    assert_eq!(links[5], at("studio", "year"));
}

#[tokio::test]
async fn either_interval_can_be_looked_at_first() {
    let portal = TestPortal::new().await;
    let check = |page: &Element, id: &str| {
        let inputs = page.select(".switch input");
        let checked: Vec<_> = inputs.into_iter().filter(|it| it.has("checked")).collect();
        assert_eq!((checked.len(), checked[0].attr("id")), (1, id));
    };
    let mut browser = portal.browser();
    check(&browser.page("/pricing").await, "by-month");
    check(&browser.page("/pricing?interval=year").await, "by-year");
    check(&browser.page("/pricing?interval=%3Cscript%3E").await, "by-month");
}

#[tokio::test]
async fn whatever_a_catalog_says_is_shown_as_text() {
    let hostile = "<script>alert(1)</script>\u{202e}\" onclick=\"x";
    let quoted = format!("name = {hostile:?}").replace("\\u{202e}", "\u{202e}");
    let page = pricing(edited(&[
        ("name = \"Starter\"", &quoted),
        ("name = \"Small\"", &quoted),
        ("name = \"Video Editor\"", &quoted),
        ("name = \"Image Upscale\"", &quoted),
    ]))
    .await;
    assert_eq!(page.select(".offer h2")[0].text(), hostile);
    assert_eq!(page.select(".pack h3")[0].text(), hostile);
    assert!(page.select("script").is_empty());
}

#[tokio::test]
async fn it_may_be_kept_for_a_while_and_is_asked_about_then() {
    let portal = TestPortal::new().await;
    let mut browser = portal.browser();
    let reply = browser.get("/pricing").await;
    assert_eq!(reply.header("cache-control"), "public, max-age=300");
    assert_eq!(reply.header("vary"), "accept-language");
    assert!(reply.header("set-cookie").is_empty());
    let tag = reply.header("etag").to_owned();
    browser.headers = vec![("if-none-match", tag.clone())];
    let again = browser.get("/pricing").await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), tag);
    browser.headers.push(("accept-language", "de-DE".to_owned()));
    let german = browser.get("/pricing").await;
    assert_eq!(german.status.as_u16(), 200);
    assert!(german.text().contains("2.149\u{a0}$"));
}
