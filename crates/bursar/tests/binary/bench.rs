//! `bursar bench`: what it counts, and that it finds out when the ledger disagrees. How fast anything is
//! doesn't matter here.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::server::{PATIENCE, Ran, Server, bursar, bursar_on};

/// Runs it for a second without warm-up, on the server of a data directory.
fn bench(server: &Server, arguments: &[&str]) -> Ran {
    let common = ["bench", "--url", &server.url, "--seconds", "1", "--warm-up", "0"];
    bursar_on(&server.data, &[&common[..], arguments].concat())
}

fn bench_json(server: &Server, arguments: &[&str]) -> Value {
    bench(server, &[arguments, &["--format", "json"]].concat()).json()
}

/// How many credits the journal says were spent by accounts whose ids begin with `prefix`.
fn spent(data: &Path, prefix: &str) -> u64 {
    let ledger = bursar_on(data, &["ledger", "--format", "json"]).ok();
    let events = ledger.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_prefix = events.filter(|event| {
        let account = event["account"].as_str().unwrap();
        let ours = account.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('-'));
        ours && matches!(event["event"].as_str(), Some("charged" | "hold_captured"))
    });
    of_prefix.count().try_into().unwrap()
}

#[test]
fn every_kind_of_load_is_counted_and_proved() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    for (prefix, arguments) in [
        ("single", &["--connections", "4"][..]),
        ("batch", &["--batch", "20", "--connections", "2", "--distribution", "zipf"]),
        ("hot", &["--distribution", "hot", "--hot-share", "1", "--connections", "8"]),
        ("pairs", &["--work", "hold-capture", "--distribution", "hot"]),
        ("pair-batch", &["--work", "hold-capture", "--batch", "10", "--connections", "3"]),
        ("rate", &["--rate", "50", "--connections", "4", "--threads", "2"]),
    ] {
        let own = ["--prefix", prefix, "--accounts", "5", "--check"];
        let report = bench_json(&server, &[&own, arguments].concat());
        assert_eq!(report["errors"], json!({}), "{prefix}: {report}");
        let ledger = &report["ledger"];
        let acknowledged = ledger["acknowledged"].as_u64().unwrap();
        assert!(acknowledged > 0, "{prefix}: {report}");
        assert!(report["operations"].as_u64().unwrap() <= acknowledged, "{prefix}: {report}");
        assert_eq!(
            (&ledger["wrong_accounts"], &ledger["unknown"]),
            (&json!(0), &json!(0)),
            "{report}"
        );
        assert_eq!(ledger["used"], acknowledged, "{prefix}: {report}");
        assert_eq!(spent(dir.path(), prefix), acknowledged, "{prefix}: {report}");
    }
    server.stop();
}

#[test]
fn the_hot_account_takes_its_share() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    bench(&server, &["--distribution", "hot", "--hot-share", "1", "--accounts", "3"]).ok();
    let used = |nth| {
        let balance = server.get(&format!("/v1/accounts/bench-{nth}/balance")).success();
        1_010_000_000 - balance["available"].as_u64().unwrap()
    };
    assert!(used(0) > 0);
    assert_eq!((used(1), used(2)), (0, 0));
    // Two lots, of which the first expires, is spent first and pays all of it.
    let balance = server.get("/v1/accounts/bench-0/balance").success();
    let lots = balance["lots"].as_array().unwrap();
    assert_eq!(lots.len(), 2, "{balance}");
    assert!(lots[0]["expires_at"].is_string() && lots[1]["expires_at"].is_null(), "{balance}");
    assert_eq!(lots[0]["remaining"], 10_000_000 - used(0), "{balance}");
    server.stop();
}

#[test]
fn what_only_looks_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    for work in ["balance", "estimate"] {
        let report = bench_json(&server, &["--work", work, "--accounts", "3", "--check"]);
        assert!(report["operations"].as_u64().unwrap() > 0, "{report}");
        assert_eq!((&report["errors"], &report["ledger"]), (&json!({}), &Value::Null), "{report}");
    }
    let unknown = ["--work", "estimate", "--operation", "nothing", "--accounts", "3"];
    let ran = bench(&server, &unknown);
    assert!(ran.code == 1 && ran.out.contains("unknown_operation"), "{}{}", ran.out, ran.err);
    assert_eq!(spent(dir.path(), "bench"), 0);
    let said = bench(&server, &["--work", "balance", "--batch", "10"]).fails(2);
    assert!(said.contains("only charges, holds and captures"), "{said}");
    server.stop();
}

#[test]
fn a_rate_is_kept_and_what_is_late_counts_from_when_it_was_due() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let kept = bench_json(&server, &["--rate", "40", "--accounts", "3", "--connections", "8"]);
    // Forty are due in a second, and each is sent once: but for those for which a busy machine had no time.
    let count = |value: &Value| value.as_u64().unwrap();
    let acknowledged = count(&kept["ledger"]["acknowledged"]);
    assert_eq!(acknowledged + count(&kept["unsent_requests"]), 40, "{kept}");
    assert!(acknowledged > 0, "{kept}");
    // Far more than one connection can do: whoever waited in line is seen to have waited.
    let late = bench_json(&server, &["--rate", "500000", "--accounts", "3", "--connections", "1"]);
    assert!(late["unsent_requests"].as_u64().unwrap() > 0, "{late}");
    let took = &late["latency_micros"];
    assert!(took["p50"].as_u64().unwrap() > 100_000, "{late}");
    assert_eq!(late["requests_timed"], 500_000, "{late}");
    server.stop();
}

#[test]
fn what_is_refused_is_counted_by_kind_and_is_a_no() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start_with(dir.path(), &["--rate-limit", "5"]);
    let ran = bench(&server, &["--accounts", "2", "--connections", "2", "--format", "json"]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
    assert!(report["errors"]["429 rate_limited"].as_u64().unwrap() > 0, "{report}");
    assert_eq!(report["ledger"]["wrong_accounts"], 0, "{report}");
    assert_eq!(report["ledger"]["used"], report["ledger"]["acknowledged"], "{report}");
    server.stop();
}

#[test]
fn a_ledger_that_disagrees_is_found_out() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let ran = thread::scope(|scope| {
        let load = scope.spawn(|| bench(&server, &["--accounts", "1", "--connections", "1"]));
        // Once the load is on, somebody else spends of the same account.
        let started = Instant::now();
        let available = || {
            let balance = server.get("/v1/accounts/bench-0/balance");
            balance.is_success().then(|| balance.body["available"].as_u64().unwrap())
        };
        while available().is_none_or(|left| left % 1_000_000 == 0) {
            assert!(started.elapsed() < PATIENCE, "no load");
            thread::sleep(Duration::from_millis(1));
        }
        let charge = json!({"credits": 7, "reason": "somebody else"});
        server.post("/v1/accounts/bench-0/charges", "else", &charge).success();
        load.join().unwrap()
    });
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("1 accounts have another balance than they should"), "{}", ran.out);
    assert!(ran.out.contains("bench-0 had"), "{}", ran.out);
    server.stop();
}

#[test]
fn what_is_missing_or_forbidden_is_said_before_any_load() {
    let dir = tempfile::tempdir().unwrap();
    let said = bursar_on(dir.path(), &["bench"]).fails(2);
    assert!(said.contains("no --key, and cannot read the test key"), "{said}");
    let said = bursar(&["bench", "--key", "bk_live_abcdefghijklmnop"]).fails(2);
    assert!(said.contains("live mode") && said.contains("--live"), "{said}");
    let said = bursar(&["bench", "--key", "bk_test_x", "--url", "https://a.example"]).fails(2);
    assert!(said.contains("is not the address of a server"), "{said}");
    let said = bursar(&["bench", "--key", "bk_test_x", "--url", "http://127.0.0.1:1"]).fails(2);
    assert!(said.contains("cannot reach the server at 127.0.0.1:1"), "{said}");
    let server = Server::start(dir.path());
    let said = bursar(&["bench", "--key", "bk_test_x", "--url", &server.url]).fails(2);
    assert!(said.contains("401") && said.contains("scopes read, accounts, spend"), "{said}");
    assert!(!said.contains("bk_test_x"), "{said}");
    let said = bench(&server, &["--batch", "1001"]).fails(2);
    assert!(said.contains("at most 1,000"), "{said}");
    server.stop();
}
