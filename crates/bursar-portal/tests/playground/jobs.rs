//! Jobs from the quote to the capture, and every way in which they end otherwise.

use std::time::Duration;

use serde_json::{Value, json};

use super::studio::{Studio, asked};

/// The bytes of the first file of a job.
async fn first_file(studio: &Studio, job: &Value) -> Vec<u8> {
    let url = job["produced"][0]["url"].as_str().unwrap();
    let reply = studio.get(url.strip_prefix("/playground/").unwrap()).await;
    assert_eq!(reply.status, 200, "{url}");
    assert_eq!(reply.header("content-type"), job["produced"][0]["media_type"]);
    reply.body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_succeeds_is_held_stored_and_captured() {
    let studio = Studio::with_ada(Duration::ZERO).await;
    let job = studio.run(json!({"operation": "image", "units": 2, "seed": 5})).await;
    assert_eq!(job["stage"], "done", "{job}");
    assert_eq!((&job["credits"], &job["captured"]), (&json!(1), &json!(1)));
    assert_eq!(job["words"], "Done. 1 credit charged.");
    assert_eq!(studio.balance().await, (399.0, 0.0));
    let asked = asked(&job);
    assert_eq!(asked.first().unwrap(), "POST quotes 200");
    assert_eq!(asked.get(1).unwrap(), "POST holds 201");
    let puts = ["POST assets 201", "PUT content 200"];
    assert_eq!(asked[2..], [&puts[..], &puts[..], &["POST capture 200"]].concat());
    assert_eq!(job["produced"].as_array().unwrap().len(), 2);
    let picture = image::load_from_memory(&first_file(&studio, &job).await).unwrap();
    assert_eq!((picture.width(), picture.height()), (768, 768));
    // The statement knows the job by its reference.
    let statement = studio.get("api/accounts/ada/statement").await.text();
    assert!(statement.contains(job["id"].as_str().unwrap()), "{statement}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_is_released_and_not_charged() {
    let studio = Studio::with_ada(Duration::from_millis(200)).await;
    let job = studio.run(json!({"operation": "video", "ending": "fail"})).await;
    assert_eq!(job["stage"], "failed", "{job}");
    let words = "Not charged. 50 credits returned. It failed: the model ran out of memory";
    assert_eq!(job["words"], words);
    assert_eq!(asked(&job), ["POST quotes 200", "POST holds 201", "POST release 200"]);
    assert_eq!(job["produced"], json!([]));
    assert_eq!(studio.balance().await, (400.0, 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_does_less_charges_less() {
    let studio = Studio::with_ada(Duration::ZERO).await;
    let order = json!({"operation": "image_remix", "units": 3, "ending": "partial"});
    let job = studio.run(order).await;
    assert_eq!(job["stage"], "done", "{job}");
    assert_eq!((&job["credits"], &job["captured"]), (&json!(3), &json!(2)));
    assert_eq!(job["produced"].as_array().unwrap().len(), 2);
    assert_eq!(job["words"], "Done: 2 of 3. 2 credits charged, the rest returned.");
    assert_eq!(studio.balance().await, (398.0, 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hold_of_a_worker_that_vanishes_ends_by_itself() {
    let studio = Studio::with_ada(Duration::from_millis(100)).await;
    let job = studio.start(json!({"operation": "video", "ending": "vanish"})).await;
    studio.at(&job, &["lost"]).await;
    assert_eq!(studio.balance().await, (350.0, 50.0));
    studio.keyed("api/test_clock/accounts/ada/advance", json!({"by": "21s"})).await;
    let job = studio.at(&job, &["failed"]).await;
    assert_eq!(job["words"], "Not charged. The hold ended by itself and returned 50 credits.");
    assert_eq!(asked(&job), ["POST quotes 200", "POST holds 201"]);
    assert_eq!(studio.balance().await, (400.0, 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_runs_out_while_the_job_works_charges_nothing() {
    let studio = Studio::with_ada(Duration::from_millis(700)).await;
    let job = studio.start(json!({"operation": "image", "units": 1})).await;
    studio.at(&job, &["working"]).await;
    studio.keyed("api/test_clock/accounts/ada/advance", json!({"by": "6min"})).await;
    let job = studio.at(&job, &["done", "failed"]).await;
    assert_eq!(job["stage"], "failed", "{job}");
    assert!(job["words"].as_str().unwrap().starts_with("Nothing is charged"), "{job}");
    assert_eq!(
        asked(&job).into_iter().find(|line| line.contains("capture")).unwrap(),
        "POST capture 409"
    );
    assert!(
        asked(&job).last().unwrap().starts_with("DELETE asset_"),
        "not paid for, not kept: {job}"
    );
    assert_eq!(job["produced"], json!([]));
    assert_eq!(studio.get("api/accounts/ada/assets").await.expect(200)["data"], json!([]));
    assert_eq!(studio.balance().await, (400.0, 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_allowed_does_not_begin() {
    let studio = Studio::with_ada(Duration::ZERO).await;
    let refused = async |order: Value, code: &str| {
        let job = studio.run(order).await;
        assert_eq!(job["stage"], "refused", "{job}");
        let last = job["exchanges"].as_array().unwrap().last().unwrap();
        assert_eq!(last["reply"]["code"], code, "{job}");
        assert_eq!(studio.balance().await, (400.0, 0.0));
        job["words"].as_str().unwrap().to_owned()
    };
    let words = refused(json!({"operation": "video", "units": 60}), "insufficient_credits").await;
    assert!(words.contains("Needs 600 credits, has 400 available"), "{words}");
    refused(json!({"operation": "image", "model": "grisaille-3"}), "feature_not_in_plan").await;
    refused(json!({"operation": "sculpture"}), "unknown_operation").await;
    refused(json!({"operation": "image", "model": "unheard-of"}), "unknown_model").await;
    refused(json!({"operation": "image", "attributes": {"sound": "on"}}), "unknown_attribute")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_without_sense_is_refused_in_words() {
    let studio = Studio::with_ada(Duration::ZERO).await;
    let check = async |order: Value, says: &str| {
        let problem = studio.post("jobs", order).await.expect(422);
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    };
    check(json!({"operation": "image"}), "account").await;
    check(json!({"account": "../x", "operation": "image"}), "names no account").await;
    check(json!({"account": "ada", "operation": "image", "ending": "explode"}), "explode").await;
    check(json!({"account": "ada", "operation": "image", "speed": 2}), "speed").await;
    check(json!({"account": "ada", "operation": "x".repeat(100)}), "too long").await;
    studio.get("jobs/job_unknown").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_jobs_run_at_once() {
    let studio = Studio::with_ada(Duration::from_secs(60)).await;
    for _ in 0..12 {
        studio.start(json!({"operation": "image_upscale"})).await;
    }
    let order = json!({"account": "ada", "operation": "image_upscale"});
    studio.post("jobs", order).await.expect(429);
    assert_eq!(studio.get("jobs?account=ada").await.expect(200).as_array().unwrap().len(), 12);
    assert_eq!(studio.get("jobs?account=bob").await.expect(200), json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn videos_and_exports_are_files_that_open() {
    let studio = Studio::with_ada(Duration::ZERO).await;
    let clip = studio.run(json!({"operation": "video", "units": 1, "seed": 3})).await;
    assert_eq!(clip["stage"], "done", "{clip}");
    let bytes = first_file(&studio, &clip).await;
    let opened = image::load_from_memory_with_format(&bytes, image::ImageFormat::Gif).unwrap();
    assert_eq!((opened.width(), opened.height()), (640, 360));
    let made = &clip["produced"][0];
    let source =
        json!({"seed": made["seed"], "model": made["model"], "tint": made["tint"], "width": 640});
    let order = json!({"operation": "video_export", "quality": "720p", "source": source});
    let export = studio.run(order).await;
    assert_eq!(export["captured"], 5, "{export}");
    assert_eq!(export["produced"][0]["title"], made["title"], "the same scene");
    let opened = image::load_from_memory(&first_file(&studio, &export).await).unwrap();
    assert_eq!((opened.width(), opened.height()), (1_280, 720));
}
