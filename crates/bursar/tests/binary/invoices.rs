//! `bursar invoices` and `bursar invoice`.

use super::billed;
use super::server::bursar_on;

#[test]
fn an_account_s_documents_are_listed_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    billed::known(dir.path());
    let out = bursar_on(dir.path(), &["invoices", "bob"]).ok();
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[1][..3], ["inv_2", "CN-2026-000001", "credit"]);
    assert_eq!(lines[2][..4], ["inv_1", "INV-2026-000002", "invoice", "credited"]);
    let json = bursar_on(dir.path(), &["invoices", "eve", "--format", "json"]).json();
    assert_eq!(json.as_array().unwrap().len(), 3);
    assert_eq!((&json[1]["state"], &json[1]["total"]), (&"void".into(), &3_451.into()));
    let unknown = bursar_on(dir.path(), &["invoices", "nobody"]).fails(2);
    assert!(unknown.contains("there is no account nobody"), "{unknown}");
}

#[test]
fn a_document_is_shown_and_printed() {
    let dir = tempfile::tempdir().unwrap();
    billed::known(dir.path());
    let out = bursar_on(dir.path(), &["invoice", "ada", "inv_2"]).ok();
    for part in [
        "Invoice INV-2026-000004",
        "Unused time on Starter plan, monthly",
        "Tax, reverse charge in FR",
        "30.97 USD",
        "with visa 4242",
    ] {
        assert!(out.contains(part), "{part} in\n{out}");
    }
    for (account, id) in [("ada", "inv_2"), ("bob", "inv_1"), ("bob", "inv_2"), ("eve", "inv_3")] {
        let file = dir.path().join(format!("{account}-{id}.pdf"));
        let arguments = ["invoice", account, id, "--pdf", file.to_str().unwrap()];
        let said = bursar_on(dir.path(), &arguments).ok();
        assert!(said.contains("2026-0000"), "{said}");
        let pdf = std::fs::read(&file).unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
        // The same document gives the same file.
        bursar_on(dir.path(), &arguments).ok();
        assert!(std::fs::read(&file).unwrap() == pdf);
    }
    // The buyer gave no country.
    let file = dir.path().join("eve.pdf");
    let arguments =
        ["invoice", "eve", "inv_1", "--format", "json", "--pdf", file.to_str().unwrap()];
    let json = bursar_on(dir.path(), &arguments).json();
    assert_eq!(json["electronic_invoice"], false);
    assert_eq!(json["without_because"], "EN 16931 requires the buyer's country");
}

#[test]
fn what_is_not_there_is_said() {
    let dir = tempfile::tempdir().unwrap();
    billed::known(dir.path());
    let missing = bursar_on(dir.path(), &["invoice", "ada", "inv_9"]).fails(2);
    assert!(missing.contains("account ada has no document inv_9"), "{missing}");
    assert!(missing.contains("bursar invoices ada"), "{missing}");
    let wrong = bursar_on(dir.path(), &["invoice", "ada", "9"]).fails(2);
    assert!(wrong.contains("the id of an invoice is inv_ and a number"), "{wrong}");
    let nowhere = ["invoice", "ada", "inv_1", "--pdf", "/nowhere/a.pdf"];
    let said = bursar_on(dir.path(), &nowhere).fails(2);
    assert!(said.contains("cannot write /nowhere/a.pdf"), "{said}");
}
