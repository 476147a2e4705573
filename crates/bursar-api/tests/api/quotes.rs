use serde_json::json;

use crate::app::App;

const QUOTES: &str = "/v1/accounts/a/quotes";

#[tokio::test]
async fn a_quote_says_what_it_costs_and_binds() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    let body = json!({"operation": "video", "units": 4, "audio": "on"});
    let quote = app.post(QUOTES, body).send().await.expect(200);
    insta::assert_json_snapshot!(quote, {".id" => "quote_…", ".rate_card_version" => "…"});
    let body = json!({"quote": quote["id"], "reference": "job-9"});
    let charge = app.post("/v1/accounts/a/charges", body).key("job-9").send().await.expect(201);
    assert_eq!(charge["credits"], quote["credits"]);
    assert_eq!(charge["rate_card_version"], quote["rate_card_version"]);
}

#[tokio::test]
async fn attributes_stand_beside_the_fields_or_in_an_object() {
    let app = App::new().await;
    app.account("a").await;
    let beside = json!({"operation": "video", "audio": "on"});
    let within = json!({"operation": "video", "attributes": {"audio": "on"}});
    let beside = app.post(QUOTES, beside).send().await.expect(200);
    assert_eq!(app.post(QUOTES, within).send().await.expect(200), beside);
    let twice = json!({"operation": "video", "audio": "on", "attributes": {"audio": "off"}});
    app.post(QUOTES, twice).send().await.problem(422, "invalid_request");
}

#[tokio::test]
async fn what_is_not_allowed_is_quoted_with_the_reason() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    let ask = async |body| app.post(QUOTES, body).send().await.expect(200);
    let quote = ask(json!({"operation": "video", "units": 60})).await;
    assert_eq!(quote["allowed"], false);
    assert_eq!(quote["balance_after"], json!(null));
    assert_eq!(quote["reason"]["code"], "insufficient_credits");
    assert_eq!(quote["reason"]["short"], 200);
    assert!(quote["reason"]["fix"].is_string());
    let quote = ask(json!({"operation": "video", "model": "longtake-3"})).await;
    assert_eq!(quote["reason"]["code"], "feature_not_in_plan");
    assert_eq!(quote["reason"]["feature"], "advanced_ai");
    assert_eq!(quote["reason"]["unlocked_by"], "studio");
}

#[tokio::test]
async fn what_has_no_price_is_refused_with_what_has() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    let cases = [
        (json!({"operation": "vidoe"}), "unknown_operation", "video"),
        (json!({"operation": "video", "model": "x"}), "unknown_model", "lantern-1"),
        (json!({"operation": "video", "quality": "8k"}), "unknown_quality", "standard"),
        (json!({"operation": "video", "adio": "on"}), "unknown_attribute", "audio"),
        (json!({"operation": "video", "audio": "loud"}), "unknown_attribute_value", "on"),
    ];
    for (body, code, known) in cases {
        let problem = app.post(QUOTES, body).send().await.problem(422, code);
        let list = problem["known"].as_array().unwrap();
        assert!(list.contains(&json!(known)), "{problem}");
    }
    let body = json!({"operation": "video", "units": 61});
    let problem = app.post(QUOTES, body).send().await.problem(422, "too_many_units");
    assert_eq!(problem["most_units"], 60);
    let invalid = [json!({}), json!({"operation": 7}), json!({"operation": "video", "units": 0})];
    for body in invalid {
        app.post(QUOTES, body).send().await.problem(422, "invalid_request");
    }
    let body = json!({"operation": "video", "audio": true});
    let problem = app.post(QUOTES, body).send().await.problem(422, "invalid_request");
    assert_eq!(problem["field"], "audio");
    let body = json!({"operation": "video"});
    app.post("/v1/accounts/b/quotes", body).send().await.problem(404, "account_not_found");
}

#[tokio::test]
async fn a_quote_binds_until_it_expires_and_for_its_account_only() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app.subscriber("b", "starter").await;
    let quote = app.post(QUOTES, json!({"operation": "image"})).send().await.expect(200);
    let use_by = async |account: &str, quote: &serde_json::Value, key: &str| {
        let path = format!("/v1/accounts/{account}/holds");
        app.post(&path, json!({"quote": quote})).key(key).send().await
    };
    use_by("b", &quote["id"], "other").await.problem(422, "quote_of_another_account");
    let forged = quote["id"].as_str().unwrap().replace("quote_A", "quote_B");
    use_by("a", &json!(forged), "forged").await.problem(422, "unknown_quote");
    use_by("a", &json!("hello"), "none").await.problem(422, "unknown_quote");
    let before = app.balance("a").await;
    app.clock.set(quote["expires_at"].as_str().unwrap().parse().unwrap());
    let problem = use_by("a", &quote["id"], "late").await.problem(409, "quote_expired");
    assert_eq!(problem["at"], quote["expires_at"]);
    assert_eq!(app.balance("a").await, before);
}
