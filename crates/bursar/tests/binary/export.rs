//! `bursar export`: what accountants get adds up, and has in it what it says.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::billed;
use super::server::{Ran, bursar_on};

/// The rows of an export as JSON Lines, and the summary behind them.
fn export(dir: &Path, arguments: &[&str]) -> (Vec<Value>, Value) {
    let arguments = [&["export"], arguments, &["--format", "jsonl"]].concat();
    let Ran { code, out, err } = bursar_on(dir, &arguments);
    assert_eq!(code, 0, "{err}");
    let rows = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (rows, serde_json::from_str(&err).unwrap())
}

/// The exact sum of a column of decimals, in millionths, of each currency or unit.
fn sums(rows: &[Value], unit: &str, column: &str) -> BTreeMap<String, i128> {
    let mut sums = BTreeMap::new();
    for row in rows {
        let text = row[column].as_str().unwrap();
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let micro: i128 = format!("{whole}{decimals:0<6}").parse().unwrap();
        *sums.entry(row[unit].as_str().unwrap().to_owned()).or_default() += micro;
    }
    sums
}

#[test]
fn documents_say_what_was_sold_to_whom_and_how_it_was_paid() {
    let dir = tempfile::tempdir().unwrap();
    billed::known(dir.path());
    let (rows, summary) = export(dir.path(), &["documents"]);
    let brief = |row: &Value| {
        let fields = ["number", "account", "state", "net", "tax", "total", "corrects"];
        fields.map(|field| row[field].as_str().unwrap_or("-").to_owned()).join(" ")
    };
    let brief: Vec<String> = rows.iter().map(brief).collect();
    assert_eq!(
        brief,
        [
            "INV-2026-000001 ada paid 29.00 0.00 29.00 -",
            "INV-2026-000002 bob credited 29.00 5.51 34.51 -",
            "CN-2026-000001 bob issued -29.00 -5.51 -34.51 INV-2026-000002",
            "INV-2026-000003 eve paid 29.00 5.51 34.51 -",
            "INV-2026-000004 ada paid 30.97 0.00 30.97 -",
            "INV-2026-000005 eve void 29.00 5.51 34.51 -",
            "CN-2026-000002 eve issued -29.00 -5.51 -34.51 INV-2026-000005",
        ]
    );
    let first = &rows[0];
    for (field, expected) in [
        ("id", json!("inv_1")),
        ("tax_treatment", json!("reverse_charge")),
        ("tax_rate_percent", json!("0")),
        ("tax_country", json!("FR")),
        ("purchase", json!("start")),
        ("plan", json!("starter")),
        ("interval", json!("month")),
        ("pack", json!(null)),
        ("automatic", json!(false)),
        ("card_brand", json!("visa")),
        ("card_last4", json!("4242")),
        ("buyer_revision", json!(1)),
        ("issued_at", json!("2026-01-01T00:00:00Z")),
    ] {
        assert_eq!(first[field], expected, "{field}");
    }
    // A credit note says what it takes back, and by which card that was paid.
    assert_eq!(rows[2]["plan"], "starter");
    assert_eq!(rows[2]["card_last4"], "4242");
    assert_eq!(rows[2]["payment"], rows[1]["payment"]);
    assert_eq!(rows[1]["credited_by"], "CN-2026-000001");
    assert_eq!(rows[2]["reason"], "Refund of the first subscription");
    let currency = &summary["currencies"][0];
    assert_eq!((&currency["total"], &currency["receivable"]), (&json!("94.48"), &json!("94.48")));
    assert_eq!((&summary["rows"], &summary["ties"]), (&json!(7), &json!(true)));
}

#[test]
fn a_quarter_is_half_open() {
    let dir = tempfile::tempdir().unwrap();
    billed::known(dir.path());
    let count =
        |arguments: &[&str]| export(dir.path(), &[&["documents"], arguments].concat()).0.len();
    assert_eq!(count(&["--to", "2026-01-01"]), 0);
    assert_eq!(count(&["--from", "2026-01-01", "--to", "2026-01-02"]), 3);
    assert_eq!(count(&["--from", "2026-01-02", "--to", "2026-02-01"]), 2);
    assert_eq!(count(&["--from", "2026-01-02"]), 4);
    let refused = bursar_on(dir.path(), &["export", "documents", "--from", "soon"]).fails(2);
    assert!(refused.contains("neither a date such as 2026-03-31"), "{refused}");
}

#[test]
fn lines_add_up_to_their_documents() {
    let dir = tempfile::tempdir().unwrap();
    billed::known(dir.path());
    let (lines, summary) = export(dir.path(), &["documents", "--lines"]);
    let (documents, _) = export(dir.path(), &["documents"]);
    assert_eq!(lines.len(), 8, "the upgrade has two");
    assert_eq!(sums(&lines, "number", "net"), sums(&documents, "number", "net"));
    let unused = lines.iter().find(|line| line["net"].as_str().unwrap() == "-14.97").unwrap();
    assert_eq!(unused["description"], "Unused time on Starter plan, monthly");
    assert_eq!(unused["period_end"], "2026-02-01T00:00:00Z");
    assert_eq!(summary["ties"], true);
}

/// "No personal data in exports except with --buyers."
#[test]
fn names_are_in_it_only_if_asked_for_and_harmless_then() {
    let dir = tempfile::tempdir().unwrap();
    billed::known(dir.path());
    let plain = bursar_on(dir.path(), &["export", "documents"]).ok();
    let postings = bursar_on(dir.path(), &["export", "postings"]).ok();
    for text in [&plain, &postings] {
        assert!(!text.contains("Ada Martin") && !text.contains("FR12345678901"), "{text}");
    }
    let named = bursar_on(dir.path(), &["export", "documents", "--buyers"]).ok();
    let row = named.lines().nth(1).unwrap();
    let buyer =
        "Ada Martin,\"'=HYPERLINK(\"\"x\"\") SARL\",\"1 rue Longue, 75001 Paris\",FR,FR12345678901";
    assert!(row.ends_with(buyer), "{row}");
    assert!(named.split("\r\n").count() == 9, "RFC 4180 ends lines with CRLF");
}

#[test]
fn postings_name_the_document_that_money_was_for() {
    let dir = tempfile::tempdir().unwrap();
    billed::known(dir.path());
    let (rows, summary) = export(dir.path(), &["postings"]);
    let cash: Vec<[&str; 4]> = rows
        .iter()
        .filter(|row| row["book"] == "cash")
        .map(|row| ["account", "event", "amount", "document"].map(|it| row[it].as_str().unwrap()))
        .collect();
    assert_eq!(
        cash,
        [
            ["ada", "payment_succeeded", "29.00", "INV-2026-000001"],
            ["bob", "payment_succeeded", "34.51", "INV-2026-000002"],
            ["bob", "refund_succeeded", "-34.51", "CN-2026-000001"],
            ["eve", "payment_succeeded", "34.51", "INV-2026-000003"],
            ["ada", "payment_succeeded", "30.97", "INV-2026-000004"],
        ]
    );
    assert!(rows.iter().any(|row| row["unit"] == "credits" && row["book"] == "issued:plan"));
    assert_eq!(summary["ties"], true);
}

/// Whatever happened: books sum to zero, and documents are what customers were asked for.
#[test]
fn exports_tie_whatever_happened() {
    for seed in 1..4 {
        let dir = tempfile::tempdir().unwrap();
        billed::random(dir.path(), seed);
        let (documents, summary) = export(dir.path(), &["documents"]);
        assert!(documents.iter().any(|row| row["kind"] == "credit_note"), "seed {seed}");
        assert_eq!(summary["ties"], true, "seed {seed}: {summary}");
        let (rows, summary) = export(dir.path(), &["postings"]);
        assert_eq!(summary["ties"], true, "seed {seed}: {summary}");
        assert!(sums(&rows, "unit", "amount").values().all(|sum| *sum == 0), "seed {seed}");
        let issued = |row: &&Value| {
            row["book"] == "receivable"
                && matches!(row["event"].as_str(), Some("invoice_issued" | "credit_note_issued"))
        };
        let receivable: Vec<Value> = rows.iter().filter(issued).cloned().collect();
        let by_number = sums(&receivable, "document", "amount");
        assert_eq!(sums(&documents, "number", "total"), by_number, "seed {seed}");
    }
}

#[test]
fn a_file_is_complete_or_not_there() {
    let dir = tempfile::tempdir().unwrap();
    billed::known(dir.path());
    let file = dir.path().join("out.csv");
    let output = file.to_str().unwrap();
    let Ran { code, out, err } = bursar_on(dir.path(), &["export", "documents", "-o", output]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    assert!(err.contains("7 rows of documents") && err.contains("94.48"), "{err}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("number,id,kind,state,account,"), "{text}");
    assert!(!dir.path().join("out.csv.partial").exists());
    let nowhere = bursar_on(dir.path(), &["export", "postings", "-o", "/nowhere/a.csv"]).fails(2);
    assert!(nowhere.contains("cannot write /nowhere/a.csv: it does not exist"), "{nowhere}");
    let empty = tempfile::tempdir().unwrap();
    let refused = bursar_on(empty.path(), &["export", "documents"]).fails(2);
    assert!(refused.contains("there is no data in"), "{refused}");
}
