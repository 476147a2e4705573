use crate::app::App;

#[tokio::test]
async fn the_docs_page_asks_nobody_else() {
    let app = App::new().await;
    let reply = app.get("/docs").secret(None).send().await;
    let page = String::from_utf8(reply.body.clone()).unwrap();
    assert!(reply.header("content-security-policy").contains("script-src 'self';"));
    assert!(!page.contains("//"), "{page}");
    let sources = page.split(['"', '\'']).filter(|text| text.starts_with("docs/"));
    for source in sources {
        let reply = app.get(&format!("/{source}")).secret(None).send().await;
        assert!(reply.status.is_success() && !reply.body.is_empty(), "{source}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert!(!reply.header("content-type").is_empty());
    }
    app.get("/docs/nothing.js").send().await.problem(404, "route_not_found");
}

#[tokio::test]
async fn the_document_is_served_with_its_etag() {
    let app = App::new().await;
    let reply = app.get("/openapi.json").secret(None).send().await;
    assert_eq!(reply.expect(200)["openapi"], "3.1.0");
    let tag = reply.header("etag");
    let known = app.get("/openapi.json").header("If-None-Match", tag).send().await;
    assert_eq!(known.status.as_u16(), 304);
}
