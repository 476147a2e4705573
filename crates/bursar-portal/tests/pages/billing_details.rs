//! `/portal/billing-details`

use serde_json::json;

use crate::portal::TestPortal;

const HERE: &str = "/portal/billing-details";

#[tokio::test]
async fn details_are_kept_for_future_documents() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let mut browser = portal.sign_in("ada").await;
    let page = browser.page(HERE).await;
    let filled = [
        ("name", "Ada Lovelace"),
        ("company", "Analytical <Engines>"),
        ("address", "Hauptstraße 1\r\n\r\n10115 Berlin"),
        ("country", "DE"),
        ("vat_id", "de 123.456-789"),
    ];
    let reply = browser.submit(&page, HERE, &filled).await;
    assert_eq!(reply.location(), HERE);
    let page = browser.page(HERE).await;
    assert!(page.one("[role=status]").text().starts_with("Saved."));
    assert_eq!(page.one("[name=company]").attr("value"), "Analytical <Engines>");
    assert_eq!(page.one("[name=vat_id]").attr("value"), "DE123456789");
    assert_eq!(page.one("[name=country] [selected]").text(), "Germany");
    let kept = portal.get("/v1/accounts/ada/billing_details").await;
    assert_eq!(kept["address"], json!(["Hauptstraße 1", "10115 Berlin"]));
}

#[tokio::test]
async fn what_is_wrong_is_said_and_nothing_is_lost() {
    let portal = TestPortal::new().await;
    portal.account("ada").await;
    let mut browser = portal.sign_in("ada").await;
    let long = "x".repeat(201);
    for (field, value, said) in [
        ("vat_id", "123", "like DE123456789"),
        ("vat_id", "FR12345678901", "must begin with the code of the country"),
        ("country", "ZZ", "from the list"),
        ("name", &long, "The name: a line has at most 200 bytes"),
        ("address", "1\n2\n3\n4\n5\n6\n7", "The address has 7 lines; there is room for 6."),
    ] {
        let page = browser.page(HERE).await;
        let country = [("country", "DE"), ("company", "Kept")];
        let mut fields: Vec<_> = country.into_iter().filter(|(name, _)| *name != field).collect();
        fields.push((field, value));
        let reply = browser.submit(&page, HERE, &fields).await;
        assert_eq!(reply.status.as_u16(), 422, "{field} {value}");
        let page = reply.html();
        assert!(page.one("[role=alert]").text().contains(said), "{}", page.text());
        assert_eq!(page.one("[name=company]").attr("value"), "Kept");
    }
    assert_eq!(portal.get("/v1/accounts/ada/billing_details").await["company"], json!(null));
}
