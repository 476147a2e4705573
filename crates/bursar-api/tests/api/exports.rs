use std::io::{Cursor, Read};

use axum::body::Body;
use axum::http::Request;
use bursar_api::Config;
use bursar_core::id::AccountId;
use bursar_engine::access::Mode;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::{ADMIN, App, Reply};
use crate::assets::{ASSETS, PNG, advance, subscriber};

const EXPORTS: &str = "/v1/accounts/a/exports";

async fn export(app: &App) -> Reply {
    app.post(EXPORTS, json!({})).send().await
}

/// The names in an archive, and its list.
fn unpack(archive: &[u8]) -> (Vec<String>, Value) {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let (mut names, mut last) = (Vec::new(), Vec::new());
    for number in 0..archive.len() {
        let mut file = archive.by_index(number).unwrap();
        names.push(file.name().unwrap().into_owned());
        last.clear();
        file.read_to_end(&mut last).unwrap();
    }
    (names, serde_json::from_slice(&last).unwrap())
}

#[tokio::test]
async fn all_files_in_one_archive() {
    let app = subscriber().await;
    app.file("a", "Kätzchen 🐱.png", "image/png", PNG).await;
    app.pass(1);
    app.file("a", "Kätzchen 🐱.png", "image/png", PNG).await;
    app.pass(1);
    app.file("a", "../../notes", "application/json", b"{}").await;
    app.pass(1);
    let film = json!({"kind": "video", "name": "film", "size": 5, "media_type": "video/mp4", "external": true});
    app.post(ASSETS, film).send().await.expect(201);
    app.begin("a", "not there yet", "image/png", 10).await;
    let reply = export(&app).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/zip"));
    let name = "a-files-2026-01-31.zip";
    assert!(
        reply
            .header("content-disposition")
            .starts_with(&format!("attachment; filename=\"{name}\""))
    );
    let (names, manifest) = unpack(&reply.body);
    let expected =
        ["image/Kätzchen 🐱.png", "image/Kätzchen 🐱 (2).png", "vault/_.._notes", "manifest.json"];
    assert_eq!(names, expected);
    let assets = manifest["assets"].as_array().unwrap();
    assert_eq!(assets.len(), 4, "what isn't there yet isn't in it");
    assert_eq!(
        (&assets[2]["name"], &assets[2]["path"]),
        (&json!("../../notes"), &json!(expected[2]))
    );
    assert_eq!((&assets[3]["external"], &assets[3]["bytes"]), (&json!(true), &json!(5)));
    assert_eq!(assets[0]["stored_at"], "2026-01-31T10:00:00Z");
}

/// More files than are looked up at once.
#[tokio::test]
async fn no_file_is_forgotten_or_there_twice() {
    let app = subscriber().await;
    for number in 0..405 {
        app.file("a", &number.to_string(), "application/json", b"{}").await;
    }
    let (names, manifest) = unpack(&export(&app).await.body);
    assert_eq!(names.len(), 406);
    assert_eq!((&manifest["files"], &manifest["bytes"]), (&json!(405), &json!(810)));
}

/// "Your data is preserved for 30 days after cancellation. You can export your assets during this period.
/// After 30 days, data is permanently deleted."
#[tokio::test]
async fn an_archive_can_be_had_until_the_purge() {
    let app = subscriber().await;
    let id = app.file("a", "a.png", "image/png", PNG).await;
    app.post("/v1/accounts/a/subscription/cancel", json!({})).key("end").send().await.expect(200);
    advance(&app, "57d").await;
    assert_eq!(unpack(&export(&app).await.body).0, ["image/a.png", "manifest.json"]);
    advance(&app, "2d").await;
    assert_eq!(unpack(&export(&app).await.body).0, ["manifest.json"]);
    for end in ["", "/content", "/thumbnail"] {
        app.get(&format!("{ASSETS}/{id}{end}")).send().await.problem(404, "asset_not_found");
    }
    app.nothing_left("a").await;
}

#[tokio::test]
async fn a_damaged_file_breaks_the_archive_off() {
    let app = subscriber().await;
    app.file("a", "a.png", "image/png", PNG).await;
    let account: AccountId = "a".parse().unwrap();
    app.engine.vault().erase_vault(&account, 0).await.unwrap();
    let request = Request::post(EXPORTS).header("Authorization", format!("Bearer {ADMIN}"));
    let request = request.body(Body::empty()).unwrap();
    let response = app.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    assert!(response.into_body().collect().await.is_err(), "it must not look whole");
}

#[tokio::test]
async fn too_many_at_once_are_told_to_come_again() {
    let app = App::with(Mode::Test, Config { exports_at_once: 1, ..Config::default() }).await;
    app.subscriber("a", "starter").await;
    app.file("a", "a.png", "image/png", PNG).await;
    let request = || {
        let request = Request::post(EXPORTS).header("Authorization", format!("Bearer {ADMIN}"));
        app.router.clone().oneshot(request.body(Body::empty()).unwrap())
    };
    let first = request().await.unwrap();
    let refused = export(&app).await;
    refused.problem(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "10");
    // Somebody stops in the middle.
    drop(first);
    assert_eq!(export(&app).await.status.as_u16(), 200);
    assert_eq!(export(&app).await.status.as_u16(), 200);
}

#[tokio::test]
async fn of_an_unknown_account_or_with_a_body_there_is_none() {
    let app = subscriber().await;
    let reply = app.post("/v1/accounts/nobody/exports", json!({})).send().await;
    reply.problem(404, "account_not_found");
    app.post(EXPORTS, json!({"format": "tar"})).send().await.problem(422, "invalid_request");
}
