use serde_json::{Value, json};

use crate::assets::{ASSETS, PNG, advance, subscriber};

#[tokio::test]
async fn how_full_it_is_and_of_what() {
    let app = subscriber().await;
    let small = app.file("a", "small", "application/json", b"{}").await;
    let large = app.file("a", "large.png", "image/png", PNG).await;
    app.begin("a", "coming", "image/png", 500).await;
    let mut shown = app.get("/v1/accounts/a/storage").send().await.expect(200);
    let largest = shown["largest"].take();
    let ids: Vec<_> = largest.as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    assert_eq!(ids, [large, small]);
    let (used, none) = (PNG.len() + 2, json!({"assets": 0, "bytes": 0}));
    let expected = json!({
        "used_bytes": used, "reserved_bytes": 500, "quota_bytes": 2_000_000_000_u64, "full": false,
        "assets": 2, "free_bytes": 2_000_000_000 - used - 500, "uploads": 1, "largest": null,
        "kinds": {
            "image": {"assets": 1, "bytes": PNG.len()}, "vault": {"assets": 1, "bytes": 2},
            "video": none, "export": none,
        },
        "more_with": "professional", "kept_until": null,
    });
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn a_purge_is_certified() {
    let app = subscriber().await;
    let id = app.file("a", "a.png", "image/png", PNG).await;
    let film = json!({"kind": "video", "name": "film", "size": 5, "media_type": "video/mp4", "external": true});
    let film = app.post(ASSETS, film).send().await.expect(201);
    app.post("/v1/accounts/a/subscription/cancel", json!({})).key("end").send().await.expect(200);
    advance(&app, "28d").await;
    let kept = app.get("/v1/accounts/a/storage").send().await.expect(200);
    assert_eq!(kept["kept_until"], "2026-03-30T10:00:00Z");
    assert_eq!((&kept["quota_bytes"], &kept["full"]), (&json!(0), &json!(true)));
    advance(&app, "30d").await;
    let path = "/v1/accounts/a/purge_certificates";
    let shown = app.until(path, |body| body["data"] != json!([])).await;
    let certificate = &shown["data"][0];
    assert_eq!((&certificate["assets"], &certificate["objects"]), (&json!(2), &json!(1)));
    assert_eq!(certificate["bytes"], PNG.len() + 5);
    assert_eq!(certificate["purged_at"], "2026-03-30T10:00:00Z");
    assert!(certificate["certified_at"].as_str() >= certificate["purged_at"].as_str());
    // What somebody who kept a list of their files computes.
    let mut lines = [
        format!("{id} image {} stored\n", PNG.len()),
        format!("{} video 5 external\n", film["id"].as_str().unwrap()),
    ];
    lines.sort();
    let digest = sha256sum(&lines.concat());
    assert_eq!(certificate["digest"], digest);
    assert_eq!((&shown["next"], &shown["data"][1]), (&Value::Null, &Value::Null));
    app.nothing_left("a").await;
    // Whoever comes back begins with an empty vault.
    let body = json!({"plan": "starter", "interval": "month"});
    app.post("/v1/accounts/a/subscription", body).key("again").send().await.expect(200);
    app.file("a", "new.png", "image/png", PNG).await;
    let storage = app.get("/v1/accounts/a/storage").send().await.expect(200);
    assert_eq!(storage["assets"], 1);
    assert_eq!(app.get(path).send().await.expect(200)["data"].as_array().unwrap().len(), 1);
}

fn sha256sum(text: &str) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let output = std::process::Command::new("sha256sum").arg(file.path()).output().unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}
