//! Who may ask, and what.

use axum::body::Body;
use http::Request;
use serde_json::json;

use super::studio::{HOST, KEY, Studio, request};

#[tokio::test]
async fn the_key_is_added_here_and_never_told() {
    let studio = Studio::new().await;
    let created = studio.post("api/accounts", json!({"id": "ada"})).await;
    assert_eq!(created.expect(201)["id"], "ada");
    let secret = KEY.strip_prefix("bk_test_").unwrap();
    for path in ["", "api/accounts/ada", "api/catalog", "jobs?account=ada"] {
        let reply = studio
            .send(request("GET", format!("/playground/{path}").trim_end_matches('/'), None))
            .await;
        assert_eq!(reply.status, 200, "{path}");
        assert!(!reply.text().contains(secret), "{path}");
        assert!(!format!("{:?}", reply.headers).contains(secret), "{path}");
    }
    let job =
        studio.post("jobs", json!({"account": "ada", "operation": "image"})).await.expect(202);
    let job = studio.at(job["id"].as_str().unwrap(), &["refused"]).await;
    assert!(job.to_string().contains("Bearer bk_test_0123…"), "{job}");
    assert!(!job.to_string().contains(secret), "{job}");
}

#[tokio::test]
async fn a_key_that_is_sent_is_not_passed_on() {
    let studio = Studio::new().await;
    let mut forged = request("GET", "/playground/api/catalog", None);
    forged
        .headers_mut()
        .insert("authorization", "Bearer bk_test_of_somebody_else".parse().unwrap());
    assert_eq!(studio.send(forged).await.status, 200, "asked with the playground's own key");
}

#[tokio::test]
async fn other_origins_and_foreign_names_are_refused() {
    let studio = Studio::new().await;
    let post = |header: &'static str, value: &'static str| {
        let mut request = request("POST", "/playground/api/accounts", Some(&json!({"id": "eve"})));
        request.headers_mut().insert(header, value.parse().unwrap());
        request
    };
    for request in [
        post("origin", "http://evil.example"),
        post("sec-fetch-site", "cross-site"),
        post("host", "evil.example:8080"),
    ] {
        let problem = studio.send(request).await.expect(403);
        assert_eq!(problem["code"], "playground", "{problem}");
        assert!(problem["fix"].as_str().is_some_and(|fix| !fix.is_empty()));
    }
    let form = Request::post("/playground/api/accounts")
        .header("host", HOST)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("id=eve"));
    studio.send(form.unwrap()).await.expect(403);
    let rebound = Request::get("/").header("host", "evil.example").body(Body::empty());
    studio.send(rebound.unwrap()).await.expect(403);
    assert_eq!(studio.get("api/accounts/eve").await.status, 404, "nothing was made");
}

#[tokio::test]
async fn what_is_not_on_the_list_is_not_passed_on() {
    let studio = Studio::new().await;
    for (method, path) in [
        ("POST", "/playground/api/batch"),
        ("PUT", "/playground/api/accounts/ada/custom_plan"),
        ("GET", "/playground/api/accounts/ada/events"),
        ("GET", "/playground/api/..%2f..%2fmetrics"),
        ("GET", "/playground/api//metrics"),
    ] {
        let problem = studio.send(request(method, path, None)).await.expect(404);
        assert_eq!(problem["code"], "playground", "{path}: {problem}");
    }
    // What is on it is answered by the API itself.
    let unknown = studio.get("api/accounts/nobody").await.expect(404);
    assert_eq!(unknown["code"], "account_not_found");
}

#[tokio::test]
async fn what_is_sent_is_bounded() {
    let studio = Studio::new().await;
    let order = json!({"account": "ada", "operation": "x".repeat(70_000)});
    let reply = studio.post("jobs", order).await;
    assert_eq!(reply.status, 413);
}
