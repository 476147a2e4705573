//! Whatever the file holds, there is an answer, and in time.

use bursar_catalog::{SCRIPTKIT, diff, parse, show};
use proptest::prelude::*;

use crate::{PAST, TOKENS};

/// Parsing must not panic; what passes can be shown and compared.
fn survive(text: &str) {
    match parse(text) {
        Ok(catalog) => {
            show(&catalog);
            assert!(diff(&catalog, &catalog).is_empty());
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            let lines = text.split('\n').count();
            for mistake in mistakes {
                assert!((1..=lines).contains(&mistake.line), "{mistake}");
                assert!(mistake.column >= 1, "{mistake}");
            }
        }
    }
}

#[test]
fn hostile_texts() {
    let deep =
        |open: &str, close: &str| format!("a = {}{}", open.repeat(9_999), close.repeat(9_999));
    let keys = |n: usize| "a.".repeat(n);
    for text in [
        "\0".to_owned(),
        "\u{feff}".to_owned(),
        "\u{feff}\u{feff}[product]".to_owned(),
        "[".to_owned(),
        "[[".to_owned(),
        "]]]]".to_owned(),
        "=".to_owned(),
        "[]\n[[]]\n[.]\n".to_owned(),
        "plans = [[[]]]".to_owned(),
        "plans = [1, 'x', 1979-05-27, {}, []]".to_owned(),
        "[[plans]]\nprice = {}\n[plans.price]\nmonth = 1".to_owned(),
        "[plans]\n[[plans]]\n[plans.plans]".to_owned(),
        "seller = []\ntax = 1\ndocuments = 'x'\n[policies]\nnotices = []\nauto_topup = 0"
            .to_owned(),
        "[[seller]]\n[[tax]]\n[[documents]]\n[[policies]]".to_owned(),
        "[tax]\nrates = [[], {}, 1, { country = {} }, { percent = [] }]".to_owned(),
        "[[tax.rates.rates]]\n[seller.country]\n[documents.notes]".to_owned(),
        "[seller]\nvat_id = 'É'\ncountry = '🦀'".to_owned(),
        "[seller]\nvat_id = 'DE\u{202e}123'\ncountry = 'DE'\naddress = [[[]]]".to_owned(),
        "operations = [{ attributes = { 'ä ö' = { values = { '' = 1 } } } }]".to_owned(),
        "[[operations]]\nrates = [{}, 1, { model = 'a' }]".to_owned(),
        deep("[", "]"),
        deep("{a=", "}"),
        deep("[", ""),
        format!("{}b = 1", keys(10_000)),
        format!("[{}b]", keys(10_000)),
        format!("x = {}", "9".repeat(100_000)),
        format!("x = '{}'", "é".repeat(100_000)),
        format!("'{}' = 1", "k".repeat(100_000)),
        "ключ = 'значение'\n[тарифы]\n".to_owned(),
        "x = 1e999999999999999999999".to_owned(),
        "x = 99:99:99".to_owned(),
        "\r\r\r".to_owned(),
        "x = \"\\uD800\"".to_owned(),
    ] {
        survive(&text);
    }
}

#[test]
fn hostile_numbers() {
    for number in [
        "1000000000000000000000000000000",
        "-9223372036854775809",
        "9223372036854775807",
        "\"1e30\"",
        "\"1e-30\"",
        "\"1e2147483648\"",
        "1e308",
        "0xffffffffffffffff",
        "\"\"",
        "\"-\"",
        "\".\"",
        "\"-.5\"",
        "\"٣\"",
        "\"9999999999999 TB\"",
        "\"18446744073709551616 B\"",
        "\"P9999999999Y\"",
        "\"-0\"",
        "[]",
        "{}",
    ] {
        // In place of every value of the file, one after the other.
        for file in [SCRIPTKIT, TOKENS] {
            for (start, line) in lines(file) {
                let Some((name, _)) = line.split_once(" = ") else {
                    continue;
                };
                let end = start + line.len();
                survive(&format!("{}{name} = {number}{}", &file[..start], &file[end..]));
            }
        }
        for percent in ["percent = 19", "percent = 20", "percent = \"8.1\""] {
            survive(&TOKENS.replace(percent, &format!("percent = {number}")));
        }
    }
}

fn lines(file: &'static str) -> impl Iterator<Item = (usize, &'static str)> {
    file.split('\n').scan(0, |start, line| {
        let at = *start;
        *start += line.len() + 1;
        Some((at, line))
    })
}

#[test]
fn a_huge_file_is_refused_unread() {
    let mistakes = parse(&"#".repeat(2_000_000)).unwrap_err();
    assert_eq!(
        mistakes[0].to_string(),
        "1:1: the file has 2000000 bytes; expected a catalog of at most 1048576 bytes"
    );
}

/// As many mistakes as fit, on one line and on many.
#[test]
fn many_mistakes_take_no_more_than_their_time() {
    let started = std::time::Instant::now();
    let wide: Vec<String> = (0..60_000).map(|i| format!("k{i} = {i}")).collect();
    assert!(parse(&wide.join("\n")).unwrap_err().len() >= 60_000);
    let one_line = format!("product = {{ {} }}", wide.join(", "));
    assert!(parse(&one_line).unwrap_err().len() >= 60_000);
    let plans = "[[plans]]\nkey='a'\n".repeat(40_000);
    assert!(parse(&plans).unwrap_err().len() >= 40_000);
    let packs = "[[packs]]\nkey='a'\ncredits=1\n".repeat(30_000);
    assert!(parse(&packs).unwrap_err().len() >= 30_000);
    let rates = "[[tax.rates]]\ncountry='DE'\n".repeat(30_000);
    assert!(parse(&rates).unwrap_err().len() >= 30_000);
    let lines = format!("{PAST}\n[seller]\naddress = [{}]", "'x',".repeat(200_000));
    assert_eq!(parse(&lines).unwrap_err().len(), 1);
    let days = format!("{PAST}\n[policies.notices]\ndeletion_days = [{}]", "14,".repeat(100_000));
    assert_eq!(parse(&days).unwrap_err().len(), 99_999);
    let broken = "= ".repeat(200_000);
    assert!(!parse(&broken).unwrap_err().is_empty());
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

/// Pieces of TOML and of catalogs, to be joined at random.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(vec![
            "[",
            "]",
            "[[",
            "]]",
            "{",
            "}",
            "=",
            ".",
            ",",
            "\n",
            "\r\n",
            " ",
            "\"",
            "'",
            "\"\"\"",
            "'''",
            "#",
            "\\",
            "\0",
            "-",
            "+",
            "_",
            "1",
            "0.1",
            "1e9",
            "inf",
            "true",
            "1979-05-27",
            "product",
            "annual",
            "plans",
            "packs",
            "operations",
            "attributes",
            "values",
            "rates",
            "policies",
            "holds",
            "seller",
            "country",
            "vat_id",
            "tax",
            "percent",
            "documents",
            "notices",
            "DE",
            "price",
            "month",
            "key",
            "name",
            "credits",
            "\u{feff}",
            "é",
            "🦀",
        ])
        .prop_map(str::to_owned),
        ".{0,6}",
    ]
}

/// A byte range of the catalog, cut at characters.
fn cut(from: usize, length: usize) -> std::ops::Range<usize> {
    let floor = |at: usize| (0..=at).rev().find(|at| SCRIPTKIT.is_char_boundary(*at)).unwrap_or(0);
    let from = floor(from % SCRIPTKIT.len());
    from..floor((from + length).min(SCRIPTKIT.len())).max(from)
}

proptest! {
    #[test]
    fn arbitrary_text(text in any::<String>()) {
        survive(&text);
    }

    #[test]
    fn arbitrary_pieces(pieces in proptest::collection::vec(piece(), 0..60)) {
        survive(&pieces.concat());
    }

    #[test]
    fn a_catalog_with_a_piece_put_in(from: usize, length in 0_usize..40, text in piece()) {
        let cut = cut(from, length);
        survive(&format!("{}{text}{}", &SCRIPTKIT[..cut.start], &SCRIPTKIT[cut.end..]));
    }

    #[test]
    fn a_catalog_with_a_part_moved(from: usize, length in 0_usize..400, to: usize) {
        let cut = cut(from, length);
        let rest = format!("{}{}", &SCRIPTKIT[..cut.start], &SCRIPTKIT[cut.end..]);
        let to = (0..=to % rest.len()).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(0);
        survive(&format!("{}{}{}", &rest[..to], &SCRIPTKIT[cut], &rest[to..]));
    }
}
