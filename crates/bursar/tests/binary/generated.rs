//! Requests that nobody thought of: Schemathesis makes them from the API's own document, right ones and wrong
//! ones, and looks whether the server keeps to what it says there. No reply is a 5xx, has a status, a code, a
//! content type or a form that isn't documented; what the document forbids is refused, what it allows isn't
//! refused for its form; nothing is to be had without a key; a method that isn't there is a 405.
//!
//! `cargo xtask requests --minutes 10` does the same for longer. A failure says what was sent, as a line for
//! curl, and comes again with the same seed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::server::Server;

/// What can't succeed here, and why.
const NEVER: &[(&str, &str)] = &[
    ("POST /v1/accounts/{id}/subscription/pause", "it is not offered, and says so"),
    ("POST /v1/provider/sandbox/webhooks", "its messages are signed"),
    ("POST /v1/provider/stripe/webhooks", "the server works with the sandbox"),
];

/// Statuses by operation, and how often each came.
type Statuses = BTreeMap<String, BTreeMap<u16, u64>>;

#[test]
fn the_api_does_what_its_document_says() {
    let run = Run::new("hooks.py");
    let location = format!("{}/openapi.json", run.server.url);
    let statuses = run.ask(&location, 4, &[]);
    show(&statuses);
    let document = run.server.get("/openapi.json").success();
    // Schemathesis leaves out where it has the document from.
    for operation in operations(&document).into_iter().filter(|it| it != "GET /openapi.json") {
        let came = statuses.get(&operation);
        let succeeded = came.is_some_and(|came| came.keys().any(|status| *status < 300));
        let never = NEVER.iter().find(|(name, _)| *name == operation);
        assert_eq!(succeeded, never.is_none(), "{operation}: {came:?}, {never:?}");
    }
    run.finish();
}

/// The search bites: each lie in a document that is otherwise the server's own is found out.
#[test]
fn a_document_that_lies_is_found_out() {
    let run = Run::new("hooks.py");
    let mut document = run.server.get("/openapi.json").success();
    let schemas = &mut document["components"]["schemas"];
    // A reply's field is of another type; a bound isn't kept, another is tighter than said.
    schemas["HoldPlaced"]["allOf"][1]["properties"]["version"] = json!({"type": "string"});
    schemas["CreateWidgetToken"]["properties"]["ttl_seconds"]["maximum"] = json!(600);
    schemas["ExtendHold"]["properties"]["ttl_seconds"]["minimum"] = json!(-5);
    let paths = document["paths"].as_object_mut().unwrap();
    let take = |item: &mut Value, name: &str| item.as_object_mut().unwrap().remove(name).unwrap();
    // A status comes, a code, a content type and a method that aren't documented.
    take(&mut paths["/v1/accounts/{id}/holds"]["get"]["responses"], "404");
    let not_found = &mut paths["/v1/accounts/{id}/balance"]["get"]["responses"]["404"];
    let examples = &mut not_found["content"]["application/problem+json"]["examples"];
    take(examples, "account_not_found");
    let content = &mut paths["/v1/catalog"]["get"]["responses"]["200"]["content"];
    content["application/xml"] = take(content, "application/json");
    take(&mut paths["/v1/accounts/{id}/custom_plan"], "delete");
    // A key isn't asked for.
    paths["/healthz"]["get"]["security"] = json!([{"api_key": []}]);
    let lies = run.dir.path().join("lies.json");
    std::fs::write(&lies, document.to_string()).unwrap();
    let asked = "^(/healthz|/v1/catalog|/v1/widget_tokens|\
        /v1/accounts/.id./(holds|balance|custom_plan|holds/.hold./extend))$";
    let mut command = run.schemathesis(lies.to_str().unwrap());
    command.args(["--url", &run.server.url, "--include-path-regex", asked]);
    command.args(["--max-examples", "3", "--phases", "examples,coverage,fuzzing"]);
    let output = command.output().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success(), "{report}");
    for finding in [
        "Response violates schema",
        "Schema-violating request accepted",
        "Custom check failed: `accepted_form`",
        "Undocumented status code",
        "Custom check failed: `documented_code`",
        "Undocumented Content-Type",
        "Allow header mismatch",
        "API accepts requests without authentication",
    ] {
        assert!(report.contains(finding), "{finding} isn't in {report}");
    }
}

#[test]
fn nothing_that_browsers_send_breaks_a_page() {
    let run = Run::new("pages.py");
    let list = here("pages.json");
    let url = run.server.url.clone();
    let statuses = run.ask(&list, 6, &["--url", &url, "--checks", "not_a_server_error"]);
    show(&statuses);
    let worked = |path: &str| statuses[path].keys().any(|status| *status < 400);
    // Those who were signed in have seen pages, and their forms were taken.
    let pages =
        ["GET /portal", "GET /portal/payments/{payment}", "POST /portal/payment-methods/add"];
    for path in pages {
        assert!(worked(path), "{path}: {:?}", statuses[path]);
    }
    run.finish();
}

/// A server, and what is needed to ask it.
struct Run {
    server: Server,
    dir: TempDir,
    hooks: &'static str,
}

impl Run {
    fn new(hooks: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Server::start(&dir.path().join("data"));
        Self { server, dir, hooks }
    }

    /// Asks, `size` times per operation and kind of request or for as long as told.
    fn ask(&self, location: &str, size: u32, more: &[&str]) -> Statuses {
        let mut command = self.schemathesis(location);
        match setting("GENERATED_SECONDS") {
            Some(seconds) => command.args(["--max-time", &seconds]),
            None => command.args(["--max-examples", &size.to_string()]),
        };
        let status = command.args(more).status().unwrap();
        assert!(status.success(), "Schemathesis has findings; see above. Seed {}.", seed());
        serde_json::from_str(&std::fs::read_to_string(self.told()).unwrap()).unwrap()
    }

    fn schemathesis(&self, location: &str) -> Command {
        let mut command = Command::new(schemathesis());
        command.current_dir(self.dir.path());
        command.env("GENERATED_URL", &self.server.url).env("GENERATED_KEY", &self.server.key);
        command.env("GENERATED_WIDGET_TOKEN", self.widget_token());
        command.env("GENERATED_HOOKS", here(self.hooks)).env("GENERATED_SEED", seed());
        command.env("GENERATED_STATUSES", self.told()).env("PYTHONDONTWRITEBYTECODE", "1");
        command.args(["--config-file", &here("schemathesis.toml"), "run", location]);
        command.args(["--seed", &seed(), "--no-color"]);
        command
    }

    /// Where the hooks write which statuses came.
    fn told(&self) -> PathBuf {
        self.dir.path().join("statuses.json")
    }

    fn widget_token(&self) -> String {
        self.server.customer("widget", 100);
        let asked = json!({"account": "widget", "ttl_seconds": 86_400});
        let made = self.server.post("/v1/widget_tokens", "widget-token", &asked).created();
        made["token"].as_str().unwrap().to_owned()
    }

    /// The books are right, and no handler has panicked unseen.
    fn finish(self) {
        let log = self.server.log();
        let data = self.server.data.clone();
        self.server.stop();
        assert!(!log.contains("\"level\":\"ERROR\""), "{log}");
        super::server::bursar_on(&data, &["verify"]).ok();
    }
}

fn seed() -> String {
    setting("GENERATED_SEED").unwrap_or_else(|| "1".to_owned())
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A file that Schemathesis is told with.
fn here(file: &str) -> String {
    format!("{}/tests/binary/generated/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// The program: beside the build output, in which this very test is.
fn schemathesis() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let place = |above: &Path| above.join("tools/schemathesis/bin/schemathesis");
    test.ancestors().map(place).find(|program| program.exists()).unwrap_or_else(|| {
        panic!("Schemathesis isn't in a tools/ above {test:?}; `cargo xtask test` installs it")
    })
}

/// The operations of a document, as Schemathesis names them.
fn operations(document: &Value) -> Vec<String> {
    let paths = document["paths"].as_object().unwrap();
    let named = |(path, item): (&String, &Value)| {
        let methods: Vec<String> = item.as_object().unwrap().keys().cloned().collect();
        methods.into_iter().map(|it| format!("{} {path}", it.to_uppercase())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(named).collect()
}

fn show(statuses: &Statuses) {
    for (operation, came) in statuses {
        let came: Vec<_> =
            came.iter().map(|(status, times)| format!("{status}: {times}")).collect();
        println!("{operation:60} {}", came.join(", "));
    }
}
