//! The version follows from what the catalog says, not from how it is written.

use bursar_catalog::{SCRIPTKIT, diff, parse, scriptkit};

use crate::{TOKENS, with};

#[test]
fn comments_and_white_space_do_not_change_it() {
    let bare: String = (SCRIPTKIT.lines())
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| format!("{}\r\n", line.replace(" = ", "=")))
        .collect();
    assert_eq!(parse(&bare).unwrap(), scriptkit().unwrap());
    let same = with(&[("month = \"29.00\"", "month = 29"), ("1_250", "\"1250.0\"")]);
    assert_eq!(same.version, scriptkit().unwrap().version);
}

/// Every digit of a file outside of comments: one more changes the version, and the comparison
/// says what changed; or it is a mistake. Nothing is overlooked.
#[test]
fn every_number_changes_it() {
    assert!(numbers_that_change_it(SCRIPTKIT, 0) > 100);
    // Above, the discount is more exact than the prices that come from it.
    assert!(numbers_that_change_it(TOKENS, TOKENS.find("[seller]").unwrap()) > 50);
}

fn numbers_that_change_it(file: &str, start: usize) -> usize {
    let catalog = parse(file).unwrap();
    let mut changed = 0;
    let digits = file.char_indices().filter(|(at, c)| *at >= start && c.is_ascii_digit());
    for (at, digit) in digits {
        let line_start = file[..at].rfind('\n').map_or(0, |newline| newline + 1);
        if file[line_start..at].contains('#') {
            continue;
        }
        let other = if digit == '9' { '8' } else { char::from(digit as u8 + 1) };
        let text = format!("{}{other}{}", &file[..at], &file[at + 1..]);
        if let Ok(edited) = parse(&text) {
            changed += 1;
            let line = file[line_start..].lines().next();
            assert_ne!(edited.version, catalog.version, "{line:?}");
            assert!(!diff(&catalog, &edited).is_empty(), "{line:?}");
            assert!(!diff(&edited, &catalog).is_empty(), "{line:?}");
        }
    }
    changed
}

/// So that a change of the normal form is a decision.
#[test]
fn scriptkits_version() {
    assert_eq!(scriptkit().unwrap().version.to_string(), "51ad456f342cd8f7");
}
