//! What `show` prints of the shipped catalogs.

use bursar_catalog::{CatalogView, parse, scriptkit, show};

use crate::TOKENS;

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

/// Whatever its rate says: who is taxed where the seller is pays the seller.
#[test]
fn no_reverse_charge_where_the_seller_is() {
    let tax = |from: &str, to: &str| {
        let text = show(&parse(&TOKENS.replacen(from, to, 1)).unwrap());
        text.split_once("Tax\n").unwrap().1.split_once("\nDocuments").unwrap().0.to_owned()
    };
    let german = "percent = 19 }";
    assert_eq!(tax(german, "percent = 19, reverse_charge = true }"), tax(german, german));
    assert!(
        tax("inclusive", "exclusive")
            .starts_with("The VAT of the buyer's country is added to prices.")
    );
}
