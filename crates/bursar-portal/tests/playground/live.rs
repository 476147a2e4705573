//! The live journal.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use futures::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::studio::{Studio, request};

/// A stream that is read event by event.
struct Stream {
    body: BodyDataStream,
    text: String,
    read: VecDeque<(String, Value)>,
}

impl Stream {
    async fn of(studio: &Studio, account: &str) -> Self {
        let path = format!("/playground/live?account={account}");
        let response = studio.router.clone().oneshot(request("GET", &path, None)).await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(
            response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream")
        );
        let body = Body::new(response.into_body()).into_data_stream();
        Self { body, text: String::new(), read: VecDeque::new() }
    }

    async fn next(&mut self) -> (String, Value) {
        loop {
            if let Some(event) = self.read.pop_front() {
                return event;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(30), self.body.next()).await;
            let chunk = chunk.expect("the stream is silent").expect("the stream ended").unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            while let Some((event, rest)) = self.text.clone().split_once("\n\n") {
                self.text = rest.to_owned();
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
                if let (Some(name), Some(data)) = (field("event: "), field("data: ")) {
                    self.read.push_back((name.to_owned(), serde_json::from_str(data).unwrap()));
                }
            }
        }
    }

    /// The next event of that name; what comes before is passed over.
    async fn until(&mut self, name: &str, holds: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (event, data) = self.next().await;
            if event == name && holds(&data) {
                return data;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_begins_with_the_account_and_its_past() {
    let studio = Studio::with_ada(Duration::ZERO).await;
    let (name, start) = Stream::of(&studio, "ada").await.next().await;
    assert_eq!(name, "start");
    assert_eq!(start["account"]["balance"]["available"], 400);
    let journal = start["journal"].as_array().unwrap();
    assert_eq!(journal.first().unwrap()["kind"], "account_opened");
    assert_eq!(journal.last().unwrap()["version"], start["account"]["version"]);
    assert_eq!(studio.get("live?account=nobody").await.status, 404);
    assert_eq!(studio.get("live?account=.%2f").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_what_happens_with_postings_that_sum_to_zero() {
    let studio = Studio::with_ada(Duration::ZERO).await;
    studio.post("api/accounts", json!({"id": "bob"})).await.expect(201);
    let mut stream = Stream::of(&studio, "ada").await;
    stream.until("start", |_| true).await;
    let charge = |account: &str| format!("api/accounts/{account}/credits");
    let gift = json!({"credits": 25, "class": "promo", "reason": "a present"});
    studio.keyed(&charge("bob"), gift).await;
    let gift = json!({"credits": 30, "class": "promo", "reason": "a present"});
    studio.keyed(&charge("ada"), gift).await;
    let (name, event) = stream.next().await;
    assert_eq!((name.as_str(), &event["kind"]), ("journal", &json!("lot_issued")), "not bob's");
    assert_eq!(event["by"], "the app");
    assert_eq!((&event["available"], &event["held"]), (&json!("430"), &json!("0")));
    let books = [
        json!({"book": "adjusted", "amount": "-30"}),
        json!({"book": "available", "amount": "30"}),
    ];
    assert_eq!(event["credits"], json!(books));
    let (name, account) = stream.next().await;
    assert_eq!((name.as_str(), &account["balance"]["available"]), ("account", &json!(430)));
    let pack = json!({"pack": "small"});
    studio.keyed("api/accounts/ada/topups", pack).await;
    let paid = stream.until("journal", |event| event["kind"] == "payment_succeeded").await;
    let cents =
        |line: &Value| line["amount"].as_str().unwrap().replace([' ', 'U', 'S', 'D', '.'], "");
    let sum: i64 =
        paid["money"].as_array().unwrap().iter().map(|it| cents(it).parse::<i64>().unwrap()).sum();
    assert_eq!((paid["money"].as_array().unwrap().len(), sum), (2, 0), "{paid}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_how_jobs_go_and_what_they_ask() {
    let studio = Studio::with_ada(Duration::from_millis(300)).await;
    let mut stream = Stream::of(&studio, "ada").await;
    let job = studio.start(json!({"operation": "image_upscale"})).await;
    let quote = stream.until("exchange", |_| true).await;
    assert_eq!((&quote["job"], &quote["index"]), (&json!(job), &json!(0)));
    assert_eq!(quote["exchange"]["path"], "/v1/accounts/ada/quotes");
    let working = stream.until("job", |it| it["stage"] == "working" && it["percent"] != 0).await;
    assert_eq!(working["colors"].as_array().unwrap().len(), 4);
    assert!(working.get("exchanges").is_none(), "they are told one by one");
    let done = stream.until("job", |it| it["stage"] == "done").await;
    assert_eq!(done["id"], json!(job));
    // Who comes later is told of the job with all that was said.
    let mut later = Stream::of(&studio, "ada").await;
    let known = later.until("job", |_| true).await;
    assert!(known["exchanges"].as_array().unwrap().len() >= 3, "{known}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_with_the_engine() {
    let studio = Studio::with_ada(Duration::ZERO).await;
    let mut stream = Stream::of(&studio, "ada").await;
    stream.until("start", |_| true).await;
    studio.engine.shutdown().await.unwrap();
    while let Some(chunk) = stream.body.next().await {
        chunk.unwrap();
    }
}
