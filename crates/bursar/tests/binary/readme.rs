//! README.md's lines, pasted into a shell.

use std::net::TcpListener;
use std::process::Command;

use super::server::{BURSAR, Server, command, run, serve_arguments};

const README: &str = include_str!("../../../../README.md");
const ADDRESS: &str = "127.0.0.1:8080";

/// The blocks that are marked as shell and talk to the server, in order.
fn curl_blocks() -> Vec<&'static str> {
    let blocks = README.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.filter(|block| block.contains("curl")).collect()
}

#[test]
fn the_lines_of_the_readme_work_as_printed() {
    let blocks = curl_blocks();
    assert!(blocks.len() > 4, "README.md has only {} blocks with curl", blocks.len());
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("bursar-data");
    // The README's own port if it is free, as it is for its readers; else any.
    let free = TcpListener::bind(ADDRESS).is_ok();
    let mut serve = command(BURSAR);
    serve.args(serve_arguments(&data));
    if free {
        serve.args(["--listen", ADDRESS]);
    }
    let server = Server::spawn(&data, &mut serve);
    let script = blocks.concat().replace(&format!("http://{ADDRESS}"), &server.url);
    let mut shell: Command = command("sh");
    shell.current_dir(dir.path()).args(["-e", "-c", &script]);
    let out = run(&mut shell).ok();
    for part in expected() {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
    assert!(!out.contains("\"code\":"), "a problem was answered:\n{out}");
    server.stop();
}

/// What the README says that one sees.
fn expected() -> [&'static str; 4] {
    ["\"credits\":50", "\"available\":400", "\"available\":350", "\"kind\":\"capture\""]
}
