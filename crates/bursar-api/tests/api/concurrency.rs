//! Whatever the timing: no credit is spent twice, and no command takes effect twice.

use std::collections::HashSet;

use serde_json::json;

use crate::app::{App, Reply};

async fn all_at_once(app: &App, count: usize, key: impl Fn(usize) -> String) -> Vec<Reply> {
    let calls = (0..count).map(|number| {
        let (app, key) = (app.clone(), key(number));
        tokio::spawn(async move {
            let body = json!({"credits": 10, "reason": "a race", "reference": "job-9"});
            app.post("/v1/accounts/racer/holds", body).key(&key).send().await
        })
    });
    let mut replies = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        replies.push(call.await.unwrap());
    }
    replies
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_holds_of_10_on_a_balance_of_100_exactly_10_succeed() {
    let app = App::new().await;
    app.account("racer").await;
    app.give("racer", 100).await;
    let replies = all_at_once(&app, 64, |number| format!("job-{number}")).await;
    let (held, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status.as_u16() == 201);
    assert_eq!((held.len(), refused.len()), (10, 54));
    for reply in refused {
        let problem = reply.problem(402, "insufficient_credits");
        assert_eq!(problem["need"], 10, "{problem}");
        assert_eq!(problem["available"], 0, "{problem}");
        assert_eq!(problem["held"], 100, "{problem}");
        assert_eq!(problem["short"], 10, "{problem}");
    }
    assert_eq!(app.balance("racer").await, (0.0, 100.0, 12));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_sends_of_one_key_one_takes_effect_and_63_are_replays() {
    let app = App::new().await;
    app.account("racer").await;
    app.give("racer", 100).await;
    let replies = all_at_once(&app, 64, |_| "job".to_owned()).await;
    assert!(replies.iter().all(|reply| reply.status.as_u16() == 201));
    let bodies: HashSet<&[u8]> = replies.iter().map(|reply| reply.body.as_slice()).collect();
    assert_eq!(bodies.len(), 1);
    let replays = replies.iter().filter(|it| it.header("idempotency-replayed") == "true").count();
    assert_eq!(replays, 63);
    assert_eq!(app.balance("racer").await, (90.0, 10.0, 3));
}
