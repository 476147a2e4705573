//! Where files lie: `--vault`.

use std::path::Path;

use serde_json::json;

use super::server::{BURSAR, Server, command, run, serve_arguments};

fn store(server: &Server) -> String {
    server.customer("ada", 100);
    server.subscribe("ada");
    let body = json!({"kind": "vault", "name": "a", "size": 2, "media_type": "application/json"});
    let begun = server.post("/v1/accounts/ada/assets", "a", &body).created();
    let path = begun["content"].as_str().unwrap().to_owned();
    server.api().put(&path, "{}").unwrap().success();
    path
}

/// Starts a server that is expected not to come up; what it says.
fn refused(data: &Path, vault: &str) -> String {
    let mut serve = command(BURSAR);
    run(serve.args(serve_arguments(data)).args(["--vault", vault])).fails(2)
}

#[test]
fn files_lie_in_the_data_directory_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let server = Server::start(&data);
    let path = store(&server);
    server.stop();
    let mode = std::fs::metadata(data.join("vault")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "others can look into it");
    let server = Server::start(&data);
    assert_eq!(server.api().content(&path), b"{}");
}

#[test]
fn files_can_lie_elsewhere_and_belong_to_one_installation() {
    let dir = tempfile::tempdir().unwrap();
    let (data, files) = (dir.path().join("data"), dir.path().join("files"));
    let vault = files.to_str().unwrap();
    let server = Server::start_with(&data, &["--vault", vault]);
    let path = store(&server);
    assert!(files.join("owner").exists() && !data.join("vault").exists());
    server.stop();
    let said = refused(&dir.path().join("another"), vault);
    assert!(said.contains("belongs to another installation") && said.contains("--vault"), "{said}");
    let server = Server::start_with(&data, &["--vault", &format!("file://{vault}")]);
    assert_eq!(server.api().content(&path), b"{}");
}

#[test]
fn a_location_that_cannot_be_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let check = |location: &str, expected: &str| {
        let said = refused(&data, location);
        assert!(said.contains(expected), "{location}: {said}");
    };
    check("ftp://host/files", "`ftp` isn't known");
    check("s3://key:hush@bucket", "AWS_ACCESS_KEY_ID");
    check("s3://bucket?secret_access_key=hush", "isn't a setting");
    let file = dir.path().join("a file");
    std::fs::write(&file, "").unwrap();
    check(file.to_str().unwrap(), "a file can't be used");
    assert!(!refused(&data, "s3://key:hush@bucket").contains("hush"));
}
