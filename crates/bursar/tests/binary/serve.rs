//! Starting: modes, first keys, catalogs, what is printed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use reqwest::redirect::Policy;
use serde_json::json;

use super::server::{BURSAR, Server, bursar_on, client_builder, command, run, serve_arguments};

const BOOTSTRAP: &str = "bk_live_0123456789abcdef0123456789abcdef";

#[test]
fn the_start_prints_a_key_and_a_curl_line_that_work() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut keys = Vec::new();
    for _ in 0..2 {
        let mut child = command(BURSAR)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut text = String::new();
        while !text.contains("Stop with") {
            text.push_str(&lines.next().unwrap().unwrap());
            text.push('\n');
        }
        let curl = text.split_once("Try it:\n").unwrap().1.split_once("Stop with").unwrap().0;
        let ran = run(command("sh").args(["-c", curl]));
        let account: serde_json::Value = serde_json::from_str(&ran.ok()).unwrap();
        assert_eq!(account["name"], "Ada", "{account}");
        for part in
            ["Bursar 0.1.0", "test mode", "a playground", "/docs", "ScriptKit, version", "Ctrl-C"]
        {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        keys.push(
            text.split("Test key").nth(1).unwrap().split_whitespace().next().unwrap().to_owned(),
        );
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(keys[0], keys[1], "every start prints the same key");
    let file = data.join("test-key");
    assert_eq!(fs::read_to_string(&file).unwrap().trim(), keys[0]);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(&data)), (0o600, 0o700));
    assert_eq!(mode(&data.join("journal.db")), 0o600);
}

#[test]
fn the_first_page_is_a_playground_in_test_mode_only() {
    let front = |server: &Server| {
        let page = client_builder().redirect(Policy::none()).build().unwrap();
        page.get(&server.url).send().unwrap()
    };
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("test"));
    let page = front(&server);
    assert_eq!(page.status(), 200);
    let html = page.text().unwrap();
    assert!(html.contains("ScriptKit playground"), "{html}");
    assert!(!html.contains(&server.key), "it never tells the key");
    drop(server);
    let off = Server::start_with(&dir.path().join("test"), &["--playground", "off"]);
    assert_eq!(front(&off).headers()["location"], "/pricing");
    let data = dir.path().join("live");
    let mut command = command(BURSAR);
    command.args(serve_arguments(&data)).args(["--mode", "live", "--playground", "on"]);
    let live = Server::spawn(&data, command.env("BURSAR_BOOTSTRAP_KEY", BOOTSTRAP));
    assert_eq!(front(&live).headers()["location"], "/pricing");
}

#[test]
fn a_revoked_test_key_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let old = server.key.clone();
    let listed = bursar_on(dir.path(), &["keys", "list", "--format", "json"]).json();
    bursar_on(dir.path(), &["keys", "revoke", listed[0]["id"].as_str().unwrap()]).ok();
    server.stop();
    let server = Server::start(dir.path());
    assert_ne!(server.key, old);
    server.get("/v1/catalog").success();
    server.stop();
}

#[test]
fn live_mode_wants_a_key_and_prints_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let live = ["serve", "--listen", "127.0.0.1:0", "--mode", "live"];
    let said = bursar_on(&data, &live).fails(2);
    assert!(said.contains("live mode needs an API key"), "{said}");
    let hint = said.lines().find(|line| line.trim().starts_with("bursar keys create")).unwrap();
    // The hint works as it is printed.
    let hint = hint.trim().replacen("bursar", BURSAR, 1);
    let secret = run(command("sh").args(["-c", &hint])).ok();
    assert!(secret.starts_with("bk_live_"), "{secret}");

    let mut server = Server::start_with(&data, &["--mode", "live"]);
    assert_eq!(server.key, "", "a secret was printed");
    server.key = secret.trim().to_owned();
    server.get("/v1/catalog").success();
    server.customer("ada", 10);
    let clock = server.post("/v1/test_clock/accounts/ada/advance", "a", &json!({"by": "1mo"}));
    assert_eq!(clock.code(), "test_mode_only");
    assert!(!data.join("test-key").exists());
    assert!(!server.log().contains(&server.key));
    server.stop();
}

#[test]
fn a_bootstrap_key_is_the_first_key() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    for _ in 0..2 {
        let mut serve = command(BURSAR);
        serve.args(serve_arguments(&data)).env("BURSAR_BOOTSTRAP_KEY", BOOTSTRAP);
        let mut server = Server::spawn(&data, serve.env("BURSAR_MODE", "live"));
        assert_eq!(server.key, "", "a secret was printed");
        server.key = BOOTSTRAP.to_owned();
        server.get("/v1/catalog").success();
        server.stop();
    }
    let listed = bursar_on(&data, &["keys", "list", "--format", "json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
    assert_eq!(listed[0]["scopes"].as_array().unwrap().len(), 7, "{listed}");
}

#[test]
fn a_bootstrap_key_of_the_wrong_form_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    for wrong in [BOOTSTRAP, "bk_test_short", "secret"] {
        let mut serve = command(BURSAR);
        serve.args(serve_arguments(&dir.path().join("data"))).env("BURSAR_BOOTSTRAP_KEY", wrong);
        let said = run(&mut serve).fails(2);
        assert!(said.contains("BURSAR_BOOTSTRAP_KEY is not a key for test mode"), "{said}");
        assert!(said.contains("bk_test_"), "{said}");
        assert!(!said.contains(wrong), "it repeats the secret: {said}");
        assert!(!data.exists(), "a directory was made for the wrong mode");
    }
}

#[test]
fn the_environment_counts_for_bursar_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut alone = command(BURSAR);
    alone
        .env("BURSAR_DATA", &data)
        .env("BURSAR_LISTEN", "127.0.0.1:0")
        .env("BURSAR_LOG_FORMAT", "json");
    let server = Server::spawn(&data, &mut alone);
    server.get("/v1/catalog").success();
    assert!(data.join("journal.db").exists());
    server.stop();
}

#[test]
fn a_changed_catalog_is_noted_and_explained() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    Server::start(&data).stop();
    let changed = dir.path().join("changed.toml");
    let scriptkit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalogs/scriptkit.toml");
    let text = fs::read_to_string(scriptkit).unwrap();
    fs::write(&changed, text.replace("allowance = 400", "allowance = 450")).unwrap();
    let catalog = ["--catalog", changed.to_str().unwrap()];
    let server = Server::start_with(&data, &catalog);
    let told = "Starter: credits per month 400 -> 450: new subscribers at once, present ones at their next";
    assert!(server.log().contains(told), "{}", server.log());
    // What is in force is what is priced by, also by commands that know no file.
    let shown = server.get("/v1/catalog").success();
    let quoted = bursar_on(&data, &["quote", "video", "--format", "json"]).json();
    assert_eq!(quoted["rate_card_version"], shown["version"]);
    server.stop();

    fs::write(data.with_extension("log"), "").unwrap();
    let server = Server::start_with(&data, &catalog);
    assert!(!server.log().contains("400 -> 450"), "told again: {}", server.log());
    server.stop();

    // And back, which the registry notes no second time.
    for told in [true, false] {
        fs::write(data.with_extension("log"), "").unwrap();
        let server = Server::start(&data);
        assert_eq!(server.log().contains("450 -> 400"), told);
        let shown = server.get("/v1/catalog").success();
        let quoted = bursar_on(&data, &["quote", "video", "--format", "json"]).json();
        assert_eq!(quoted["rate_card_version"], shown["version"]);
        server.stop();
    }
}

#[test]
fn a_catalog_with_mistakes_does_not_start() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("wrong.toml");
    fs::write(&file, "plans = 3\n").unwrap();
    let data = dir.path().join("data");
    let catalog = ["serve", "--listen", "127.0.0.1:0", "--catalog", file.to_str().unwrap()];
    let said = bursar_on(&data, &catalog).fails(2);
    assert!(said.contains("the catalog has mistakes") && said.contains("wrong.toml:1:"), "{said}");
    assert!(!data.exists(), "nothing is made for a catalog that can't be served");
}
