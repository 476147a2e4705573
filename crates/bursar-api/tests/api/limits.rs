use std::num::NonZeroU32;
use std::time::Duration;

use bursar_api::{Config, RateLimit};
use bursar_core::time::Timestamp;
use bursar_engine::access::{Mode, Scope};

use crate::app::{App, START};

#[tokio::test]
async fn a_key_that_calls_too_often_is_told_when_to_go_on() {
    let number = |number| NonZeroU32::new(number).unwrap();
    let rate_limit = Some(RateLimit { per_second: number(1), burst: number(3) });
    let app = App::with(Mode::Test, Config { rate_limit, ..Config::default() }).await;
    let get = || app.get("/v1/catalog").send();
    for left in [2, 1, 0] {
        let reply = get().await;
        reply.expect(200);
        assert_eq!(reply.header("ratelimit"), format!("\"key\";r={left};t={}", 3 - left));
        assert_eq!(reply.header("ratelimit-policy"), "\"key\";q=3;w=3");
    }
    let reply = get().await;
    let problem = reply.problem(429, "rate_limited");
    assert_eq!(reply.header("retry-after"), problem["retry_after_seconds"].to_string());
    assert!(reply.header("ratelimit").starts_with("\"key\";r=0;"));
    // Another key has its own limit, and so have pages without a key.
    let other = "bk_test_0123456789abcdefOTHER";
    app.add_key(Mode::Test, other, "key_other", &[Scope::Read]).await;
    app.get("/v1/catalog").secret(Some(other)).send().await.expect(200);
    app.get("/healthz").send().await.expect(200);
    let start: Timestamp = START.parse().unwrap();
    app.clock.set(start.after(Duration::from_secs(1)));
    get().await.expect(200);
}

#[tokio::test]
async fn without_a_limit_no_reply_speaks_of_one() {
    let app = App::new().await;
    assert_eq!(app.get("/v1/catalog").send().await.header("ratelimit"), "");
}
