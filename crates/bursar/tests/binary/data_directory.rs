//! Data directories that can't be used, and what is said about them.

use std::net::TcpListener;
use std::path::Path;

use super::server::{Server, bursar, bursar_on, command, run};

fn serve(data: &Path) -> super::server::Ran {
    bursar_on(data, &["serve", "--listen", "127.0.0.1:0"])
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    // Nobody can make directories there, not even root.
    let said = serve(Path::new("/proc/bursar-data")).fails(2);
    assert!(said.contains("cannot make the data directory /proc/bursar-data"), "{said}");
    assert_eq!(said.lines().count(), 3, "what, and what would fix it: {said}");
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let said = serve(Path::new("/proc/self")).fails(2);
    assert!(said.contains("cannot write to the data directory /proc/self"), "{said}");
}

#[test]
fn a_file_in_the_place_of_the_directory_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let said = serve(file.path()).fails(2);
    assert!(said.contains("a file is in the way"), "{said}");
}

#[test]
fn a_disk_that_is_full_from_the_start_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let mut limited = command("sh");
    limited
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"", super::server::BURSAR])
        .args(super::server::serve_arguments(&dir.path().join("data")));
    let said = run(&mut limited).fails(2);
    assert!(said.contains("cannot write to the data directory"), "{said}");
}

#[test]
fn a_directory_belongs_to_one_server() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let said = serve(dir.path()).fails(2);
    assert!(said.contains("in use by another"), "{said}");
    server.stop();
}

#[test]
fn a_directory_keeps_its_mode() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    Server::start(&data).stop();
    let said = bursar_on(&data, &["serve", "--listen", "127.0.0.1:0", "--mode", "live"]).fails(2);
    assert!(said.contains("holds test data, and this is live mode"), "{said}");
    assert!(said.contains("--mode test"), "{said}");
}

#[test]
fn a_taken_port_is_reported_with_another_one() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = bursar_on(dir.path(), &["serve", "--listen", &address]).fails(2);
    assert!(said.contains(&format!("cannot listen on {address}: the port is taken")), "{said}");
    assert!(said.contains("bursar serve --listen 127.0.0.1:"), "{said}");
}

#[test]
fn commands_without_data_say_where_they_looked() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    for arguments in [
        &["balance", "ada"][..],
        &["ledger"],
        &["verify"],
        &["keys", "list"],
        &["views", "rebuild"],
    ] {
        let said = bursar_on(&missing, arguments).fails(2);
        assert!(said.contains("there is no data in"), "{arguments:?}: {said}");
        assert!(!missing.exists(), "{arguments:?} made the directory");
    }
    let said = bursar(&["nonsense"]).fails(2);
    assert!(said.contains("nonsense"), "{said}");
}
