use serde_json::json;

use crate::app::{App, START};

#[tokio::test]
async fn an_account_is_created_and_shown() {
    let app = App::new().await;
    let body = json!({
        "id": "customer-7", "name": " Ada ", "email": "ada@example.com",
        "time_zone": "Europe/Berlin", "currency": "USD"
    });
    let reply = app.post("/v1/accounts", body).send().await;
    let created = reply.expect(201);
    assert_eq!(reply.header("location"), "/v1/accounts/customer-7");
    assert_eq!(reply.header("etag"), "\"1\"");
    assert_eq!(created["name"], "Ada");
    assert_eq!(created["email"], "ada@example.com");
    assert_eq!(created["time_zone"], "Europe/Berlin");
    assert_eq!(created["created_at"], START);
    assert_eq!(created["subscription"]["state"], "none");
    assert_eq!(created["version"], 1);
    // The reply to the creation has nothing that another catalog could change.
    assert_eq!(created["features"], json!({}));
    let mut shown = app.get("/v1/accounts/customer-7").send().await.expect(200);
    assert_eq!(shown["features"]["image_generation"], false);
    shown["features"] = json!({});
    assert_eq!(shown, created);
}

#[tokio::test]
async fn a_subscriber_shows_everything_in_force() {
    let app = App::new().await;
    app.subscriber("customer-7", "starter").await;
    let shown = app.get("/v1/accounts/customer-7").send().await.expect(200);
    insta::assert_json_snapshot!(shown);
}

#[tokio::test]
async fn the_etag_saves_reading_what_is_known() {
    let app = App::new().await;
    app.account("a").await;
    let known = app.get("/v1/accounts/a").header("If-None-Match", "W/\"0\", \"1\"").send().await;
    assert_eq!((known.status.as_u16(), known.body.len()), (304, 0));
    assert_eq!(known.header("etag"), "\"1\"");
    app.give("a", 5).await;
    let reply = app.get("/v1/accounts/a").header("If-None-Match", "\"1\"").send().await;
    reply.expect(200);
    assert_eq!(reply.header("etag"), "\"2\"");
}

#[tokio::test]
async fn a_repeat_with_a_key_gets_the_first_reply_also_without_an_id() {
    let app = App::new().await;
    let body = json!({"name": "Ada"});
    let create = || app.post("/v1/accounts", body.clone()).key("signup-9");
    let first = create().send().await;
    let id = first.expect(201)["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("acc_"), "{id}");
    app.give(&id, 5).await;
    let again = create().send().await;
    assert_eq!(again.status, first.status);
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("location"), first.header("location"));
    let other = app.post("/v1/accounts", json!({"name": "Bob"})).key("signup-9").send().await;
    other.problem(422, "idempotency_key_reused");
    let shown = app.get(&format!("/v1/accounts/{id}")).send().await.expect(200);
    assert_eq!(shown["name"], "Ada");
}

#[tokio::test]
async fn a_repeat_completes_a_creation_that_lost_the_name() {
    let app = App::new().await;
    let body = json!({"id": "a", "name": "Ada"});
    app.post("/v1/accounts", body.clone()).key("signup").send().await.expect(201);
    // As if the server had stopped between the commit and the name.
    let id = "a".parse().unwrap();
    bursar_store::Registry::put_contact(&*app.store, &id, Default::default()).await.unwrap();
    app.post("/v1/accounts", body).key("signup").send().await.expect(201);
    assert_eq!(app.get("/v1/accounts/a").send().await.expect(200)["name"], "Ada");
}

#[tokio::test]
async fn ids_without_a_key_are_fresh() {
    let app = App::new().await;
    let create = || app.post("/v1/accounts", json!({}));
    let first = create().send().await.expect(201)["id"].clone();
    assert_ne!(create().send().await.expect(201)["id"], first);
}

#[tokio::test]
async fn what_is_refused() {
    let app = App::new().await;
    app.account("a").await;
    let create = |body| app.post("/v1/accounts", body);
    create(json!({"id": "a"})).send().await.problem(409, "account_exists");
    create(json!({"currency": "EUR"})).send().await.problem(422, "currency_not_offered");
    let invalid = [
        (json!({"id": "a b"}), "id"),
        (json!({"id": 7}), "id"),
        (json!({"currency": "usd"}), "currency"),
        (json!({"time_zone": "Mars/Olympus"}), "time_zone"),
        (json!({"email": "nobody"}), "email"),
        (json!({"name": "a\nb"}), "name"),
        (json!({"nmae": "Ada"}), "nmae"),
    ];
    for (body, field) in invalid {
        let problem = create(body).send().await.problem(422, "invalid_request");
        assert_eq!(problem["field"], field);
        assert!(problem["detail"].as_str().unwrap().contains(field), "{problem}");
    }
    app.get("/v1/accounts/b").send().await.problem(404, "account_not_found");
    app.get("/v1/accounts/b%20c").send().await.problem(404, "account_not_found");
    app.get("/v1/accounts/%ff").send().await.problem(404, "route_not_found");
}
