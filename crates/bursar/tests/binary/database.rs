//! Servers on a PostgreSQL database that they share, and the commands beside them.

use std::path::Path;
use std::process::Command;
use std::thread;

use bursar_postgres::cluster::Cluster;
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::server::{BURSAR, Ran, Server, bursar, bursar_on, command, run, serve_arguments};

/// A database, and a directory of its own for each server's files.
struct Shared {
    url: String,
    dirs: [TempDir; 2],
}

impl Shared {
    fn new() -> Self {
        let url = Runtime::new().unwrap().block_on(Cluster::shared().database());
        Self { url, dirs: [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()] }
    }

    fn dir(&self, number: usize) -> &Path {
        self.dirs[number].path()
    }

    fn start(&self, number: usize) -> Server {
        Server::spawn(self.dir(number), &mut self.serve(number))
    }

    fn serve(&self, number: usize) -> Command {
        let vault = self.dir(0).join("vault").display().to_string();
        let mut bursar = command(BURSAR);
        bursar.args(serve_arguments(self.dir(number)));
        bursar.args(["--database", &self.url, "--vault", &vault]);
        bursar
    }

    /// A command on the database, which is in its environment.
    fn bursar(&self, arguments: &[&str]) -> Ran {
        let mut bursar = command(BURSAR);
        bursar.args(arguments).env("BURSAR_DATABASE_URL", &self.url).current_dir(self.dir(0));
        run(&mut bursar)
    }
}

#[test]
fn two_servers_are_one() {
    let shared = Shared::new();
    let (one, two) = (shared.start(0), shared.start(1));
    one.customer("ada", 60);
    let charge = json!({"credits": 1.5, "reason": "a charge"});
    let first = one.post("/v1/accounts/ada/charges", "once", &charge);
    let again = two.post("/v1/accounts/ada/charges", "once", &charge);
    assert!(again.replayed && !first.replayed, "{again:?}");
    assert_eq!(again.success(), first.success());
    two.subscribe("ada");
    assert_eq!(one.get("/v1/accounts/ada").success(), two.get("/v1/accounts/ada").success());
    two.stop();
    one.stop();
    let report = shared.bursar(&["verify", "--format", "json"]).json();
    assert_eq!((&report["accounts"], &report["invoices"]), (&json!(1), &json!(1)));
    assert!(!shared.dir(0).join("journal.db").exists(), "the directory has files only");
}

/// The sandbox's answers wait for the database, whose replies come over the server's only thread.
#[test]
fn payments_of_many_wait_for_the_database_and_stop_nothing() {
    let shared = Shared::new();
    let mut serve = shared.serve(0);
    let server = Server::spawn(shared.dir(0), serve.env("TOKIO_WORKER_THREADS", "1"));
    thread::scope(|all| {
        for number in 0..8 {
            let server = &server;
            all.spawn(move || {
                let id = format!("customer-{number}");
                server.post("/v1/accounts", &id, &json!({"id": id})).created();
                server.subscribe(&id);
            });
        }
    });
    server.stop();
    let report = shared.bursar(&["verify", "--format", "json"]).json();
    assert_eq!((&report["accounts"], &report["payments"]), (&json!(8), &json!(8)));
}

/// 60 credits, and 120 who want one, from both at once; one of the servers dies in the midst of it.
#[test]
fn the_last_credit_is_spent_once_whichever_server_gets_it() {
    let shared = Shared::new();
    let (one, two) = (shared.start(0), shared.start(1));
    one.customer("ada", 60);
    let spend = |server: &Server, name: &'static str, count: usize| {
        let api = server.api();
        thread::spawn(move || {
            let charge = json!({"credits": 1, "reason": "a charge"});
            let path = "/v1/accounts/ada/charges";
            let each = (0..count).map(|n| api.post(path, &format!("{name}-{n}"), &charge));
            each.map_while(Result::ok).filter(|reply| reply.is_success()).count()
        })
    };
    let spending = [spend(&one, "a", 60), spend(&one, "b", 60), spend(&two, "c", 10)];
    let mut acknowledged: usize = spending.into_iter().map(|one| one.join().unwrap()).sum();
    let dying = [spend(&two, "d", 60), spend(&one, "e", 60)];
    two.kill();
    acknowledged += dying.into_iter().map(|one| one.join().unwrap()).sum::<usize>();
    assert!(acknowledged <= 60, "{acknowledged}");
    let ada = one.get("/v1/accounts/ada").success();
    assert_eq!(ada["balance"]["available"], 0, "{ada}");
    one.stop();
    let report = shared.bursar(&["verify", "--format", "json"]).json();
    assert_eq!(report["trial_balance"]["available"], 0);
    assert_eq!(report["trial_balance"]["adjusted"], -60);
}

/// Whoever looks at a page on one server sees what happens on the other, each event once and in order.
#[test]
fn a_stream_shows_what_any_server_does() {
    let shared = Shared::new();
    let (one, two) = (shared.start(0), shared.start(1));
    one.customer("ada", 60);
    let mut streams = [&one, &two].map(|server| server.api().follow("/v1/accounts/ada/events"));
    let first = streams.each_mut().map(|stream| {
        let (name, version, _) = stream.next().unwrap();
        assert_eq!(name, "balance");
        version
    });
    assert_eq!(first[0], first[1]);
    let charge = json!({"credits": 1, "reason": "a charge"});
    for n in 0..20 {
        let server = if n % 3 == 0 { &two } else { &one };
        server.post("/v1/accounts/ada/charges", &n.to_string(), &charge).success();
    }
    for stream in streams {
        let charges = stream.filter(|(name, ..)| name == "charge").map(|(_, version, _)| version);
        let charges: Vec<u64> = charges.take(20).collect();
        assert_eq!(charges, (first[0] + 1..=first[0] + 20).collect::<Vec<_>>());
    }
    two.stop();
    one.stop();
}

#[test]
fn commands_work_on_a_database() {
    let shared = Shared::new();
    let said = shared.bursar(&["balance", "ada"]).fails(2);
    assert!(said.contains("there is no data in it"), "{said}");
    let made = ["keys", "create", "--name", "app", "--scope", "admin", "--mode", "test"];
    shared.bursar(&made).ok();
    let server = shared.start(0);
    server.customer("ada", 60);
    assert!(shared.bursar(&["balance", "ada"]).ok().contains("60"));
    assert!(shared.bursar(&["ledger", "ada"]).ok().contains("a present"));
    assert!(shared.bursar(&["keys", "list"]).ok().contains("app"));
    assert!(shared.bursar(&["quote", "image", "--account", "ada"]).code < 2);
    let said = shared.bursar(&["keys", "list", "--database", "postgres://127.0.0.1:1/x"]).fails(2);
    assert!(said.contains("Look whether the server runs"), "{said}");
    server.stop();
    let live = ["serve", "--mode", "live", "--database", &shared.url, "--listen", "127.0.0.1:0"];
    let said = bursar_on(shared.dir(1), &live).fails(2);
    assert!(said.contains("holds test data, and this is live mode"), "{said}");
}

#[test]
fn a_database_is_looked_at_without_touching_it() {
    let shared = Shared::new();
    let look = || shared.bursar(&["database", "check", "--format", "json"]).json();
    let empty = look();
    assert_eq!((&empty["usable"], &empty["versions"]), (&json!(true), &json!(null)), "{empty}");
    let server = shared.start(0);
    server.customer("ada", 60);
    let found = look();
    assert_eq!(found["state"], "as this version makes it", "{found}");
    assert_ne!(found["last_commit"], 0);
    let servers = found["connected"].as_array().unwrap().iter();
    assert!(servers.clone().any(|one| one["application"] == "bursar"), "{found}");
    let text = shared.bursar(&["database", "check"]).ok();
    for part in ["as this version makes it", "Last commit", "journal", "bursar", "of 300"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    server.stop();
    let none = ["database", "check", "--database", ""];
    let said = shared.bursar(&none).fails(2);
    assert!(said.contains("BURSAR_DATABASE_URL"), "{said}");
}

/// What it does where there is the extension is tested with the store.
#[test]
fn spreading_a_database_explains_itself_where_it_cannot_be() {
    let shared = Shared::new();
    shared.start(0).stop();
    let said = shared.bursar(&["database", "distribute"]).fails(2);
    for part in ["has no extension `citus`", "CREATE EXTENSION citus", "--dry-run"] {
        assert!(said.contains(part), "{part} in\n{said}");
    }
    // Needs no database.
    let statements = bursar(&["database", "distribute", "--dry-run"]).ok();
    let first = "SELECT create_distributed_table('bursar.accounts', 'account_id', \
                 colocate_with => 'none');";
    assert_eq!(statements.lines().next(), Some(first));
    assert!(
        statements.contains("'bursar.journal', 'account_id', colocate_with => 'bursar.accounts'")
    );
    assert!(statements.contains("stay on the coordinator: versions, document_numbers"));
}
