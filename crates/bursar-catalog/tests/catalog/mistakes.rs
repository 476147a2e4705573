//! Every mistake is reported at once, where it is, with what would be right.

use bursar_catalog::{CheckReport, parse};

use crate::edited;

fn report(name: &str, text: &str) -> String {
    CheckReport::of(name, &parse(text)).to_string()
}

/// What is said of one edit of ScriptKit's catalog, without the place.
fn mistakes(from: &str, to: &str) -> Vec<String> {
    let parsed = parse(&edited(&[(from, to)]));
    (parsed.err().unwrap_or_default().iter())
        .map(|mistake| {
            let place = format!("{}:{}: ", mistake.line, mistake.column);
            mistake.to_string().strip_prefix(&place).unwrap().to_owned()
        })
        .collect()
}

#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    assert_eq!(mistakes(from, to), expected);
}

#[test]
fn a_file_full_of_mistakes() {
    insta::assert_snapshot!(report("broken.toml", include_str!("broken.toml")));
}

#[test]
fn a_file_that_is_not_toml() {
    insta::assert_snapshot!(report("not-toml.toml", include_str!("not-toml.toml")));
}

/// Where the pricing page sends people is no place for a slip.
#[test]
fn people_are_sent_to_https_only() {
    let line = "# signup_url = \"https://app.scriptkit.ai/signup\"";
    for url in [
        "http://app.example/signup",
        "javascript:alert(1)",
        "/signup",
        "https://user:secret@app.example/",
        "",
    ] {
        let expected = format!(
            "product.signup_url: {url:?} is not an address to send people to; expected one such as \
             \"https://app.example.com/signup\""
        );
        check(line, &format!("signup_url = {url:?}"), &[&expected]);
    }
    check(line, "signup_url = \"https://app.example/?from=pricing\"", &[]);
}

#[test]
fn an_empty_file() {
    insta::assert_snapshot!(report("empty.toml", ""));
}

#[test]
fn mistakes_for_programs() {
    let text = edited(&[("allowance = 400", "alowance = 400"), ("2 GB", "2 gigs")]);
    let parsed = parse(&text);
    insta::assert_snapshot!(
        serde_json::to_string_pretty(&CheckReport::of("scriptkit.toml", &parsed)).unwrap()
    );
}

#[test]
fn a_valid_file_for_people() {
    insta::assert_snapshot!(report("scriptkit.toml", bursar_catalog::SCRIPTKIT));
}

#[test]
fn columns_count_characters() {
    let parsed = parse("[product]\n'ä ö' = 1\nname = ['é', 3], colour = 1");
    let places: Vec<_> =
        parsed.unwrap_err().iter().map(|m| (m.line, m.column, m.path.clone())).collect();
    assert!(places.contains(&(2, 1, "product.\"ä ö\"".to_owned())), "{places:?}");
    assert!(places.contains(&(3, 16, String::new())), "{places:?}");
}

#[test]
fn a_byte_order_mark_is_no_column() {
    let parsed = parse("\u{feff}prodct = 1\r\n\r\nfoo = 1");
    let places: Vec<_> =
        parsed.unwrap_err().iter().map(|m| (m.line, m.column, m.path.clone())).collect();
    assert!(places.contains(&(1, 1, "prodct".to_owned())), "{places:?}");
    assert!(places.contains(&(3, 1, "foo".to_owned())), "{places:?}");
    assert!(parse(&format!("\u{feff}{}", bursar_catalog::SCRIPTKIT)).is_ok());
}

#[test]
fn a_broken_line_has_no_consequences_elsewhere() {
    // Without the line, the plans' references to the feature would dangle and the key be missing.
    let mistakes = mistakes("key = \"video_editor\"", "key = \"video_editor");
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(mistakes[0].contains("not TOML"), "{mistakes:?}");
}

#[test]
fn a_wrong_key_does_not_make_every_reference_to_it_wrong() {
    check(
        "key = \"video_editor\"",
        "key = 7",
        &["features[5].key: 7 is not a key; expected 1 to 64 letters, digits or any of \
           _ - . : / in quotes"],
    );
}

#[test]
fn numbers_are_read_from_the_file_not_from_floats() {
    // 0.1 + 0.2 and the like never happen: the text is what counts.
    for written in ["0.3", "\"0.3\"", "3e-1", "0.300_000", "+0.3"] {
        let to = format!("quality = \"standard\", unit_price = {written}");
        let from = "quality = \"standard\", unit_price = \"0.3\"";
        let parsed = parse(&edited(&[(from, &to)])).unwrap();
        assert_eq!(parsed, bursar_catalog::scriptkit().unwrap(), "{written}");
    }
    for written in ["0.3000001", "nan", "inf", "-0.3", "0x10", "1e30", "true", "1979-05-27"] {
        let to = format!("quality = \"standard\", unit_price = {written}");
        let from = "quality = \"standard\", unit_price = \"0.3\"";
        assert_eq!(mistakes(from, &to).len(), 1, "{written}");
    }
}

#[test]
fn money_is_never_a_float() {
    check(
        "price = \"10.00\"",
        "price = 10.00",
        &["packs[0].price: 10.00 is a floating-point number, and money is exact; expected \
           \"10.00\""],
    );
}

#[test]
fn decimals_follow_the_currency() {
    let yen = edited(&[("currency = \"USD\"", "currency = \"JPY\"")]);
    let mistakes = parse(&yen).err().unwrap_or_default();
    // Zeros behind the point are no more precise.
    assert!(mistakes.is_empty(), "{mistakes:?}");
    let yen = yen.replace("\"25.00\"", "\"25.50\"");
    let mistakes = parse(&yen).unwrap_err();
    assert_eq!(
        mistakes[0].to_string().split_once(": ").unwrap().1,
        "packs[1].price: \"25.50\" has too many decimals for JPY; expected at most 0 \
         decimals, such as 2900"
    );
}

#[test]
fn a_plan_may_cost_what_the_one_before_costs_but_not_less() {
    assert_eq!(mistakes("\"89.00\"", "\"29.00\""), [""; 0]);
    check(
        "\"89.00\"",
        "\"28.99\"",
        &["plans[1].price.month: \"28.99\" is less than plans[0].price.month, but plans \
           are listed lowest first; expected at least 29.00 USD, or another order of the plans"],
    );
}

#[test]
fn a_pack_has_more_credits_than_the_one_before() {
    check(
        "credits = 300",
        "credits = 100",
        &[
            "packs[1].credits: 100 is not more than packs[0].credits, but packs are listed smallest \
           first; expected more than 100, or another order of the packs",
        ],
    );
}

#[test]
fn a_year_costs_what_the_plan_says_or_the_rule() {
    let parsed =
        crate::with(&[("{ month = \"29.00\" }", "{ month = \"29.00\", year = \"300.00\" }")]);
    assert_eq!(parsed.plans[0].price_year.to_string(), "300.00 USD");
    assert_eq!(parsed.plans[0].price_year_per_month.to_string(), "25.00 USD");
    let no_rule = ("[annual]\ndiscount_percent = 10\nround_to = \"1.00\"\n", "");
    let parsed = parse(&edited(&[no_rule]));
    let mistakes: Vec<String> = parsed.unwrap_err().iter().map(|m| m.path.clone()).collect();
    assert_eq!(mistakes, ["plans[0].price.year", "plans[1].price.year", "plans[2].price.year"]);
}

#[test]
fn a_hold_lasts_a_day_at_most() {
    check(
        "max_ttl = \"24h\"",
        "max_ttl = \"25h\"",
        &["policies.holds.max_ttl: \"25h\" is out of range; expected from 1 second to \
           24 hours"],
    );
    check(
        "default_ttl = \"15m\"",
        "default_ttl = \"1d 1s\"",
        &["policies.holds.default_ttl: \"1d 1s\" is out of range; expected from 1 second \
           to 24 hours"],
    );
}

#[test]
fn what_was_promised_has_no_default() {
    for (promise, path) in [
        ("retention = \"30d\"", "policies.retention"),
        ("dunning_retry_days = [1, 3, 5, 7]", "policies.dunning_retry_days"),
        ("first_subscription = \"7d\"", "policies.refunds.first_subscription"),
    ] {
        let parsed = parse(&edited(&[(promise, "")]));
        let mistakes = parsed.unwrap_err();
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert_eq!(mistakes[0].path, path);
    }
}

#[test]
fn sizes_and_times_have_many_spellings() {
    for size in ["2000 MB", "2000000000 B", "2.0 GB", "0.002 TB"] {
        assert_eq!(crate::with(&[("2 GB", size)]).plans[0].storage_bytes, 2_000_000_000, "{size}");
    }
    for time in ["900s", "0.25h", "PT15M", "15 minutes"] {
        let parsed = crate::with(&[("quote_ttl = \"15m\"", &format!("quote_ttl = \"{time}\""))]);
        assert_eq!(parsed.policies.quote_ttl.as_secs(), 900, "{time}");
    }
    for size in ["2GB", "2 gb", "2 GiB", "GB", " GB", "-2 GB", "1e400 GB", "2 GB GB"] {
        assert_eq!(mistakes("2 GB", size).len(), 1, "{size}");
    }
    for time in ["15", "-15m", "15 fortnights", "1mo", "1.5s", "1y", "", "99999999999999999999d"] {
        let to = format!("quote_ttl = \"{time}\"");
        assert_eq!(mistakes("quote_ttl = \"15m\"", &to).len(), 1, "{time}");
    }
}

#[test]
fn attributes_that_combine_in_too_many_ways() {
    let attribute = |i: usize| {
        format!("[operations.attributes.a{i}]\ndefault = \"x\"\nvalues = {{ x = 1, y = 2 }}\n")
    };
    let many: String = (0..60).map(attribute).collect();
    let from = "# Image Remix/Edit: 1-2.";
    let mistakes = mistakes(from, &many);
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(mistakes[0].contains("expected at most 1000"), "{mistakes:?}");
}
