//! `bursar verify`: the proof, and what it says when there is none.

use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::server::{Server, bursar_on};

fn some_data(data: &Path) {
    let server = Server::start(data);
    server.customer("ada", 60);
    for number in 0..5 {
        let charge = json!({"credits": 1.5, "reason": "a charge"});
        server.post("/v1/accounts/ada/charges", &format!("c-{number}"), &charge).success();
    }
    server.stop();
}

#[test]
fn a_whole_journal_is_proved_with_its_trial_balance() {
    let dir = tempfile::tempdir().unwrap();
    some_data(dir.path());
    let out = bursar_on(dir.path(), &["verify"]).ok();
    for part in ["Accounts", "Entries", "Events", "available", "consumed:custom", "7.5"] {
        assert!(out.contains(part), "{part} in\n{out}");
    }
    let json = bursar_on(dir.path(), &["verify", "--format", "json"]).json();
    assert_eq!((&json["verified"], &json["accounts"]), (&json!(true), &json!(1)));
    assert_eq!(json["trial_balance"]["available"], 52.5);
    assert_eq!(json["trial_balance"]["adjusted"], -60);
}

#[test]
fn a_running_server_can_be_verified() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.customer("ada", 60);
    bursar_on(dir.path(), &["verify"]).ok();
    server.stop();
}

#[test]
fn a_flipped_byte_is_found_and_its_row_is_named() {
    let dir = tempfile::tempdir().unwrap();
    some_data(dir.path());
    let journal = Connection::open(dir.path().join("journal.db")).unwrap();
    let (commit, mut row): (i64, Vec<u8>) = journal
        .query_row("SELECT commit_id, entries FROM journal WHERE commit_id = 4", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    let middle = row.len() / 2;
    row[middle] ^= 0x10;
    let flip = "UPDATE journal SET entries = ?1 WHERE commit_id = ?2";
    journal.execute(flip, rusqlite::params![row, commit]).unwrap();
    drop(journal);
    let ran = bursar_on(dir.path(), &["verify"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("commit 4"), "{}", ran.out);
    let ran = bursar_on(dir.path(), &["verify", "--format", "json"]);
    assert_eq!(ran.code, 1);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["verified"], false);
    assert!(json["difference"].as_str().unwrap().contains("commit 4"), "{json}");
}

#[test]
fn a_view_that_disagrees_with_the_journal_is_found() {
    let dir = tempfile::tempdir().unwrap();
    some_data(dir.path());
    let views = Connection::open(dir.path().join("views.db")).unwrap();
    let changed = views.execute("UPDATE accounts SET erasing = 1 - erasing", []);
    assert_eq!(changed.unwrap(), 1);
    drop(views);
    let ran = bursar_on(dir.path(), &["verify"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("ada"), "{}", ran.out);
    bursar_on(dir.path(), &["views", "rebuild"]).ok();
    bursar_on(dir.path(), &["verify"]).ok();
}
