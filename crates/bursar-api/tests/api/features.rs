use serde_json::json;

use crate::app::App;

#[tokio::test]
async fn features_come_with_the_plan() {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    let check = async |feature: &str| {
        let path = format!("/v1/accounts/a/features/{feature}");
        app.get(&path).send().await.expect(200)
    };
    assert_eq!(
        check("image_generation").await,
        json!({"feature": "image_generation", "allowed": true,
            "reason": "Starter includes Image Generation.", "unlocked_by": null})
    );
    assert_eq!(
        check("video_editor").await,
        json!({"feature": "video_editor", "allowed": false,
            "reason": "Starter does not include Video Editor.", "unlocked_by": "professional"})
    );
    assert_eq!(check("advanced_ai").await["unlocked_by"], "studio");
}

#[tokio::test]
async fn what_is_not_there() {
    let app = App::new().await;
    app.account("a").await;
    let problem = app.get("/v1/accounts/a/features/teleport").send().await;
    let problem = problem.problem(404, "feature_not_found");
    assert_eq!(problem["known"].as_array().unwrap().len(), 8);
    let reply = app.get("/v1/accounts/b/features/video_editor").send().await;
    reply.problem(404, "account_not_found");
}
