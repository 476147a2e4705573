//! `bursar backup`, `restore` and `views rebuild`.

use std::fs;

use serde_json::json;

use super::load::{Load, open_accounts};
use super::server::{Server, bursar_on};

#[test]
fn a_backup_of_a_running_server_is_restored_and_verified() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("backup.db"));
    let server = Server::start(&data);
    open_accounts(&server);
    server.customer("ada", 60);
    let before = server.get("/v1/accounts/ada/balance").success();
    let load = Load::start(&server, "load");
    load.reach(200);
    let said = bursar_on(&data, &["backup", file.to_str().unwrap()]).ok();
    assert!(said.contains("backup.db"), "{said}");
    load.stop();
    server.stop();

    let other = dir.path().join("other");
    let restore = ["restore", file.to_str().unwrap()];
    bursar_on(&other, &restore).ok();
    let verified = bursar_on(&other, &["verify", "--format", "json"]).json();
    assert_eq!(verified["verified"], true, "{verified}");
    let balance = bursar_on(&other, &["balance", "ada", "--format", "json"]).json();
    for field in ["available", "lots", "version"] {
        assert_eq!(balance[field], before[field], "{field}");
    }
    // A server runs on it, with the same mode, keys and seal of quotes.
    let server = Server::start(&other);
    server.get("/v1/accounts/ada").success();
    server.stop();

    let said = bursar_on(&other, &restore).fails(2);
    assert!(said.contains("empty") || said.contains("already"), "{said}");
    let said = bursar_on(&data, &["backup", file.to_str().unwrap()]).fails(2);
    assert!(said.contains("backup.db"), "it overwrote a backup: {said}");
}

#[test]
fn what_is_not_a_backup_is_not_restored() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("not-a-backup");
    fs::write(&file, "nothing of the kind").unwrap();
    let data = dir.path().join("data");
    bursar_on(&data, &["restore", file.to_str().unwrap()]).fails(2);
    assert!(!data.join("journal.db").exists());
    let said = bursar_on(&data, &["restore", "/nowhere/backup.db"]).fails(2);
    assert!(said.contains("/nowhere/backup.db"), "{said}");
}

#[test]
fn views_are_rebuilt_from_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.customer("ada", 60);
    let charge = json!({"credits": 1.5, "reason": "a charge"});
    server.post("/v1/accounts/ada/charges", "c", &charge).success();
    let statement = server.get("/v1/accounts/ada/statement").success();
    let said = bursar_on(dir.path(), &["views", "rebuild"]).fails(2);
    assert!(said.contains("in use"), "it took the views of a running server: {said}");
    server.stop();
    fs::write(dir.path().join("views.db"), "no longer a database").unwrap();
    let said = bursar_on(dir.path(), &["views", "rebuild"]).ok();
    assert!(said.contains("rebuilt"), "{said}");
    bursar_on(dir.path(), &["verify"]).ok();
    let server = Server::start(dir.path());
    assert_eq!(server.get("/v1/accounts/ada/statement").success(), statement);
    assert!(server.post("/v1/accounts/ada/charges", "c", &charge).replayed);
    server.stop();
}
