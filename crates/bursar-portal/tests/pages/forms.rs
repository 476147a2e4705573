//! Forms that aren't ours, or are sent with nonsense: nothing happens, and a page says so.

use crate::html::Element;
use crate::portal::{Browser, TestPortal};

/// Every form's address, with the page that it stands on.
const FORMS: [(&str, &str); 13] = [
    ("/portal/credits", "/portal/credits"),
    ("/portal/credits", "/portal/credits/auto-top-up"),
    ("/portal/credits", "/portal/credits/auto-top-up/off"),
    ("/portal/plan/preview?plan=studio&interval=month", "/portal/plan"),
    ("/portal/plan", "/portal/plan/undo"),
    ("/portal/cancel", "/portal/cancel"),
    ("/portal/cancel", "/portal/resume"),
    ("/portal/past-due", "/portal/invoices/inv_1/pay"),
    ("/portal/billing-details", "/portal/billing-details"),
    ("/portal/storage", "/portal/storage/delete"),
    ("/portal/payment-methods", "/portal/payment-methods/add"),
    ("/portal/payment-methods", "/portal/payment-methods/default"),
    ("/portal/payment-methods", "/portal/payment-methods/remove"),
];

const HOSTILE: [&str; 6] = [
    "\"><script>alert(1)</script>",
    "\u{202e}txt\u{0}\r\n",
    "🎬🎬🎬",
    "-1",
    "99999999999999999999999999",
    "../../etc/passwd",
];

fn mark(page: &Element) -> String {
    page.select("form [name=mark]")[0].attr("value").to_owned()
}

async fn version(portal: &TestPortal) -> u64 {
    portal.get("/v1/accounts/ada").await["version"].as_u64().unwrap()
}

#[tokio::test]
async fn forms_of_others_do_nothing() {
    let portal = TestPortal::new().await;
    portal.subscriber("ada", "starter").await;
    let mut browser = portal.sign_in("ada").await;
    let mark = mark(&browser.page("/portal").await);
    let before = version(&portal).await;
    for (_, action) in FORMS {
        let fields = |mark: &str| [("mark".to_owned(), mark.to_owned())];
        for mark in ["", "x"] {
            let reply = browser.post(action, &fields(mark)).await;
            assert_eq!(reply.status.as_u16(), 403, "{action}");
            reply.html();
        }
        browser.headers = vec![("origin", "https://evil.example".to_owned())];
        let reply = browser.post(action, &fields(&mark)).await;
        assert_eq!(reply.status.as_u16(), 403, "{action} from elsewhere");
        browser.headers.clear();
    }
    assert_eq!(version(&portal).await, before);
}

async fn send(browser: &mut Browser<'_>, action: &str, mark: &str, value: &str) -> u16 {
    let names = [
        "pack",
        "plan",
        "interval",
        "preview",
        "threshold",
        "cap",
        "reason",
        "method",
        "back",
        "asset",
        "order",
        "country",
        "vat_id",
        "address",
    ];
    let mut fields: Vec<_> =
        names.iter().map(|name| ((*name).to_owned(), value.to_owned())).collect();
    fields.push(("mark".to_owned(), mark.to_owned()));
    let reply = browser.post(action, &fields).await;
    let status = reply.status.as_u16();
    if status != 303 {
        let text = reply.text();
        reply.html();
        assert!(!text.contains("<script>alert"), "{action}: {value} is not escaped");
    }
    status
}

#[tokio::test]
async fn nonsense_is_refused_with_a_page() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let mut browser = portal.sign_in("ada").await;
    let mark = mark(&browser.page("/portal").await);
    for (page, action) in FORMS {
        for value in HOSTILE {
            let status = send(&mut browser, action, &mark, value).await;
            assert!(matches!(status, 303 | 402 | 404 | 409 | 422), "{action} {value}: {status}");
            let query: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            let at = page.split('?').next().unwrap();
            let path = format!(
                "{at}?pack={query}&plan={query}&interval={query}&back={query}&order={query}&after={query}"
            );
            let reply = browser.get(&path).await;
            assert!(matches!(reply.status.as_u16(), 200 | 303 | 422), "{path}: {}", reply.status);
            assert!(!reply.text().contains("<script>alert"), "{path}");
        }
    }
}
