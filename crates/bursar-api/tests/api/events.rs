use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::App;

/// A stream of events that is being read.
struct Listener {
    body: Body,
    text: String,
}

impl Listener {
    async fn of(app: &App) -> Self {
        let request = app.get("/v1/accounts/a/events").header("Last-Event-ID", "1").request();
        let response = app.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body(), text: String::new() }
    }

    /// The next event's name, id and data; `None` at the end.
    async fn next(&mut self) -> Option<(String, u64, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
                };
                if let Some(data) = field("data:") {
                    let id = field("id:").unwrap().parse().unwrap();
                    let data = serde_json::from_str(data).unwrap();
                    return Some((field("event:").unwrap().to_owned(), id, data));
                }
                continue;
            }
            let frame = tokio::time::timeout(Duration::from_secs(5), self.body.frame());
            let frame = frame.await.expect("an event within five seconds")?.unwrap();
            self.text.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn a_listener_gets_the_balance_and_then_what_happens() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app.account("b").await;
    let mut listener = Listener::of(&app).await;
    let (name, id, data) = listener.next().await.unwrap();
    assert_eq!((name.as_str(), id), ("balance", 9));
    assert_eq!(data, app.get("/v1/accounts/a/balance").send().await.json());
    app.give("b", 5).await;
    let body = json!({"operation": "video"});
    app.post("/v1/accounts/a/holds", body).key("job").send().await.expect(201);
    let (name, id, data) = listener.next().await.unwrap();
    assert_eq!((name.as_str(), id), ("hold", 10));
    assert_eq!((&data["kind"], &data["credits"]), (&json!("hold_placed"), &json!(-50)));
    let (name, id, data) = listener.next().await.unwrap();
    assert_eq!((name.as_str(), id), ("balance", 10));
    assert_eq!((&data["available"], &data["held"]), (&json!(350), &json!(50)));
    let body = json!({"plan": "studio", "interval": "month"});
    app.post("/v1/accounts/a/subscription", body).key("up").send().await.expect(200);
    let mut names = Vec::new();
    while names.last().is_none_or(|name| name != "credits") {
        names.push(listener.next().await.unwrap().0);
    }
    names.retain(|name| name != "balance");
    assert_eq!(names, ["payment", "payment", "invoice", "invoice", "subscription", "credits"]);
}

#[tokio::test]
async fn a_stream_ends_with_the_server() {
    let app = App::new().await;
    app.account("a").await;
    let mut listener = Listener::of(&app).await;
    assert!(listener.next().await.is_some());
    app.engine.shutdown().await.unwrap();
    assert!(listener.next().await.is_none());
}

#[tokio::test]
async fn a_listener_that_fell_behind_starts_over_with_the_balance() {
    let app = App::new().await;
    app.account("a").await;
    app.give("a", 1).await;
    let mut listener = Listener::of(&app).await;
    listener.next().await.unwrap();
    // More than the engine keeps for one that is slow.
    let charge = |number: usize| {
        json!({"op": "charge", "account": "b", "idempotency_key": number.to_string(),
            "credits": 0.000001, "reason": "x"})
    };
    app.account("b").await;
    app.give("b", 1).await;
    for batch in 0..9 {
        let operations: Vec<Value> = (0..1_000).map(|it| charge(batch * 1_000 + it)).collect();
        app.post("/v1/batch", json!({"operations": operations})).send().await.expect(200);
    }
    let (name, id, _) = listener.next().await.unwrap();
    assert_eq!((name.as_str(), id), ("balance", 2));
}

#[tokio::test]
async fn an_unknown_account_has_no_events() {
    let app = App::new().await;
    app.get("/v1/accounts/a/events").send().await.problem(404, "account_not_found");
}
