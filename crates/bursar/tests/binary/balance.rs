//! `bursar balance`.

use serde_json::json;

use super::server::{Server, bursar_on};

#[test]
fn a_balance_is_the_same_as_the_servers_while_it_runs_and_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.customer("ada", 60);
    server.subscribe("ada");
    server.post("/v1/accounts/ada/holds", "job-1", &json!({"operation": "video"})).created();
    let told = server.get("/v1/accounts/ada/balance").success();
    let mut balances = Vec::new();
    for _ in 0..2 {
        let balance = bursar_on(dir.path(), &["balance", "ada", "--format", "json"]).json();
        for field in ["available", "held", "lots", "by_class", "next_refresh_at", "version"] {
            assert_eq!(balance[field], told[field], "{field}");
        }
        assert_eq!(balance["holds"][0]["credits"], 50);
        let out = bursar_on(dir.path(), &["balance", "ada"]).ok();
        for part in ["410 credits", "starter by the month", "lot_1", "promo", "hold_"] {
            assert!(out.contains(part), "{part} in\n{out}");
        }
        balances.push(balance);
        if balances.len() == 1 {
            server.signal("-TERM");
        }
    }
    assert_eq!(server.wait().code(), Some(0));
    let said = bursar_on(dir.path(), &["balance", "bob"]).fails(2);
    assert!(said.contains("there is no account bob in"), "{said}");
}

#[test]
fn what_fell_due_while_no_server_ran_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.customer("ada", 60);
    let hold = json!({"credits": 20, "reason": "a job", "ttl_seconds": 1});
    server.post("/v1/accounts/ada/holds", "job-1", &hold).created();
    server.kill();
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let balance = bursar_on(dir.path(), &["balance", "ada", "--format", "json"]).json();
    assert_eq!((&balance["available"], &balance["held"]), (&json!(60), &json!(0)));
}
