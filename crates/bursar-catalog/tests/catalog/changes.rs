//! What a new catalog changes, and for whom.

use bursar_catalog::{SCRIPTKIT, describe, diff, parse, scriptkit};

use crate::{PAST, TOKENS, with};

fn changes(edits: &[(&str, &str)]) -> String {
    describe(&diff(&scriptkit().unwrap(), &with(edits)))
}

#[test]
fn no_difference_is_said() {
    assert_eq!(changes(&[]), "No difference.\n");
    assert_eq!(changes(&[("# ScriptKit's catalog", "# The catalog")]), "No difference.\n");
}

#[test]
fn where_people_sign_up() {
    let line = "# signup_url = \"https://app.scriptkit.ai/signup\"";
    assert_eq!(
        changes(&[(line, "signup_url = \"https://app.example/\"")]),
        "Product: sign-up address none -> https://app.example/: on pages, at once\n"
    );
}

#[test]
fn prices_are_pinned_until_renewal() {
    assert_eq!(
        changes(&[("{ month = \"29.00\" }", "{ month = \"35.00\", year = \"313.00\" }")]),
        "Starter: price per month 29.00 USD -> 35.00 USD: new subscribers at once, present ones at \
         their next renewal\n"
    );
}

#[test]
fn a_plan_changed_in_every_way() {
    let text = changes(&[
        ("name = \"Professional\"", "name = \"Pro\""),
        ("popular = true\n", ""),
        ("\"89.00\"", "\"99.00\""),
        ("1_250", "1_500"),
        ("10 GB", "12.5 GB"),
        ("  \"asset_vault\",\n  \"video_editor\",\n]", "  \"advanced_ai\",\n  \"asset_vault\",\n]"),
        ("\"Everything in Starter\", ", ""),
    ]);
    insta::assert_snapshot!(text);
}

#[test]
fn the_list_of_plans_packs_and_features() {
    let studio = SCRIPTKIT.split_once("[[plans]]\nkey = \"studio\"").unwrap().1;
    let studio = format!("[[plans]]\nkey = \"studio\"{}", studio.split_once("\n\n").unwrap().0);
    let text = changes(&[
        (&studio, &studio.replace("studio", "agency").replace("Studio", "Agency")),
        ("credits = 2_500\nprice = \"150.00\"", "credits = 3_000\nprice = \"170.00\""),
        (
            "key = \"small\"\nname = \"Small\"\ncredits = 100",
            "key = \"mini\"\nname = \"Mini\"\ncredits = 90",
        ),
        ("name = \"Storyboard Mode\"", "name = \"Storyboards\""),
        (
            "[[features]]\nkey = \"priority_support\"",
            "[[features]]\nkey = \"api\"\nname = \"API\"\n\n[[features]]\nkey = \"priority_support\"",
        ),
    ]);
    insta::assert_snapshot!(text);
}

#[test]
fn the_order_of_plans() {
    let swapped = |text: &str| {
        let (head, rest) = text.split_once("[[plans]]").unwrap();
        let (first, rest) = rest.split_once("[[plans]]").unwrap();
        format!(
            "{head}[[plans]]{}[[plans]]{first}[[plans]]{}",
            rest.split_once("[[plans]]").unwrap().0,
            rest.split_once("[[plans]]").unwrap().1
        )
    };
    let same_price = SCRIPTKIT.replace("\"89.00\"", "\"29.00\"");
    let (before, after) = (parse(&same_price).unwrap(), parse(&swapped(&same_price)).unwrap());
    assert_eq!(
        describe(&diff(&before, &after)),
        "Plans: order starter, professional, studio -> professional, starter, studio: changes of \
         plan asked for from now on; it decides up and down\n"
    );
}

#[test]
fn the_rate_card() {
    let text = changes(&[
        ("unit_price = \"14.5\", feature = \"advanced_ai\"", "unit_price = 16, minimum = 40"),
        ("  { model = \"crane-2\",    quality", "  { model = \"crane-3\",    quality"),
        ("off = 1, on = \"1.1\"", "off = 1, on = \"1.2\", stereo = \"1.3\""),
        (
            "unit = \"second\"\ndefault_units = 5\nmax_units = 60",
            "unit = \"second\"\ndefault_units = 6\nmax_units = 90\nrounding = \"half_up\"",
        ),
        ("default_model = \"lantern-1\"", "default_model = \"crane-3\""),
        ("key = \"image_upscale\"", "key = \"image_enlarge\""),
        (
            "[operations.attributes.detail]\ndefault = \"normal\"",
            "[operations.attributes.detail]\ndefault = \"rich\"",
        ),
        ("asset = \"export\"\n", ""),
        (
            "name = \"Video Export\"\nfeature = \"video_generation\"",
            "name = \"Video Export\"\nfeature = \"video_editor\"",
        ),
    ]);
    insta::assert_snapshot!(text);
}

#[test]
fn every_policy() {
    let text = changes(&[
        ("burn_first = []", "burn_first = [\"promo\", \"topup\"]"),
        ("quote_ttl = \"15m\"", "quote_ttl = \"1h\""),
        ("[1, 3, 5, 7]", "[2]"),
        ("retention = \"30d\"", "retention = \"90d\""),
        ("default_ttl = \"15m\"", "default_ttl = \"90s\""),
        ("max_ttl = \"24h\"", "max_ttl = \"12h\""),
        ("max_open = 1_000", "max_open = 50"),
        ("max_credits = 1_000_000", "max_credits = 500"),
        ("upgrade = \"now\"", "upgrade = \"next_billing_date\""),
        ("downgrade = \"next_billing_date\"", "downgrade = \"now\""),
        ("first_subscription = \"7d\"", "first_subscription = \"14d\""),
        ("expired_lots = \"promo\"", "expired_lots = \"forfeit\""),
    ]);
    insta::assert_snapshot!(text);
}

#[test]
fn every_policy_of_billing() {
    let text = changes(&[
        ("preview_ttl = \"30m\"", "preview_ttl = \"10m\""),
        ("payment_ttl = \"1h\"", "payment_ttl = \"24h\""),
        ("cooldown = \"60m\"", "cooldown = \"1d\""),
        ("annual_renewal_days = 30", "annual_renewal_days = 14"),
        ("ending_days = 3", "ending_days = 0"),
        ("deletion_days = [14, 27]", "deletion_days = [0]"),
    ]);
    insta::assert_snapshot!(text);
}

#[test]
fn every_policy_of_the_vault() {
    let text = changes(&[
        ("max_asset = \"5 GB\"", "max_asset = \"500 MB\""),
        ("upload_ttl = \"1h\"", "upload_ttl = \"2h\""),
        ("max_uploads = 1_000", "max_uploads = 10"),
        ("feature = \"asset_vault\"               #", "#"),
        ("image = [\"image/png\", ", "image = ["),
        (
            "video = [\"video/mp4\", \"video/webm\", \"video/quicktime\", \"image/gif\"]",
            "video = []",
        ),
        ("\"image/gif\", \"audio/mpeg\", \"application/pdf\",\n", "\"application/pdf\",\n"),
        ("\"text/plain\",\n]", "\"text/plain\", \"text/csv\",\n]"),
    ]);
    insta::assert_snapshot!(text);
}

#[test]
fn seller_tax_and_documents() {
    let before = parse(TOKENS).unwrap();
    let edits = [
        ("UG (haftungsbeschränkt)", "GmbH"),
        ("\"Beispielweg 7\", \"10115 Berlin\"", "\"Beispielgasse 1\", \"1010 Wien\""),
        ("country = \"DE\"\n", "country = \"AT\"\n"),
        ("DE123456789", "ATU12345678"),
        ("tax_id = \"37/123/45678\"\n", ""),
        ("HRB 123456 B, Amtsgericht Charlottenburg", "FN 123456 a"),
        ("rechnung@", "buchhaltung@"),
        ("name = \"VAT\"", "name = \"USt.\""),
        ("\"inclusive\"", "\"exclusive\""),
        (
            "{ country = \"DE\", percent = 19 }",
            "{ country = \"DE\", percent = 19, reverse_charge = true }",
        ),
        ("\"25.5\"", "\"26\""),
        ("country = \"GR\", percent = 24,", "country = \"IT\", percent = 22,"),
        ("\"RE\"", "\"AR\""),
        ("\"GS\"", "\"AG\""),
        ("\"A4\"", "\"Letter\""),
        ("  \"Thank you for chatting with us.\",\n", ""),
    ];
    let after = edits.iter().fold(TOKENS.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from:?} is not in the file");
        text.replacen(from, to, 1)
    });
    insta::assert_snapshot!(describe(&diff(&before, &parse(&after).unwrap())));
}

/// What a file of the past gains by saying it.
#[test]
fn what_a_file_of_the_past_did_not_say() {
    let (before, after) = (parse(PAST).unwrap(), parse(TOKENS).unwrap());
    let changes = diff(&before, &after);
    let mut codes: Vec<&str> = changes.iter().map(|change| change.effect.code()).collect();
    codes.dedup();
    let expected = [
        "previews_from_now_on",
        "payments_from_now_on",
        "next_auto_topup",
        "years_from_now_on",
        "cancellations_from_now_on",
        "ends_from_now_on",
        "new_documents",
        "new_bills",
        "new_documents",
        "new_bills",
        "new_numbers",
        "new_documents",
    ];
    assert_eq!(codes, expected);
    insta::assert_snapshot!(describe(&changes));
}

#[test]
fn the_order_of_rates_says_nothing() {
    let before = parse(TOKENS).unwrap();
    let mut after = before.clone();
    after.tax.rates.reverse();
    assert_eq!(diff(&before, &after), []);
}

#[test]
fn the_product() {
    let text = changes(&[
        ("name = \"ScriptKit\"", "name = \"ScriptKit AI\""),
        ("support@scriptkit.ai", "help@scriptkit.ai"),
        ("currency = \"USD\"", "currency = \"EUR\""),
    ]);
    insta::assert_snapshot!(text);
}

#[test]
fn changes_for_programs() {
    let after = with(&[("1_250", "1_500"), ("key = \"xl\"", "key = \"xxl\"")]);
    let changes = diff(&scriptkit().unwrap(), &after);
    insta::assert_snapshot!(serde_json::to_string_pretty(&changes).unwrap());
}

#[test]
fn a_retired_plan_is_kept_by_its_subscribers() {
    let change = "name = \"Starter\"\nprice";
    assert_eq!(
        changes(&[(change, "name = \"Starter\"\nretired = true\nprice")]),
        "Starter: retired no -> yes: no new subscribers; present ones keep all of it, also when \
         they renew\n"
    );
}
