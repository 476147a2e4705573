//! `bursar quote`.

use serde_json::json;

use super::server::{Server, bursar, bursar_on};

#[test]
fn a_price_needs_no_data_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    let quote = ["quote", "video", "--units", "8", "--attribute", "audio=on"];
    let out = bursar_on(&missing, &quote).ok();
    assert!(out.starts_with("Video Generation: 88 credits\n"), "{out}");
    assert!(
        out.contains("11 credits per second × 8 seconds, rounded up to a whole credit"),
        "{out}"
    );
    assert!(out.contains("audio=on"), "{out}");
    let json = bursar_on(&missing, &[&quote[..], &["--format", "json"]].concat()).json();
    assert_eq!(json["credits"], 88);
    assert_eq!(json["attributes"], json!({"audio": "on"}));
    assert!(!missing.exists(), "a quote made a data directory");
}

#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let said = bursar(&["quote", "vidoe"]).fails(2);
    assert!(said.contains("unknown operation \"vidoe\"; the rate card has image,"), "{said}");
    let said = bursar(&["quote", "video", "--quality", "8k"]).fails(2);
    assert!(said.contains("unknown quality \"8k\""), "{said}");
    let said = bursar(&["quote", "video", "--attribute", "audio"]).fails(2);
    assert!(said.contains("KEY=VALUE"), "{said}");
    let said = bursar(&["quote", "video", "--units", "NaN"]).fails(2);
    assert!(said.contains("units must be a number"), "{said}");
}

#[test]
fn for_an_account_it_says_what_would_be_left_or_what_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    server.customer("ada", 60);
    let said = bursar_on(dir.path(), &["quote", "video", "--account", "ada"]);
    assert_eq!(said.code, 1, "no plan has been chosen yet: {}", said.out);
    assert!(said.out.contains("does not include Video Generation"), "{}", said.out);

    server.subscribe("ada");
    let out = bursar_on(dir.path(), &["quote", "video", "--account", "ada"]).ok();
    assert!(out.contains("ada, 460 credits available"), "{out}");
    assert!(out.contains("410 credits"), "{out}");

    let dear = ["quote", "video", "--units", "60", "--account", "ada", "--format", "json"];
    let ran = bursar_on(dir.path(), &dear);
    assert_eq!(ran.code, 1);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&json["allowed"], &json["code"]), (&json!(false), &json!("insufficient_credits")));
    let said = bursar_on(dir.path(), &["quote", "video", "--account", "bob"]).fails(2);
    assert!(said.contains("there is no account bob"), "{said}");
    server.stop();
}
