use serde_json::{Value, json};

use crate::app::App;

async fn subscriber() -> App {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app
}

async fn receipt(app: &App, spend: &Value) -> Value {
    let path = format!("/v1/accounts/a/receipts/{}", spend["id"].as_str().unwrap());
    app.get(&path).send().await.expect(200)
}

async fn hold(app: &App, body: Value) -> Value {
    app.post("/v1/accounts/a/holds", body).key("job").send().await.expect(201)
}

async fn end(app: &App, hold: &Value, what: &str, body: Value) {
    let path = format!("/v1/accounts/a/holds/{}/{what}", hold["id"].as_str().unwrap());
    app.post(&path, body).key(what).send().await.expect(200);
}

#[tokio::test]
async fn a_hold_is_explained_from_beginning_to_end() {
    let app = subscriber().await;
    let body = json!({"operation": "video", "units": 7.5, "audio": "on", "reference": "job-2"});
    let hold = hold(&app, body).await;
    let path = format!("/v1/accounts/a/holds/{}/capture", hold["id"].as_str().unwrap());
    let body = json!({"units": 5, "final": false});
    app.post(&path, body).key("one").send().await.expect(200);
    app.post(&path, json!({"units": 1})).key("two").send().await.expect(200);
    let path = format!("/v1/accounts/a/charges/{}/refund", hold["id"].as_str().unwrap());
    app.post(&path, json!({"credits": 6})).key("three").send().await.expect(200);
    let receipt = receipt(&app, &hold).await;
    insta::assert_json_snapshot!(receipt, {".rate_card_version" => "…"});
}

#[tokio::test]
async fn every_number_is_explained_in_a_sentence() {
    let explain = async |body: Value, ends: Option<(&str, Value)>| {
        let app = subscriber().await;
        let hold = hold(&app, body).await;
        if let Some((what, body)) = ends {
            end(&app, &hold, what, body).await;
        }
        receipt(&app, &hold).await["explanation"].as_str().unwrap().to_owned()
    };
    let image = || json!({"operation": "image", "quality": "hd"});
    assert_eq!(
        explain(image(), Some(("capture", json!({})))).await,
        "3 variations × 0.6 credits on ochre-1, rounded up to whole credits, are 2 credits; \
         held 2: 2 captured."
    );
    assert_eq!(
        explain(image(), Some(("release", json!({})))).await,
        "3 variations × 0.6 credits on ochre-1, rounded up to whole credits, are 2 credits; \
         held 2: 2 returned."
    );
    assert_eq!(
        explain(image(), Some(("capture", json!({"units": 1})))).await,
        "3 variations × 0.6 credits on ochre-1, rounded up to whole credits, are 2 credits; \
         captured were 1 variation × 0.6 credits on ochre-1, rounded up to whole credits, are \
         1 credit; held 2: 1 captured, 1 returned."
    );
    assert_eq!(
        explain(json!({"credits": 1, "reason": "a job"}), None).await,
        "The caller asked for 1 credit (a job); held 1: still open."
    );
}

#[tokio::test]
async fn a_charge_is_explained() {
    let app = subscriber().await;
    let body = json!({"operation": "video"});
    let charge = app.post("/v1/accounts/a/charges", body).key("job").send().await.expect(201);
    let receipt = receipt(&app, &charge).await;
    assert_eq!((&receipt["state"], &receipt["captured"]), (&json!("charged"), &json!(50)));
    assert_eq!(receipt["timeline"][0]["balance_before"], 400);
    assert_eq!(receipt["timeline"][0]["balance_after"], 350);
    assert_eq!(
        receipt["explanation"],
        "5 seconds × 10 credits on lantern-1, rounded up to whole credits, are 50 credits."
    );
}

#[tokio::test]
async fn what_is_not_there() {
    let app = subscriber().await;
    let get = |path: &str| app.get(&format!("/v1/accounts/{path}")).send();
    let zeros = "0".repeat(32);
    get(&format!("a/receipts/hold_{zeros}")).await.problem(404, "hold_not_found");
    get(&format!("a/receipts/charge_{zeros}")).await.problem(404, "charge_not_found");
    get("a/receipts/x").await.problem(404, "charge_not_found");
    get(&format!("b/receipts/hold_{zeros}")).await.problem(404, "account_not_found");
}
