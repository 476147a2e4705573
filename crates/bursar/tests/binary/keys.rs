//! `bursar keys`, beside a running server.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::server::{Api, Server, bursar_on};

/// Longer than a server trusts a key that it has looked up.
const NOTICED: Duration = Duration::from_millis(2_500);

fn with(server: &Server, secret: &str) -> Api {
    let mut api = server.api();
    api.key = secret.trim().to_owned();
    api
}

#[test]
fn a_key_is_made_used_rotated_and_revoked_while_the_server_runs() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.customer("ada", 10);
    let create = ["keys", "create", "--name", "app", "--scope", "read"];
    let first = bursar_on(dir.path(), &create);
    assert!(first.err.contains("shown this once"), "{}", first.err);
    let first = first.ok();
    assert!(first.starts_with("bk_test_"), "{first}");
    let first = with(&server, &first);
    first.get("/v1/accounts/ada/balance").success();
    let charge = json!({"credits": 1, "reason": "a charge"});
    let refused = first.post("/v1/accounts/ada/charges", "c", &charge).unwrap();
    assert_eq!((refused.status, refused.code()), (403, "missing_scope"));

    let listed = bursar_on(dir.path(), &["keys", "list", "--format", "json"]).json();
    let id = |name: &str| {
        let keys = listed.as_array().unwrap();
        let key = keys.iter().find(|key| key["name"] == name).unwrap();
        key["id"].as_str().unwrap().to_owned()
    };
    let people = bursar_on(dir.path(), &["keys", "list"]).ok();
    assert!(people.contains("app") && people.contains("read"), "{people}");
    assert!(!people.contains(&first.key), "a secret is listed");

    let rotate = ["keys", "rotate", &id("app"), "--overlap", "1s"];
    let second = with(&server, &bursar_on(dir.path(), &rotate).ok());
    second.get("/v1/accounts/ada/balance").success();
    first.get("/v1/accounts/ada/balance").success();
    thread::sleep(NOTICED + Duration::from_secs(1));
    let ended = first.get("/v1/accounts/ada/balance");
    assert_eq!((ended.status, ended.code()), (401, "api_key_unknown"));
    second.get("/v1/accounts/ada/balance").success();

    let listed = bursar_on(dir.path(), &["keys", "list", "--format", "json"]).json();
    let keys = listed.as_array().unwrap();
    let successor = keys.iter().rfind(|key| key["name"] == "app").unwrap()["id"].as_str().unwrap();
    bursar_on(dir.path(), &["keys", "revoke", successor]).ok();
    thread::sleep(NOTICED);
    assert_eq!(second.get("/v1/accounts/ada/balance").status, 401);
    let said = bursar_on(dir.path(), &["keys", "rotate", successor]).fails(2);
    assert!(said.contains("no longer works"), "{said}");
    let said = bursar_on(dir.path(), &["keys", "revoke", "key_none"]).fails(2);
    assert!(said.contains("there is no API key key_none"), "{said}");
    server.stop();
}

#[test]
fn a_key_may_end_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let create = [
        "keys",
        "create",
        "--name",
        "a",
        "--scope",
        "read",
        "--expires-in",
        "1s",
        "--format",
        "json",
    ];
    let made = bursar_on(dir.path(), &create).json();
    assert!(made["expires_at"].is_string(), "{made}");
    let api = with(&server, made["secret"].as_str().unwrap());
    api.get("/v1/catalog").success();
    thread::sleep(NOTICED);
    assert_eq!(api.get("/v1/catalog").status, 401);
    server.stop();
}

#[test]
fn wrong_arguments_are_answered_with_right_ones() {
    let dir = tempfile::tempdir().unwrap();
    Server::start(dir.path()).stop();
    let create = ["keys", "create", "--name", "a"];
    let said = bursar_on(dir.path(), &[&create[..], &["--scope", "write"]].concat()).fails(2);
    assert!(said.contains("a scope is one of read, accounts, spend"), "{said}");
    let soon = ["--scope", "read", "--expires-in", "soon"];
    let said = bursar_on(dir.path(), &[&create[..], &soon].concat()).fails(2);
    assert!(said.contains("such as 30d, 24h or 15m"), "{said}");
    let said = bursar_on(dir.path(), &create).fails(2);
    assert!(said.contains("--scope"), "{said}");
}
