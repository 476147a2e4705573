//! `bursar migrate`: there, back again, interrupted, and refused.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use bursar_postgres::cluster::Cluster;
use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::billed;
use super::server::{BURSAR, Ran, Server, command, run};

/// A directory with data, a database, and a directory for what comes back.
struct Ends {
    dir: TempDir,
    url: String,
}

impl Ends {
    fn new() -> Self {
        let url = Runtime::new().unwrap().block_on(Cluster::shared().database());
        Self { dir: tempfile::tempdir().unwrap(), url }
    }

    fn first(&self) -> PathBuf {
        self.dir.path().join("first")
    }

    fn back(&self) -> PathBuf {
        self.dir.path().join("back")
    }

    /// Does something in the database behind everybody's back.
    fn sql(&self, sql: &str) {
        let name = self.url.rsplit('/').next().unwrap().split('?').next().unwrap();
        Runtime::new().unwrap().block_on(Cluster::shared().sql(name, sql));
    }

    fn migrate(&self, data: &Path, from: &str, to: &str, more: &[&str]) -> Ran {
        let mut bursar = command(BURSAR);
        bursar.args(["migrate", "--from", from, "--to", to]).args(more);
        run(bursar.arg("--data").arg(data).args(["--database", &self.url]))
    }

    fn there(&self, more: &[&str]) -> Ran {
        self.migrate(&self.first(), "sqlite", "postgres", more)
    }

    fn back_again(&self, more: &[&str]) -> Ran {
        self.migrate(&self.back(), "postgres", "sqlite", more)
    }

    fn vault(&self) -> String {
        self.first().join("vault").display().to_string()
    }

    /// A server on the database.
    fn serve(&self) -> Server {
        let arguments = ["--database", &self.url, "--vault", &self.vault()];
        Server::start_with(&self.first(), &arguments)
    }

    /// What a server says that must not start on the database.
    fn refused(&self) -> String {
        let mut serve = command(BURSAR);
        let serve = serve.args(super::server::serve_arguments(&self.dir.path().join("node")));
        run(serve.args(["--database", &self.url])).fails(2)
    }
}

/// What every command that reads says, of a directory or of the database.
fn said(data: &Path, database: Option<&str>) -> Vec<String> {
    let accounts = ["ada", "bob", "eve"];
    let mut commands: Vec<Vec<&str>> = vec![
        vec!["ledger"],
        vec!["keys", "list"],
        vec!["export", "documents", "--buyers", "--lines"],
        vec!["export", "documents", "--buyers"],
        vec!["export", "postings"],
        vec!["export", "postings", "--format", "jsonl"],
    ];
    for account in accounts {
        commands.push(vec!["balance", account, "--format", "json"]);
        commands.push(vec!["ledger", account, "--format", "json"]);
        commands.push(vec!["invoices", account, "--format", "json"]);
        commands.push(vec!["invoice", account, "inv_1", "--format", "json"]);
        commands.push(vec!["quote", "image", "--account", account, "--format", "json"]);
    }
    let says = |arguments: &Vec<&str>| {
        let mut bursar = command(BURSAR);
        bursar.args(arguments).arg("--data").arg(data);
        bursar.args(database.iter().flat_map(|url| ["--database", url]));
        let ran = run(&mut bursar);
        assert!(ran.code < 2, "{arguments:?}: {}", ran.err);
        // The time goes on.
        let out = match serde_json::from_str::<Value>(&ran.out) {
            Ok(Value::Object(mut fields)) => {
                fields.remove("now");
                Value::Object(fields).to_string()
            }
            _ => ran.out,
        };
        format!("{arguments:?}: {}\n{out}", ran.code)
    };
    commands.iter().map(says).collect()
}

/// One by one, so that what differs can be read.
#[track_caller]
fn same(one: &[String], other: &[String]) {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).for_each(|(one, other)| assert_eq!(one, other));
}

/// Figures that are the same of the same data, whatever keeps it.
fn verified(data: &Path, database: Option<&str>) -> Value {
    let mut bursar = command(BURSAR);
    bursar.args(["verify", "--format", "json", "--data"]).arg(data);
    bursar.args(database.iter().flat_map(|url| ["--database", url]));
    let mut report = run(&mut bursar).json();
    assert_eq!(report["verified"], true);
    // A directory counts the commits that were rolled back, too.
    let report_fields = report.as_object_mut().unwrap();
    report_fields.remove("commits");
    report_fields.remove("views_commit");
    report
}

/// A request with its key, and the reply as it came.
struct Asked {
    path: String,
    key: String,
    body: Value,
    reply: (u16, Vec<u8>),
}

/// `ada` pays, spends, is refunded, stores and deletes; `eve`'s files are purged; `bob` is erased; links are
/// used and sessions opened. What has been asked of it, with the replies.
fn everything(server: &Server) -> Vec<Asked> {
    for account in ["ada", "bob", "eve"] {
        let card = json!({"id": account, "name": "Somebody", "email": "somebody@example.com"});
        server.post("/v1/accounts", account, &card).created();
        server.subscribe(account);
    }
    let path = |account: &str, what: &str| format!("/v1/accounts/{account}/{what}");
    let charge = json!({"credits": 1.5, "reason": "a charge"});
    let given = json!({"credits": 60, "class": "promo", "reason": "a present"});
    let mut asked = vec![
        (path("ada", "credits"), "given", given.clone()),
        (path("ada", "charges"), "charge", charge.clone()),
        (path("ada", "charges"), "another", json!({"credits": 2, "reason": "another"})),
        (path("eve", "credits"), "given", given),
        (path("eve", "charges"), "charge", charge),
        (path("ada", "topups"), "topup", json!({"pack": "small"})),
        (path("bob", "subscription/refund"), "refund", json!({})),
        (path("eve", "subscription/cancel"), "cancel", json!({})),
    ];
    let file =
        json!({"kind": "vault", "name": "Ünal's", "size": 2, "media_type": "application/json"});
    for account in ["ada", "eve"] {
        for key in ["file-1", "file-2"] {
            asked.push((path(account, "assets"), key, file.clone()));
        }
    }
    let api = server.api();
    let replies: Vec<_> = asked
        .into_iter()
        .map(|(path, key, body)| {
            let reply = api.post_bytes(&path, key, &body);
            if path.ends_with("assets") {
                let begun: Value = serde_json::from_slice(&reply.1).unwrap();
                api.put(begun["content"].as_str().unwrap(), "{}").unwrap().success();
            }
            Asked { path, key: key.to_owned(), body, reply }
        })
        .collect();
    let begun: Value = serde_json::from_slice(&replies.last().unwrap().reply.1).unwrap();
    let first = begun["id"].as_str().unwrap();
    api.delete(&path("eve", &format!("assets/{first}"))).unwrap().success();
    let clock = |by: &str| {
        server.post("/v1/test_clock/accounts/eve/advance", by, &json!({"by": by})).success();
    };
    clock("58d");
    clock("3d");
    let portal = json!({"account": "ada", "return_url": "https://app.example/"});
    let link = server.post("/v1/portal_sessions", "portal", &portal).success();
    let client = super::server::client_builder().build().unwrap();
    // The page that it leads to wants the cookie, which this client drops.
    client.get(link["url"].as_str().unwrap()).send().unwrap();
    server.post("/v1/portal_sessions", "unused", &portal).success();
    replies
}

#[test]
fn there_and_back_again_everything_is_the_same() {
    let ends = Ends::new();
    let server = Server::start(&ends.first());
    let asked = everything(&server);
    server.stop();
    let names = Connection::open(ends.first().join("journal.db")).unwrap();
    let erase = "INSERT INTO billing_details (account_id, revision) VALUES ('bob', 1);
        INSERT INTO billing_details VALUES ('bob', 2, 'Bob', '', '[\"1 Rue\",\"Paris\"]', 'FR', NULL)";
    names.execute_batch(erase).unwrap();
    drop(names);
    let before = said(&ends.first(), None);
    let proof = verified(&ends.first(), None);
    for what in ["payments", "refunds", "invoices", "credit_notes", "files"] {
        assert_ne!(proof[what], 0, "nothing is proved of {what}: {proof}");
    }

    let moved = ends.there(&[]);
    assert!(moved.err.contains("Proving the source: "), "{}", moved.err);
    assert!(moved.err.contains("Copying the journal: 0 of "), "{}", moved.err);
    assert!(moved.err.contains("/vault, unless --vault says otherwise"), "{}", moved.err);
    assert!(moved.ok().contains("entries, states and plain rows are equal"));
    same(&said(&ends.first(), Some(&ends.url)), &before);
    assert_eq!(verified(&ends.first(), Some(&ends.url)), proof);

    // It goes on there: no number is given out twice, and what was done is not done again.
    let server = ends.serve();
    for Asked { path, key, body, reply } in &asked {
        assert_eq!(server.api().post_bytes(path, key, body), *reply, "{path} {key}");
    }
    let charge = json!({"credits": 1, "reason": "over there"});
    server.post("/v1/accounts/ada/charges", "there", &charge).success();
    server.customer("new", 5);
    server.subscribe("new");
    server.stop();
    let before = said(&ends.first(), Some(&ends.url));
    let proof = verified(&ends.first(), Some(&ends.url));
    // Some commits were rolled back.
    ends.sql("SELECT setval('bursar.journal_commits', nextval('bursar.journal_commits') + 5)");
    let server = ends.serve();
    server.post("/v1/accounts/ada/charges", "after-a-gap", &charge).success();
    server.stop();
    assert_ne!(verified(&ends.first(), Some(&ends.url)), proof);
    let proof = verified(&ends.first(), Some(&ends.url));
    let there = said(&ends.first(), Some(&ends.url));
    assert_ne!(there, before);

    let report = ends.back_again(&["--format", "json", "--quiet"]);
    assert_eq!(report.err, "");
    assert_eq!(report.json()["migrated"], true);
    same(&said(&ends.back(), None), &there);
    assert_eq!(verified(&ends.back(), None), proof);
    let server = Server::start_with(&ends.back(), &["--vault", &ends.vault()]);
    for Asked { path, key, body, reply } in &asked {
        assert_eq!(server.api().post_bytes(path, key, body), *reply, "{path} {key}");
    }
    assert!(server.post("/v1/accounts/ada/charges", "there", &charge).replayed);
    server.post("/v1/accounts/ada/charges", "back", &charge).success();
    server.stop();
    verified(&ends.back(), None);
}

#[test]
fn whatever_happened_is_moved() {
    let ends = Ends::new();
    billed::random(&ends.first(), 11);
    ends.there(&["--page", "37"]).ok();
    ends.back_again(&["--page", "41"]).ok();
    assert_eq!(verified(&ends.back(), None), verified(&ends.first(), None));
    let journal = |dir: &Path| {
        let journal = Connection::open(dir.join("journal.db")).unwrap();
        let mut rows = journal.prepare("SELECT commit_id, entries FROM journal").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect::<Vec<(i64, Vec<u8>)>>()
    };
    assert_eq!(journal(&ends.back()), journal(&ends.first()), "to the byte");
}

/// Killed at the beginning of each step, one after the other, and then not any more.
#[test]
fn a_migration_that_is_killed_goes_on() {
    let ends = Ends::new();
    billed::known(&ends.first());
    for step in ["prove_source", "copy", "copy_tables", "derive", "prove_target", "compare"] {
        kill_at(&ends, &ends.first(), ["sqlite", "postgres"], step);
        let said = ends.refused();
        assert!(said.contains("the beginning of a migration"), "after {step}: {said}");
        let mut verify = command(BURSAR);
        let said = run(verify.args(["verify", "--database", &ends.url])).fails(2);
        assert!(said.contains("Run the same `bursar migrate` again"), "after {step}: {said}");
    }
    let report = ends.there(&["--format", "json"]).json();
    assert_eq!(report["resumed_entries"], report["entries"], "{report}");
    for step in ["copy", "copy_tables", "derive", "prove_target", "compare"] {
        kill_at(&ends, &ends.back(), ["postgres", "sqlite"], step);
        for arguments in [&["verify"][..], &["balance", "ada"], &["views", "rebuild"], &["serve"]] {
            let said = super::server::bursar_on(&ends.back(), arguments).fails(2);
            assert!(said.contains("not complete"), "after {step}, {arguments:?}: {said}");
        }
    }
    ends.back_again(&[]).ok();
    assert_eq!(verified(&ends.back(), None), verified(&ends.first(), None));
    same(&said(&ends.back(), None), &said(&ends.first(), None));
}

/// Kills a migration as soon as it says that it has come to a step.
fn kill_at(ends: &Ends, data: &Path, [from, to]: [&str; 2], step: &str) {
    let mut migrate = command(BURSAR);
    migrate.args(["migrate", "--format", "json", "--from", from, "--to", to, "--page", "3"]);
    migrate.arg("--data").arg(data).args(["--database", &ends.url]);
    let mut child = migrate.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let name = format!("\"step\":\"{step}\"");
    assert!(lines.any(|line| line.contains(&name)), "it never came to {step}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn another_source_does_not_go_on_where_one_has_ended() {
    let ends = Ends::new();
    billed::known(&ends.first());
    kill_at(&ends, &ends.first(), ["sqlite", "postgres"], "copy_tables");
    let other = ends.dir.path().join("other");
    billed::random(&other, 5);
    let said = ends.migrate(&other, "sqlite", "postgres", &[]).fails(2);
    assert!(said.contains("from somewhere else") && said.contains("--restart"), "{said}");
    ends.migrate(&other, "sqlite", "postgres", &["--restart"]).ok();
    assert_eq!(verified(&other, Some(&ends.url)), verified(&other, None));
}

#[test]
fn a_damaged_source_is_named_and_nothing_serves_the_target() {
    let ends = Ends::new();
    billed::known(&ends.first());
    let journal = Connection::open(ends.first().join("journal.db")).unwrap();
    let turn = "UPDATE journal SET entries =
        CAST(substr(entries, 1, 20) || x'ff' || substr(entries, 22) AS BLOB) WHERE commit_id = 4";
    journal.execute(turn, []).unwrap();
    drop(journal);
    let ran = ends.there(&[]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("is not in order") && ran.out.contains("commit 4"), "{}", ran.out);
    assert!(ends.refused().contains("the beginning of a migration"));
    let ran = ends.there(&["--format", "json"]);
    let said: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &said["migrated"]), (1, &json!(false)), "{said}");
}

/// What was changed in the target behind its back is found before anybody can open it.
#[test]
fn what_did_not_arrive_is_found() {
    let ends = Ends::new();
    billed::known(&ends.first());
    kill_at(&ends, &ends.first(), ["sqlite", "postgres"], "prove_target");
    let lose = "DELETE FROM bursar.journal WHERE commit_id = 2";
    ends.sql(lose);
    let ran = ends.there(&[]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("is not in order"), "{}", ran.out);
    assert!(ends.refused().contains("the beginning of a migration"));
    ends.there(&["--restart"]).ok();
    verified(&ends.first(), Some(&ends.url));
}

#[test]
fn what_is_in_use_or_has_data_is_refused() {
    let ends = Ends::new();
    let server = Server::start(&ends.first());
    server.customer("ada", 60);
    let said = ends.there(&[]).fails(2);
    assert!(said.contains("in use by another Bursar process"), "{said}");
    server.stop();
    ends.there(&[]).ok();
    let said = ends.there(&[]).fails(2);
    assert!(said.contains("has data already"), "{said}");
    let said = ends.there(&["--restart"]).fails(2);
    assert!(said.contains("has data already"), "it would have dropped a whole database: {said}");

    let server = ends.serve();
    let said = ends.back_again(&[]).fails(2);
    assert!(said.contains("servers work on it") && said.contains("Stop all of them"), "{said}");
    assert!(!ends.back().join("journal.db").exists());
    server.stop();
    let said = ends.migrate(&ends.first(), "postgres", "sqlite", &[]).fails(2);
    assert!(said.contains("has data already"), "{said}");
    let said = ends.migrate(&ends.first(), "sqlite", "sqlite", &[]).fails(2);
    assert!(said.contains("are the same"), "{said}");
    let said = ends.migrate(&ends.back(), "sqlite", "postgres", &[]).fails(2);
    assert!(said.contains("there is no data in"), "{said}");
    let unnamed = ["migrate", "--from", "sqlite", "--to", "postgres"];
    let said = super::server::bursar_on(&ends.first(), &unnamed).fails(2);
    assert!(said.contains("BURSAR_DATABASE_URL"), "{said}");
    ends.back_again(&[]).ok();
}
