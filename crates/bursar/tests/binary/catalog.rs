//! `bursar catalog`: check, show, diff.

use std::fs;

use serde_json::Value;

use super::server::bursar;

fn scriptkit() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalogs/scriptkit.toml"))
        .unwrap()
}

/// A file with this text, and its path.
fn file(text: &str) -> (tempfile::NamedTempFile, String) {
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    fs::write(file.path(), text).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    (file, path)
}

#[test]
fn a_catalog_in_order_is_said_to_be() {
    let (_file, path) = file(&scriptkit());
    let out = bursar(&["catalog", "check", &path]).ok();
    assert!(out.starts_with(&format!("{path}: in order: ScriptKit with 3 plans")), "{out}");
    let report = bursar(&["catalog", "check", &path, "--format", "json"]).json();
    assert_eq!(report["valid"], true);
}

#[test]
fn every_mistake_is_reported_at_once_and_the_exit_code_is_1() {
    let text = scriptkit()
        .replace("allowance = 400", "allowance = -400")
        .replace("storage = \"10 GB\"", "storage = \"10 GigaBytes\"")
        .replace("quote_ttl = \"15m\"", "quote_tll = \"15m\"");
    let (_file, path) = file(&text);
    let ran = bursar(&["catalog", "check", &path]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    for (mistake, line) in [
        ("plans[0].allowance", "allowance = -400"),
        ("plans[1].storage", "GigaBytes"),
        ("policies.quote_tll", "quote_tll"),
    ] {
        let number = 1 + text.lines().position(|text| text.contains(line)).unwrap();
        let place = format!("{path}:{number}:");
        let found = ran.out.lines().any(|line| line.starts_with(&place) && line.contains(mistake));
        assert!(found, "{mistake} at {place} in\n{}", ran.out);
    }
    let json = bursar(&["catalog", "check", &path, "--format", "json"]);
    assert_eq!(json.code, 1);
    let report: Value = serde_json::from_str(&json.out).unwrap();
    assert!(report["mistakes"].as_array().unwrap().len() >= 3, "{report}");
}

#[test]
fn what_is_not_there_or_not_text_is_an_error_in_words() {
    let said = bursar(&["catalog", "check", "/nowhere/my.toml"]).fails(2);
    assert!(said.contains("cannot read the catalog /nowhere/my.toml: it does not exist"), "{said}");
    let (file, path) = file("");
    fs::write(file.path(), [b'a', 0xff]).unwrap();
    let said = bursar(&["catalog", "show", &path]).fails(2);
    assert!(said.contains("its byte 1 is not UTF-8"), "{said}");
}

#[test]
fn the_built_in_catalog_is_shown_without_a_file() {
    let out = bursar(&["catalog", "show"]).ok();
    for part in ["ScriptKit", "Professional (most popular)", "1,250", "50-80"] {
        assert!(out.contains(part), "{part} in\n{out}");
    }
    let json = bursar(&["catalog", "show", "--format", "json"]).json();
    assert_eq!(json["plans"][1]["allowance"], 1_250);
}

#[test]
fn a_difference_says_for_whom() {
    let (_before, before) = file(&scriptkit());
    let (_after, after) = file(&scriptkit().replace("month = \"29.00\"", "month = \"35.00\""));
    assert_eq!(bursar(&["catalog", "diff", &before, &before]).ok(), "No difference.\n");
    let out = bursar(&["catalog", "diff", &before, &after]).ok();
    assert!(out.contains("29.00 USD -> 35.00 USD"), "{out}");
    assert!(out.contains("present ones at their next renewal"), "{out}");
    let json = bursar(&["catalog", "diff", &before, &after, "--format", "json"]).json();
    assert_eq!(json["changes"][0]["effect"]["code"], "next_renewal");
}
