//! `bursar ledger`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use super::server::{BURSAR, Server, bursar_on, command};

fn two_customers(server: &Server) {
    server.customer("ada", 60);
    server.customer("bob", 10);
    let hold = json!({"credits": 20, "reason": "a job", "reference": "job-1"});
    let hold = server.post("/v1/accounts/ada/holds", "job-1", &hold).created();
    let capture = format!("/v1/accounts/ada/holds/{}/capture", hold["id"].as_str().unwrap());
    server.post(&capture, "job-1-done", &json!({"credits": 12.5})).success();
}

#[test]
fn entries_read_as_a_ledger_and_sum_to_zero() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    two_customers(&server);
    let out = bursar_on(dir.path(), &["ledger", "ada"]).ok();
    for part in
        ["account opened", "holds 20 for a job", "idempotency key job-1\n", "consumed:custom"]
    {
        assert!(out.contains(part), "{part} in\n{out}");
    }
    assert!(!out.contains(" bob "), "{out}");
    let said = bursar_on(dir.path(), &["ledger", "eve"]).fails(2);
    assert!(said.contains("there is no account eve"), "{said}");
    let all = bursar_on(dir.path(), &["ledger", "--format", "json"]).ok();
    let events: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().any(|event| event["account"] == "bob"));
    for event in &events {
        let postings = event["postings"].as_array().unwrap();
        let sum: f64 = postings.iter().map(|posting| posting["credits"].as_f64().unwrap()).sum();
        assert_eq!(sum, 0.0, "{event}");
    }
    let captured = events.iter().find(|event| event["event"] == "hold_captured").unwrap();
    assert_eq!(
        captured["postings"],
        json!([
            {"book": "held", "credits": -20},
            {"book": "consumed:custom", "credits": 12.5},
            {"book": "available", "credits": 7.5},
        ])
    );
    let lines = bursar_on(dir.path(), &["ledger", "ada", "--postings"]).ok();
    let last = lines.lines().rfind(|line| line.contains(" available ")).unwrap();
    let words: Vec<&str> = last.split_whitespace().collect();
    assert_eq!(words[1..], ["ada", "available", "7.5", "47.5", "hold_captured"]);
    server.stop();
}

#[test]
fn a_followed_ledger_shows_what_happens_from_now_on() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    two_customers(&server);
    let mut follow = command(BURSAR)
        .args(["ledger", "bob", "--follow", "--format", "json", "--data"])
        .arg(dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["event"], "account_opened");
    assert_eq!(next()["event"], "lot_issued");
    server.post("/v1/accounts/ada/charges", "c", &json!({"credits": 1, "reason": "no"})).success();
    server.post("/v1/accounts/bob/charges", "c", &json!({"credits": 1, "reason": "yes"})).success();
    let charged = next();
    assert_eq!((&charged["event"], &charged["account"]), (&json!("charged"), &json!("bob")));
    follow.kill().unwrap();
    follow.wait().unwrap();
    server.stop();
}

#[test]
fn a_reader_that_has_had_enough_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    two_customers(&server);
    let script = r#""$0" ledger --follow --data "$1" | head -n 1; exit "${PIPESTATUS[0]}""#;
    // The first line ends `head`; another event makes the ledger write into the closed pipe.
    let mut piped = command("bash")
        .args(["-c", script, BURSAR])
        .arg(dir.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(piped.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.contains("account opened"), "{first}");
    server
        .post("/v1/accounts/bob/charges", "c", &json!({"credits": 1, "reason": "more"}))
        .success();
    let ended = piped.wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stderr.is_empty(), "{ended:?}");
    server.stop();
}
