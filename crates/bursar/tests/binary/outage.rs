//! A server whose PostgreSQL is away: it says so soon, to everybody, and is back when the database is.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bursar_postgres::cluster::Cluster;
use serde_json::json;

use super::clients::Servers;
use super::fleet::Fleet;
use super::server::{PATIENCE, bursar_on};

const CLIENTS: usize = 64;

#[test]
fn without_its_database_a_server_refuses_everybody_and_comes_back_by_itself() {
    let fleet = Fleet::start(Arc::new(Cluster::start()), 1);
    fleet.on(0, |server| server.customer("ada", 100));
    fleet.cluster.stop();
    let charge = json!({"credits": 1, "reason": "a charge"});
    let all = || {
        thread::scope(|scope| {
            let send = |number: usize| {
                let (api, charge) = (fleet.api(0), &charge);
                scope.spawn(move || {
                    let path = "/v1/accounts/ada/charges";
                    api.post(path, &format!("charge-{number}"), charge).unwrap()
                })
            };
            let sent: Vec<_> = (0..CLIENTS).map(send).collect();
            sent.into_iter().map(|sent| sent.join().unwrap()).collect::<Vec<_>>()
        })
    };
    // The first wait for a failover, the later ones don't.
    for _ in 0..20 {
        for reply in all() {
            assert_eq!((reply.status, reply.code()), (503, "storage_unavailable"), "{reply:?}");
            assert_eq!(reply.retry_after, "1");
        }
    }
    let ready = fleet.api(0).get("/readyz");
    assert_eq!((ready.status, ready.code()), (503, "storage_unavailable"), "{ready:?}");
    fleet.api(0).get("/healthz").success();
    fleet.cluster.start_again();
    let started = Instant::now();
    while !fleet.api(0).get("/readyz").is_success() {
        assert!(started.elapsed() < PATIENCE, "it does not come back");
        thread::sleep(Duration::from_millis(10));
    }
    for reply in all() {
        assert!(reply.is_success() && !reply.replayed, "{reply:?}");
    }
    let ada = fleet.api(0).get("/v1/accounts/ada").success();
    assert_eq!(ada["balance"]["available"], 36, "{ada}");
    fleet.stop();
    fleet.proven();
}

#[test]
fn a_server_that_finds_no_database_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let nowhere = "postgres://ada:secret@127.0.0.1:1/billing";
    let said = bursar_on(dir.path(), &["serve", "--database", nowhere]).fails(2);
    assert!(said.contains("PostgreSQL at 127.0.0.1:1, database billing"), "{said}");
    assert!(said.contains("Look whether the server runs and can be reached"), "{said}");
    assert!(!said.contains("secret"), "{said}");
}
