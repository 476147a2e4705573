use serde_json::json;

use crate::app::App;

const STATEMENT: &str = "/v1/accounts/a/statement";

async fn busy() -> App {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app.give("a", 100).await;
    let body = json!({"operation": "image", "reference": "job-1"});
    app.post("/v1/accounts/a/charges", body).key("job-1").send().await.expect(201);
    let body = json!({"operation": "video", "units": 7.5, "reference": "job-2"});
    let hold = app.post("/v1/accounts/a/holds", body).key("job-2").send().await.expect(201);
    let path = format!("/v1/accounts/a/holds/{}/capture", hold["id"].as_str().unwrap());
    app.post(&path, json!({"units": 6})).key("job-2:done").send().await.expect(200);
    app
}

#[tokio::test]
async fn every_movement_newest_first() {
    let app = busy().await;
    app.clock.set("2026-02-28T10:00:00Z".parse().unwrap());
    // The next month's credits come once it is paid.
    app.until("/v1/accounts/a/balance", |it| it["available"] == 500).await;
    let page = app.get(STATEMENT).send().await.expect(200);
    insta::assert_json_snapshot!(page);
}

#[tokio::test]
async fn pages_are_stable_under_inserts() {
    let app = busy().await;
    let ids = |page: &serde_json::Value| -> Vec<u64> {
        page["data"].as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect()
    };
    let first = app.get(&format!("{STATEMENT}?limit=2")).send().await.expect(200);
    app.give("a", 7).await;
    let next = first["next"].as_str().unwrap();
    let path = format!("{STATEMENT}?after={next}&limit=1000");
    let second = app.get(&path).send().await.expect(200);
    assert_eq!((ids(&first), ids(&second)), (vec![13, 12], vec![11, 10, 9]));
    assert_eq!(second["next"], json!(null));
}

#[tokio::test]
async fn what_is_refused() {
    let app = busy().await;
    let get = |query: &str| app.get(&format!("{STATEMENT}?{query}")).send();
    get("after=7").await.problem(422, "invalid_cursor");
    get("after=aDE").await.problem(422, "invalid_cursor");
    for query in ["limit=1001", "limit=-1", "limit=ten", "before=7", "limit=%ff"] {
        get(query).await.problem(422, "invalid_request");
    }
    let reply = app.get("/v1/accounts/b/statement").send().await;
    reply.problem(404, "account_not_found");
}
