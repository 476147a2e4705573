//! What has to be the same for all: bytes of requests and replies, and of the journal.

use std::time::Duration;

use bursar_load::{Spread, Work};

use super::bursar::Bursar;
use super::over_http;
use super::plan::{Load, Plan};

/// In bytes, but for the last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// The whole reply to a charge, headers included.
    pub(crate) single_reply: usize,
    /// The bodies of a batch of 100 charges and of its reply.
    pub(crate) batch_request: usize,
    pub(crate) batch_reply: usize,
    /// What the journal grows by for each charge over 64 connections.
    pub(crate) journal: usize,
    /// How many of those share a commit.
    pub(crate) per_commit: usize,
}

/// How long the server is asked for charges to find out.
const SAMPLE: Duration = Duration::from_secs(2);

impl Sizes {
    /// Of a server that is asked for a while.
    pub(crate) fn measure(plan: &Plan) -> Self {
        let server = Bursar::start();
        let load = Load::Http {
            connections: 64,
            batch: None,
            work: Work::Charge,
            spread: Spread::Uniform,
            half: false,
        };
        let few = Plan { accounts: 100, cells: Vec::new(), json: None, ..*plan };
        let mut wanted = over_http::load_plan(&few, load, &server.url, &server.key, None);
        wanted.time = SAMPLE;
        let before = server.done();
        let report = bursar_load::run(wanted).unwrap();
        assert!(report.is_clean(), "{:?} {:?}", report.errors, report.verdict);
        let after = server.done();
        let commits = after.commits - before.commits;
        let per_commit = ((after.commands - before.commands) / commits).round().max(1.0);
        let charges = report.verdict.unwrap().acknowledged;
        let body = r#"{"credits":1,"reason":"a picture"}"#;
        let single = server.ask("POST", "/v1/accounts/bench-0/charges", body);
        assert!(single.starts_with("HTTP/1.1 201"), "{single}");
        let operations: Vec<String> = (0..100).map(operation).collect();
        let request = format!("{{\"operations\":[{}]}}", operations.join(","));
        let batch = server.ask("POST", "/v1/batch", &request);
        assert_eq!(batch.matches("\"status\":201").count(), 100, "{batch}");
        let batch_reply = batch.split_once("\r\n\r\n").unwrap().1.len();
        let journal = server.stop();
        Self {
            single_reply: single.len(),
            batch_request: request.len(),
            batch_reply,
            journal: (journal / charges.max(1)) as usize,
            per_commit: per_commit as usize,
        }
    }
}

/// As the load generator writes it.
fn operation(nth: usize) -> String {
    format!(
        "{{\"op\":\"charge\",\"account\":\"bench-{nth}\",\"idempotency_key\":\"bench-12345678-1-{nth}.{nth}\",\
         \"credits\":1,\"reason\":\"a picture\"}}"
    )
}
