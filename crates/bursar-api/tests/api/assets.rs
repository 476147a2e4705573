use axum::http::Method;
use bursar_api::Config;
use bursar_engine::access::{Mode, Scope};
use bursar_vault::Vault;
use serde_json::{Value, json};

use crate::app::App;

pub(crate) const ASSETS: &str = "/v1/accounts/a/assets";
/// A picture of four by four pixels.
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x04\x00\x00\x00\x04\
    \x08\x02\x00\x00\x00\x26\x93\x09\x29\x00\x00\x00\x2eIDAT\x78\xda\x0d\xc7\xc1\x09\x00\x30\x0c\x03\x31\
    \x83\x71\x20\xf9\x78\xbf\xdb\x7f\x90\x56\x3f\x49\x22\xe2\x44\x85\x64\x62\xce\xd4\x3f\x43\x86\x1b\x3a\
    \x3f\x4b\x96\x5b\xba\x3c\x9c\x94\x06\x61\x25\xf6\x22\xcc\x00\x00\x00\x00IEND\xae\x42\x60\x82";

pub(crate) async fn subscriber() -> App {
    let app = App::new().await;
    app.subscriber("a", "starter").await;
    app
}

pub(crate) async fn storage(app: &App) -> Value {
    app.get("/v1/accounts/a").send().await.expect(200)["storage"].clone()
}

pub(crate) async fn advance(app: &App, by: &str) {
    let path = "/v1/test_clock/accounts/a/advance";
    app.post(path, json!({"by": by})).send().await.expect(200);
}

fn image(name: &str, size: u64) -> Value {
    json!({"kind": "image", "name": name, "size": size, "media_type": "image/png"})
}

async fn ids(app: &App, query: &str) -> (Vec<String>, Value) {
    let page = app.get(&format!("{ASSETS}{query}")).send().await.expect(200);
    let ids = page["data"].as_array().unwrap().iter();
    (ids.map(|it| it["id"].as_str().unwrap().to_owned()).collect(), page["next"].clone())
}

#[tokio::test]
async fn a_file_from_its_beginning_to_its_end() {
    let app = subscriber().await;
    let mut body = image("A cat.png", 1_000);
    body["reference"] = json!("job-9");
    let begun = app.post(ASSETS, body).send().await;
    let id = begun.expect(201)["id"].as_str().unwrap().to_owned();
    let path = format!("{ASSETS}/{id}");
    assert_eq!(begun.header("location"), path);
    assert_eq!(
        (&begun.json()["status"], &begun.json()["size"]),
        (&json!("uploading"), &json!(1_000))
    );
    assert_eq!(begun.json()["expires_at"], "2026-01-31T11:00:00Z");
    assert_eq!(storage(&app).await["reserved_bytes"], 1_000);
    app.get(&format!("{path}/content")).send().await.problem(409, "asset_not_uploaded");

    let stored = app.put("a", &id, PNG).await;
    let shown = app.get(&path).send().await.expect(200);
    let expected = json!({
        "id": id, "kind": "image", "status": "stored", "name": "A cat.png", "media_type": "image/png",
        "size": PNG.len(), "external": false, "reference": "job-9",
        "created_at": "2026-01-31T10:00:00Z", "stored_at": "2026-01-31T10:00:00Z", "expires_at": null,
        "sha256": shown["sha256"], "content": format!("{path}/content"),
        "thumbnail": format!("{path}/thumbnail"),
    });
    assert_eq!(shown, expected);
    assert_eq!(shown["sha256"].as_str().unwrap().len(), 64);
    let mut with_version = expected;
    with_version["version"] = stored.json()["version"].clone();
    assert_eq!(stored.expect(200), with_version);
    let expected = json!({"used_bytes": PNG.len(), "reserved_bytes": 0, "quota_bytes": 2_000_000_000_u64,
        "full": false, "assets": 1});
    assert_eq!(storage(&app).await, expected, "what wasn't needed is given back");

    let deleted = app.call(Method::DELETE, &path).send().await.expect(200);
    assert_eq!((&deleted["deleted"], &deleted["freed_bytes"]), (&json!(true), &json!(PNG.len())));
    assert_eq!(storage(&app).await["used_bytes"], 0);
    for path in [&path, &format!("{path}/content"), &format!("{path}/thumbnail")] {
        app.get(path).send().await.problem(404, "asset_not_found");
    }
    app.call(Method::DELETE, &path).send().await.problem(404, "asset_not_found");
    app.put("a", &id, PNG).await.problem(404, "asset_not_found");
    app.nothing_left("a").await;
}

#[tokio::test]
async fn names_are_what_people_write() {
    let app = subscriber().await;
    let names = [
        "猫.png",
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "قطة \u{202e}gnp.exe",
        "🐱",
        "a".repeat(255).as_str(),
    ]
    .map(str::to_owned);
    for name in names {
        let id = app.file("a", &name, "image/png", PNG).await;
        assert_eq!(app.get(&format!("{ASSETS}/{id}")).send().await.expect(200)["name"], name);
    }
    let two_lines = image("two\nlines", 1);
    for wrong in
        [image("", 1), image("  ", 1), two_lines, image(&"ü".repeat(256), 1), image("\0", 1)]
    {
        let problem = app.post(ASSETS, wrong).send().await.problem(422, "invalid_request");
        assert_eq!(problem["field"], "name");
    }
}

#[tokio::test]
async fn what_is_no_file_is_refused_in_words() {
    let app = subscriber().await;
    let check = async |change: Value, code: &str, says: &str| {
        let mut body = image("a.png", 10);
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let problem = app.post(ASSETS, body).send().await.problem(422, code);
        let text = format!("{} {}", problem["detail"], problem["fix"]);
        assert!(text.contains(says), "{text}");
    };
    check(json!({"kind": "song"}), "invalid_request", "image, video, export or vault").await;
    check(json!({"size": 0}), "asset_empty", "at least 1 byte").await;
    check(json!({"size": -1}), "invalid_request", "whole number").await;
    check(json!({"size": 1.5}), "invalid_request", "whole number").await;
    check(json!({"size": 5_000_000_001_u64}), "asset_too_large", "at most 5 GB").await;
    check(json!({"size": i64::MAX}), "asset_too_large", "5 GB").await;
    check(json!({"size": u64::MAX}), "invalid_request", "0 to 9223372036854775807").await;
    check(json!({"media_type": "png"}), "invalid_request", "like image/png").await;
    check(json!({"media_type": "image/png; q=1"}), "invalid_request", "without parameters").await;
    check(
        json!({"media_type": "image/svg+xml"}),
        "media_type_not_allowed",
        "image/png, image/jpeg",
    )
    .await;
    check(
        json!({"media_type": "text/html", "kind": "vault"}),
        "media_type_not_allowed",
        "text/plain",
    )
    .await;
    check(json!({"colour": "red"}), "invalid_request", "colour").await;
    check(json!({"name": null}), "invalid_request", "`name` is missing").await;
    assert_eq!(storage(&app).await["reserved_bytes"], 0);
    assert_eq!(ids(&app, "").await.0.len(), 0);
}

#[tokio::test]
async fn a_repeat_begins_one_file() {
    let app = subscriber().await;
    let begin = |name: &str| app.post(ASSETS, image(name, 10)).key("file").send();
    let first = begin("a.png").await;
    let again = begin("a.png").await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    begin("b.png").await.problem(422, "idempotency_key_reused");
    assert_eq!(storage(&app).await["reserved_bytes"], 10);
    // A late repeat tells what was begun, and changes nothing of what has become of it.
    let id = first.json()["id"].as_str().unwrap().to_owned();
    app.put("a", &id, &PNG[..10]).await.expect(200);
    assert_eq!(begin("a.png").await.body, first.body);
    assert!(app.get(&format!("{ASSETS}/{id}")).send().await.json()["sha256"].is_string());
    let delete = || app.call(Method::DELETE, &format!("{ASSETS}/{id}")).key("gone").send();
    let (gone, again) = (delete().await, delete().await);
    assert_eq!((gone.expect(200), &gone.body), (again.json(), &again.body));
    assert_eq!(begin("a.png").await.body, first.body);
    app.nothing_left("a").await;
}

#[tokio::test]
async fn without_room_both_ways_out_are_said() {
    let app = subscriber().await;
    let external = |name: &str, size: u64| {
        let body = json!({"kind": "video", "name": name, "size": size, "media_type": "video/mp4", "external": true});
        app.post(ASSETS, body).send()
    };
    external("film.mp4", 1_900_000_000).await.expect(201);
    app.begin("a", "a.png", "image/png", 60_000_000).await;
    let problem =
        app.post(ASSETS, image("b.png", 50_000_000)).send().await.problem(409, "storage_full");
    let members = ["used_bytes", "reserved_bytes", "quota_bytes", "need_bytes", "short_bytes"];
    let numbers = members.map(|name| problem[name].as_u64().unwrap());
    assert_eq!(numbers, [1_900_000_000, 60_000_000, 2_000_000_000, 50_000_000, 10_000_000]);
    assert_eq!(problem["unlocked_by"], "professional");
    let fix = problem["fix"].as_str().unwrap();
    assert!(fix.contains("Delete") && fix.contains("Professional"), "{fix}");
    external("more.mp4", 50_000_000).await.problem(409, "storage_full");
    external("last.mp4", 40_000_000).await.expect(201);
    assert_eq!(storage(&app).await["full"], true);
    // Full storage refuses generation in the same words.
    let body = json!({"operation": "image"});
    let problem = app
        .post("/v1/accounts/a/charges", body)
        .key("job")
        .send()
        .await
        .problem(409, "storage_full");
    assert_eq!(problem["unlocked_by"], "professional");
}

#[tokio::test]
async fn without_a_subscription_nothing_is_stored() {
    let app = App::new().await;
    app.account("a").await;
    app.post(ASSETS, image("a.png", 1)).send().await.problem(409, "not_subscribed");
    app.get("/v1/accounts/nobody/assets").send().await.problem(404, "account_not_found");
    let body = image("a.png", 1);
    app.post("/v1/accounts/nobody/assets", body).send().await.problem(404, "account_not_found");
}

#[tokio::test]
async fn an_external_file_counts_and_has_no_content() {
    let app = subscriber().await;
    let body = json!({"kind": "video", "name": "film", "size": 500, "media_type": "video/x-own", "external": true});
    let film = app.post(ASSETS, body).send().await.expect(201);
    assert_eq!((&film["status"], &film["content"]), (&json!("stored"), &Value::Null));
    assert_eq!(storage(&app).await["used_bytes"], 500);
    let path = format!("{ASSETS}/{}", film["id"].as_str().unwrap());
    app.get(&format!("{path}/content")).send().await.problem(409, "asset_external");
    app.get(&format!("{path}/thumbnail")).send().await.problem(409, "asset_external");
    let put = app.call(Method::PUT, &format!("{path}/content")).bytes(b"x").send().await;
    put.problem(409, "asset_already_stored");
    let deleted = app.call(Method::DELETE, &path).send().await.expect(200);
    assert_eq!(deleted["freed_bytes"], 500);
}

#[tokio::test]
async fn pages_stay_right_while_files_come_and_go() {
    let app = subscriber().await;
    let mut made = Vec::new();
    for size in [30_u64, 50, 10, 40, 20] {
        app.pass(1);
        made.push(app.begin("a", "a.png", "image/png", size).await);
    }
    let newest: Vec<_> = made.iter().rev().cloned().collect();
    let (first, next) = ids(&app, "?limit=2").await;
    assert_eq!(first, newest[..2]);
    // One is gone and one is new before the next page is asked for.
    app.call(Method::DELETE, &format!("{ASSETS}/{}", newest[2])).send().await.expect(200);
    app.pass(1);
    let film = json!({"kind": "video", "name": "a", "size": 5, "media_type": "video/mp4", "external": true});
    app.post(ASSETS, film).send().await.expect(201);
    let query = format!("?limit=2&after={}", next.as_str().unwrap());
    assert_eq!(ids(&app, &query).await, (newest[3..].to_vec(), Value::Null));

    let (largest, next) = ids(&app, "?order=largest&limit=3").await;
    assert_eq!(largest, [1, 3, 0].map(|at| made[at].clone()));
    let query = format!("?order=largest&after={}", next.as_str().unwrap());
    assert_eq!(ids(&app, &query).await.0[0], made[4]);
    assert_eq!(ids(&app, "?kind=video").await.0.len(), 1);
    for (query, code) in [
        ("?kind=song", "invalid_request"),
        ("?order=size", "invalid_request"),
        ("?sort=a", "invalid_request"),
        ("?limit=0", "invalid_request"),
        ("?after=zz", "invalid_cursor"),
        ("?after=djE", "invalid_cursor"),
    ] {
        app.get(&format!("{ASSETS}{query}")).send().await.problem(422, code);
    }
}

/// A key that only reads sees what there is, and neither what is in it nor changes it.
#[tokio::test]
async fn contents_are_for_keys_that_spend() {
    let app = subscriber().await;
    let id = app.file("a", "a.png", "image/png", PNG).await;
    let (reads, spends) = ("bk_test_0123456789abcdefREADS", "bk_test_0123456789abcdefSPENDS");
    app.add_key(Mode::Test, reads, "key_reads", &[Scope::Read]).await;
    app.add_key(Mode::Test, spends, "key_spends", &[Scope::Spend]).await;
    let calls = |key: &'static str| {
        let app = &app;
        let path = format!("{ASSETS}/{id}");
        async move {
            let mut statuses = Vec::new();
            let address = |end: &str| format!("{path}{end}");
            for (method, path) in [
                (Method::GET, ASSETS.to_owned()),
                (Method::GET, address("")),
                (Method::GET, address("/thumbnail")),
                (Method::GET, "/v1/accounts/a/storage".to_owned()),
                (Method::GET, address("/content")),
                (Method::PUT, address("/content")),
                (Method::POST, "/v1/accounts/a/exports".to_owned()),
                (Method::DELETE, address("")),
            ] {
                let reply = app.call(method, &path).secret(Some(key)).send().await;
                statuses.push(reply.status.as_u16());
            }
            statuses
        }
    };
    assert_eq!(calls(reads).await, [200, 200, 200, 200, 403, 403, 403, 403]);
    assert_eq!(calls(spends).await, [403, 403, 403, 403, 200, 409, 200, 200]);
}

/// What another account's file is called opens nothing here.
#[tokio::test]
async fn a_file_is_its_accounts_alone() {
    let app = subscriber().await;
    app.subscriber("b", "starter").await;
    let id = app.file("a", "a.png", "image/png", PNG).await;
    for end in ["", "/content", "/thumbnail"] {
        app.get(&format!("/v1/accounts/b/assets/{id}{end}"))
            .send()
            .await
            .problem(404, "asset_not_found");
    }
    app.put("b", &id, PNG).await.problem(404, "asset_not_found");
    let path = format!("/v1/accounts/b/assets/{id}");
    app.call(Method::DELETE, &path).send().await.problem(404, "asset_not_found");
    for odd in ["asset_", "hold_00000000000000000000000000000001", "..", "%2e%2e%2f", "%00", "%ff"]
    {
        let reply = app.get(&format!("{ASSETS}/{odd}/content")).send().await;
        assert_eq!(reply.status.as_u16(), 404, "{odd}");
    }
}

#[tokio::test]
async fn a_vault_that_is_away_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("vault");
    let vault = Vault::open(place.to_str().unwrap()).unwrap();
    let app = App::with_vault(Config::default(), vault).await;
    app.subscriber("a", "starter").await;
    let stored = app.file("a", "a.png", "image/png", PNG).await;
    let begun = app.begin("a", "b.png", "image/png", 1_000).await;
    let aside = directory.path().join("aside");
    std::fs::rename(&place, &aside).unwrap();
    std::fs::write(&place, "no directory").unwrap();
    app.put("a", &begun, PNG).await.problem(503, "vault_unavailable");
    let content = app.get(&format!("{ASSETS}/{stored}/content")).send().await;
    assert!(content.status.is_server_error());
    // What can be deleted without it is.
    app.call(Method::DELETE, &format!("{ASSETS}/{stored}")).send().await.expect(200);
    std::fs::remove_file(&place).unwrap();
    std::fs::rename(&aside, &place).unwrap();
    app.put("a", &begun, PNG).await.expect(200);
    assert_eq!(ids(&app, "").await.0, [begun]);
}

#[tokio::test]
async fn deleting_works_after_the_end_and_storing_does_not() {
    let app = subscriber().await;
    let id = app.file("a", "a.png", "image/png", PNG).await;
    let begun = app.begin("a", "b.png", "image/png", 1_000).await;
    app.post("/v1/accounts/a/subscription/cancel", json!({})).key("end").send().await.expect(200);
    // Begun before the end, and finished after it.
    advance(&app, "28d").await;
    let problem = app.put("a", &begun, PNG).await.problem(409, "upload_expired");
    assert_eq!(problem["at"], "2026-01-31T11:00:00Z");
    let problem =
        app.post(ASSETS, image("c.png", 1)).send().await.problem(402, "subscription_ended");
    assert!(
        problem["detail"].as_str().unwrap().contains("exported and deleted until"),
        "{problem}"
    );
    app.get(&format!("{ASSETS}/{id}/content")).send().await;
    assert_eq!(app.get(&format!("{ASSETS}/{id}/content")).send().await.body, PNG);
    app.call(Method::DELETE, &format!("{ASSETS}/{id}")).send().await.expect(200);
}
