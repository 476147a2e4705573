//! Seller, tax, documents and the policies of billing: defaults, ranges and mistakes.

use std::time::Duration;

use bursar_catalog::{SCRIPTKIT, parse, scriptkit};
use bursar_core::catalog::Catalog;

use crate::{PAST, TOKENS};

const DAY: Duration = Duration::from_secs(86_400);

/// The file of the past with tables added.
pub(crate) fn past_with(tables: &str) -> Catalog {
    parse(&format!("{PAST}\n{tables}")).unwrap()
}

/// What is said of the tables, without the places.
fn mistakes(file: &str, tables: &str) -> Vec<String> {
    let parsed = parse(&format!("{file}\n{tables}"));
    (parsed.err().unwrap_or_default().iter())
        .map(|mistake| {
            let place = format!("{}:{}: ", mistake.line, mistake.column);
            mistake.to_string().strip_prefix(&place).unwrap().to_owned()
        })
        .collect()
}

#[track_caller]
pub(crate) fn check(tables: &str, expected: &[&str]) {
    assert_eq!(mistakes(PAST, tables), expected);
}

/// One field of a table, read as right or with a single mistake about it.
#[track_caller]
pub(crate) fn check_field(table: &str, field: &str, right: &[&str], wrong: &[&str]) {
    for value in right {
        assert_eq!(mistakes(PAST, &format!("[{table}]\n{field} = {value}")), [""; 0], "{value}");
    }
    for value in wrong {
        let found = mistakes(PAST, &format!("[{table}]\n{field} = {value}"));
        assert_eq!(found.len(), 1, "{value}: {found:?}");
        assert!(found[0].starts_with(&format!("{table}.{field}")), "{found:?}");
    }
}

#[test]
fn a_file_of_the_past_has_defaults() {
    let Catalog { seller, tax, documents, policies, .. } = parse(PAST).unwrap();
    assert_eq!(seller.name, "Plauderei");
    assert_eq!(seller.email.as_deref(), Some("help@plauderei.example"));
    assert!(seller.address.is_empty() && seller.country.is_none() && seller.vat_id.is_none());
    assert!(seller.tax_id.is_none() && seller.registration.is_none());
    assert_eq!((tax.name.as_str(), tax.inclusive, tax.rates.len()), ("Tax", false, 0));
    assert_eq!(documents.invoice_series.as_str(), "INV");
    assert_eq!(documents.credit_note_series.as_str(), "CN");
    assert!(!documents.letter && documents.notes.is_empty());
    assert_eq!(policies.preview_ttl.as_secs(), 30 * 60);
    assert_eq!(policies.payment_ttl.as_secs(), 60 * 60);
    assert_eq!(policies.auto_topup.cooldown.as_secs(), 60 * 60);
    assert_eq!(policies.notices.annual_renewal, 30 * DAY);
    assert_eq!(policies.notices.ending, 3 * DAY);
    assert_eq!(policies.notices.deletion, [14 * DAY, 27 * DAY]);
}

#[test]
fn empty_tables_are_as_absent_ones() {
    let empty = "[seller]\n[tax]\n[documents]\n[policies.auto_topup]\n[policies.notices]";
    assert_eq!(past_with(empty), parse(PAST).unwrap());
}

/// What ScriptKit's file spells out is what it would have anyway.
#[test]
fn scriptkit_has_the_defaults() {
    let (scriptkit, past) = (scriptkit().unwrap(), parse(PAST).unwrap());
    assert_eq!(scriptkit.tax, past.tax);
    assert_eq!(scriptkit.documents, past.documents);
    assert_eq!(scriptkit.policies.preview_ttl, past.policies.preview_ttl);
    assert_eq!(scriptkit.policies.payment_ttl, past.policies.payment_ttl);
    assert_eq!(scriptkit.policies.auto_topup, past.policies.auto_topup);
    assert_eq!(scriptkit.policies.notices, past.policies.notices);
}

/// Whoever takes the `#` away gets a file that reads.
#[test]
fn the_commented_examples_of_scriptkit_are_right() {
    let (before, rest) = SCRIPTKIT.split_once("[seller]").unwrap();
    let (section, after) = rest.split_once("[documents]").unwrap();
    let uncommented: String = (section.lines())
        .map(|line| match line.strip_prefix("# ") {
            Some(example) if example.contains(" = ") || example.starts_with("[[") => example,
            _ => line,
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let catalog = parse(&format!("{before}[seller]{uncommented}[documents]{after}")).unwrap();
    assert_eq!(catalog.seller.address.len(), 2);
    assert_eq!(catalog.seller.vat_id.as_deref(), Some("IE1234567FA"));
    assert_eq!(catalog.seller.tax_id.as_deref(), Some("1234567FA"));
    assert!(catalog.seller.registration.is_some());
    assert_eq!(catalog.tax.rates.len(), 2);
}

#[test]
fn the_seller_is_described() {
    check_field("seller", "name", &["\"ACME Inc.\""], &["\"\"", "7", "\"a\\nb\""]);
    let eight = "[\"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\"]";
    let wrong = ["\"one line\"", "[\"\"]", "[1]"];
    check_field("seller", "address", &["[]", eight], &wrong);
    check_field("seller", "country", &["\"DE\""], &["\"Germany\"", "\"XX\"", "49", "\"\""]);
    check_field("seller", "tax_id", &["\"12-3456789\""], &["\"\"", "123456789"]);
    check_field("seller", "registration", &["\"HRB 1\""], &["\" \""]);
    check_field("seller", "email", &["\"a@b.example\""], &["\"a at b\"", "false"]);
    check(
        &format!("[seller]\naddress = {}\nphone = \"1\"", eight.replace(']', ", \"9\"]")),
        &[
            "seller.address: 9 entries are too many; expected at most 8",
            "seller.phone: unknown key; expected one of name, address, country, vat_id, tax_id, \
             registration or email",
        ],
    );
    let no_table = mistakes(&format!("seller = \"ACME\"\n{PAST}"), "");
    assert_eq!(no_table, ["seller: \"ACME\" is not a table; expected a table, { … }"]);
}

#[test]
fn a_country_is_meant() {
    check(
        "[seller]\ncountry = \"de\"",
        &["seller.country: \"de\" is not the code of a country; expected \"DE\", Germany"],
    );
    check(
        "[seller]\ncountry = \"UK\"",
        &["seller.country: \"UK\" is not the code of a country; expected \"GB\", United Kingdom"],
    );
    check(
        "[[tax.rates]]\ncountry = \"EL\"\npercent = 24",
        &["tax.rates[0].country: \"EL\" is not the code of a country; expected \"GR\", Greece"],
    );
    check(
        "[seller]\ncountry = \"Deutschland\"",
        &[
            "seller.country: \"Deutschland\" is not the code of a country; expected two capitals of \
           ISO 3166, such as \"DE\" or \"US\"",
        ],
    );
}

#[test]
fn a_vat_id_names_its_country() {
    for (country, right, wrong) in [
        (
            "DE",
            vec!["DE123456789", "DE 123 456 789"],
            vec!["123456789", "de123456789", "DE", "DE -"],
        ),
        ("GR", vec!["EL123456789"], vec!["GR123456789"]),
        ("GB", vec!["GB123456789", "XI123456789"], vec!["UK123456789"]),
        ("IM", vec!["GB001234567"], vec!["IM001234567"]),
        ("MC", vec!["FR12345678901"], vec!["MC12345678901"]),
        ("CH", vec!["CHE-123.456.788 MWST"], vec!["DE123456789"]),
    ] {
        let seller = |id: &&str| format!("[seller]\ncountry = \"{country}\"\nvat_id = \"{id}\"");
        for tables in right.iter().map(seller) {
            assert_eq!(mistakes(PAST, &tables), [""; 0], "{tables}");
        }
        for tables in wrong.iter().map(seller) {
            let found = mistakes(PAST, &tables);
            assert_eq!(found.len(), 1, "{tables}: {found:?}");
        }
    }
    check(
        "[seller]\ncountry = \"GB\"\nvat_id = \"DE123456789\"",
        &["seller.vat_id: \"DE123456789\" is not a VAT id of United Kingdom; expected one that \
           starts with GB or XI"],
    );
    // Without a country any will do; with one that can't be read, nothing is said of the id.
    check_field(
        "seller",
        "vat_id",
        &["\"DE1\"", "\"EL1\"", "\"XI1\""],
        &["\"123\"", "\"XX1\"", "\"ÄÖ1\"", "\"D\"", "\"\"", "12"],
    );
    assert_eq!(mistakes(PAST, "[seller]\ncountry = \"??\"\nvat_id = \"123\"").len(), 1);
}

#[test]
fn a_rate_is_exact() {
    let ppm = |percent: &str| {
        let rate = format!("[[tax.rates]]\ncountry = \"DE\"\npercent = {percent}");
        parse(&format!("{PAST}\n{rate}")).map(|catalog| catalog.tax.rates[0].rate_ppm)
    };
    for written in ["19", "\"19\"", "19.0", "\"19.0000\"", "1.9e1", "+19"] {
        assert_eq!(ppm(written), Ok(190_000), "{written}");
    }
    for (written, expected) in
        [("0", 0), ("100", 1_000_000), ("\"0.0001\"", 1), ("8.125", 81_250), ("\"25.5\"", 255_000)]
    {
        assert_eq!(ppm(written), Ok(expected), "{written}");
    }
    for written in
        ["100.0001", "-1", "-0.0001", "\"0.00001\"", "0.0000001", "nan", "inf", "\"19%\"", "true"]
    {
        let mistakes = ppm(written).unwrap_err();
        assert_eq!(mistakes.len(), 1, "{written}: {mistakes:?}");
        assert_eq!(mistakes[0].path, "tax.rates[0].percent");
    }
    let too_precise = ppm("8.12345").unwrap_err();
    assert_eq!(
        too_precise[0].to_string().split_once(": ").unwrap().1,
        "tax.rates[0].percent: 8.12345 is too precise; expected at most 4 decimals"
    );
}

#[test]
fn how_sales_are_taxed() {
    check_field(
        "tax",
        "name",
        &["\"VAT\"", &format!("{:?}", "x".repeat(40))],
        &["\"\"", "1", &format!("{:?}", "x".repeat(41))],
    );
    check_field(
        "tax",
        "prices",
        &["\"inclusive\"", "\"exclusive\""],
        &["\"gross\"", "true", "\"Inclusive\""],
    );
    check_field("tax", "rates", &["[]"], &["{}", "19", "[19]"]);
    check(
        "[tax]\nrates = [{ country = \"DE\", percent = 19 }, { country = \"DE\", percent = 7 }]",
        &[
            "tax.rates[1].country: \"DE\" is taken by tax.rates[0].country; expected another country",
        ],
    );
    check(
        "[[tax.rates]]\nreverse_charge = \"no\"\nrate = 19",
        &[
            "tax.rates[0].country: is missing; expected country = \"DE\"",
            "tax.rates[0].percent: is missing; expected percent = 19",
            "tax.rates[0].reverse_charge: \"no\" is neither true nor false; expected true or false",
            "tax.rates[0].rate: unknown key; expected one of country, percent or reverse_charge",
        ],
    );
}

#[test]
fn a_reverse_charge_needs_the_country_of_the_seller() {
    let rates = "[tax]\nrates = [{ country = \"FR\", percent = 20, reverse_charge = true }, \
                 { country = \"AT\", percent = 20, reverse_charge = true }]";
    check(
        rates,
        &[
            "tax.rates[0].reverse_charge: a reverse charge depends on where the seller is; expected a country in [seller], such as \"DE\"",
        ],
    );
    check(&format!("{rates}\n[seller]\ncountry = \"DE\""), &[]);
    // Its own mistake is enough.
    assert_eq!(mistakes(PAST, &format!("{rates}\n[seller]\ncountry = 49")).len(), 1);
    check(&rates.replace("true", "false"), &[]);
}

#[test]
fn the_order_of_rates_makes_no_other_catalog() {
    let rates = |first: &str, second: &str| {
        let rate = |country: &str| format!("{{ country = \"{country}\", percent = 20 }}");
        past_with(&format!("[tax]\nrates = [{}, {}]", rate(first), rate(second)))
    };
    assert_eq!(rates("AT", "FR"), rates("FR", "AT"));
    assert_ne!(rates("AT", "FR").version, rates("AT", "BE").version);
}

#[test]
fn how_documents_are_numbered_and_printed() {
    for field in ["invoice_series", "credit_note_series"] {
        check_field(
            "documents",
            field,
            &["\"A\"", "\"123456789012\"", "\"ACME2026\""],
            &["\"\"", "\"A-B\"", "\"1234567890123\"", "2026", "\"A B\"", "\"Ä\"", "\".\""],
        );
    }
    check_field("documents", "page", &["\"A4\"", "\"Letter\""], &["\"A5\"", "\"letter\"", "4"]);
    let note = |length: usize| format!("[{:?}]", "n".repeat(length));
    let eleven = format!("[{}]", ["\"n\""; 11].join(","));
    let ten = format!("[{}]", ["\"n\""; 10].join(","));
    check_field(
        "documents",
        "notes",
        &["[]", &note(1_000), &ten],
        &["\"one\"", &note(1_001), &eleven, "[\"\"]", "[\"a\\nb\"]"],
    );
    assert!(past_with("[documents]\npage = \"Letter\"").documents.letter);
}

#[test]
fn invoices_and_credit_notes_have_series_of_their_own() {
    check(
        "[documents]\ninvoice_series = \"R\"\ncredit_note_series = \"r\"",
        &[
            "documents.credit_note_series: invoices and credit notes have the series \"r\"; expected \
           a series of their own for each",
        ],
    );
    // That of credit notes by default.
    check(
        "[documents]\ninvoice_series = \"CN\"",
        &["documents.invoice_series: invoices and credit notes have the series \"CN\"; expected \
           a series of their own for each"],
    );
    check("[documents]\ninvoice_series = \"CN\"\ncredit_note_series = \"INV\"", &[]);
}

#[test]
fn times_of_billing_have_ranges() {
    for (field, right, wrong, range) in [
        ("preview_ttl", ["1m", "24h"], ["59s", "24h 1s"], "1 minute to 24 hours"),
        ("payment_ttl", ["5m", "24h"], ["299s", "2d"], "5 minutes to 24 hours"),
    ] {
        let file =
            |time: &str| PAST.replace("[policies]", &format!("[policies]\n{field} = {time:?}"));
        for time in right {
            assert_eq!(mistakes(&file(time), ""), [""; 0], "{time}");
        }
        for time in wrong {
            let expected =
                format!("policies.{field}: {time:?} is out of range; expected from {range}");
            assert_eq!(mistakes(&file(time), ""), [expected]);
        }
    }
    check(
        "[policies.auto_topup]\ncooldown = \"31d\"",
        &["policies.auto_topup.cooldown: \"31d\" is out of range; expected from 1 minute to 30 \
           days"],
    );
    check_field(
        "policies.auto_topup",
        "cooldown",
        &["\"1m\"", "\"30d\""],
        &["\"0s\"", "60", "\"59s\"", "\"30d 1s\"", "\"soon\""],
    );
}

#[test]
fn notices_are_given_in_time() {
    let table = "policies.notices";
    check_field(table, "annual_renewal_days", &["1", "90"], &["0", "91", "\"30d\"", "1.5"]);
    check_field(table, "ending_days", &["0", "30"], &["31", "-1"]);
    let right = ["[]", "[0]", "[0, 14]", "[1, 59]"];
    let wrong = ["14", "[60]", "[14, 14]", "[27, 14]", "[14, 0]", "[-1]", "[3651]", "[\"14d\"]"];
    check_field(table, "deletion_days", &right, &wrong);
    let notices = |tables: &str| past_with(tables).policies.notices;
    assert!(notices("[policies.notices]\nending_days = 0").ending.is_zero());
    let dropped = notices("[policies.notices]\ndeletion_days = [0, 30, 57]");
    assert_eq!(dropped.deletion, [30 * DAY, 57 * DAY]);
    assert!(notices("[policies.notices]\ndeletion_days = [0]").deletion.is_empty());
    check(
        "[policies.notices]\ndeletion_days = [14, 7, 60, -1]",
        &[
            "policies.notices.deletion_days[1]: day 7 is not after day 14; expected days after the \
             end, ascending",
            "policies.notices.deletion_days[2]: on day 60 the data is deleted already; expected \
             less than the retention of 60 days",
            "policies.notices.deletion_days[3]: -1 is not a whole number in range; expected a whole \
             number from 0 to 3650",
        ],
    );
}

#[test]
fn deletion_is_announced_before_it_happens() {
    for (retention, expected) in [
        ("30d", vec![14, 27]),
        ("27d", vec![14]),
        ("14d 1s", vec![14]),
        ("14d", vec![]),
        ("0s", vec![]),
    ] {
        let file = PAST.replace("\"60d\"", &format!("{retention:?}"));
        let deletion = parse(&file).unwrap().policies.notices.deletion;
        let expected: Vec<Duration> = expected.into_iter().map(|days| days * DAY).collect();
        assert_eq!(deletion, expected, "{retention}");
    }
    // The end itself is told even where nothing is kept.
    let file = PAST.replace("\"60d\"", "\"0s\"");
    assert_eq!(mistakes(&file, "[policies.notices]\ndeletion_days = [0]"), [""; 0]);
    // Without a retention that can be read, nothing is said of the days.
    let file = PAST.replace("\"60d\"", "\"soon\"");
    assert_eq!(mistakes(&file, "[policies.notices]\ndeletion_days = [400]").len(), 1);
}

#[test]
fn the_plan_of_one_account_has_no_namesake() {
    let file = PAST.replace("key = \"plus\"", "key = \"custom\"");
    assert_eq!(
        mistakes(&file, ""),
        ["plans[1].key: \"custom\" is reserved for what an administrator sets for one account; \
          expected another key"]
    );
    // Only plans: other things may be called so.
    let file = PAST.replace("\"refill\"", "\"custom\"");
    assert_eq!(mistakes(&file, ""), [""; 0]);
}

#[test]
fn the_example_is_read() {
    let Catalog { seller, tax, documents, policies, .. } = parse(TOKENS).unwrap();
    assert_eq!(seller.country.map(|country| country.name()), Some("Germany"));
    let rates: Vec<_> = (tax.rates.iter())
        .map(|rate| (rate.country.code(), rate.rate_ppm, rate.reverse_charge))
        .collect();
    let expected = [
        ("AT", 200_000, true),
        ("CH", 81_000, false),
        ("DE", 190_000, false),
        ("FI", 255_000, true),
        ("FR", 200_000, true),
        ("GR", 240_000, true),
    ];
    assert_eq!((rates.as_slice(), tax.inclusive), (expected.as_slice(), true));
    assert_eq!(documents.invoice_series.as_str(), "RE");
    assert_eq!(policies.notices.deletion, [30 * DAY, 57 * DAY]);
}
