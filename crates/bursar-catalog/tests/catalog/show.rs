//! What `show` prints of the shipped catalogs.

use bursar_catalog::{CatalogView, parse, scriptkit, show};

const TOKENS: &str = include_str!("../../../../catalogs/tokens.toml");

#[test]
fn scriptkit_in_tables() {
    insta::assert_snapshot!(show(&scriptkit().unwrap()));
}

#[test]
fn tokens_in_tables() {
    insta::assert_snapshot!(show(&parse(TOKENS).unwrap()));
}

#[test]
fn no_colour_codes() {
    assert!(!show(&scriptkit().unwrap()).contains('\u{1b}'));
}

#[test]
fn tokens_for_programs() {
    let catalog = parse(TOKENS).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&CatalogView::of(&catalog)).unwrap());
}
