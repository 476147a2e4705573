//! What may be stored: defaults, ranges and mistakes.

use bursar_catalog::{parse, scriptkit};
use bursar_core::catalog::{AssetKind, VaultPolicy};

use crate::PAST;
use crate::billing::{check, check_field, past_with};

/// What ScriptKit's file spells out is what it would have anyway, but for the feature.
#[test]
fn a_file_of_the_past_has_defaults() {
    let past = parse(PAST).unwrap().policies.vault;
    let scriptkit = scriptkit().unwrap().policies.vault;
    assert_eq!(VaultPolicy { feature: None, ..scriptkit.clone() }, past);
    assert_eq!(scriptkit.feature, Some("asset_vault".parse().unwrap()));
    assert_eq!((past.max_asset, past.upload_ttl.as_secs()), (5_000_000_000, 3_600));
    assert_eq!(past_with("[policies.vault]\n[policies.vault.media_types]").policies.vault, past);
    for kind in AssetKind::ALL {
        let types = past.media.of(kind);
        assert!(!types.is_empty());
        // Nothing that a browser would run.
        for risky in ["html", "svg", "xml", "javascript", "octet-stream"] {
            assert!(types.iter().all(|name| !name.contains(risky)), "{kind:?} {risky}");
        }
    }
}

#[test]
fn a_kind_that_is_left_out_keeps_its_types() {
    let only = "[policies.vault.media_types]\nimage = [\"image/png\"]\nvideo = []";
    let (past, changed) = (parse(PAST).unwrap().policies.vault, past_with(only).policies.vault);
    assert_eq!(changed.media.of(AssetKind::Image), ["image/png"]);
    assert_eq!(changed.media.of(AssetKind::Video), [""; 0]);
    assert_eq!(changed.media.of(AssetKind::Export), past.media.of(AssetKind::Export));
    assert_eq!(changed.media.of(AssetKind::Vault), past.media.of(AssetKind::Vault));
}

#[test]
fn ranges() {
    let field = |field, right: &[&str], wrong: &[&str]| {
        check_field("policies.vault", field, right, wrong);
    };
    let wrong = ["\"0 GB\"", "\"-1 GB\"", "5", "\"5 gigabytes\"", "\"1.5 B\"", "\"9999999 TB\""];
    field("max_asset", &["\"1 B\"", "\"5.5 GB\"", "\"50 TB\""], &wrong);
    field("upload_ttl", &["\"1m\"", "\"7d\""], &["\"59s\"", "\"8d\"", "\"1mo\"", "60"]);
    field("max_uploads", &["1", "100_000"], &["0", "100_001", "1.5", "\"9\""]);
    let types = |field, right: &[&str], wrong: &[&str]| {
        check_field("policies.vault.media_types", field, right, wrong);
    };
    let wrong = [
        "\"image/png\"",
        "[\"image\"]",
        "[\"image/\"]",
        "[\"/png\"]",
        "[\"Image/PNG\"]",
        "[\"image/png; q=1\"]",
        "[\"image/*\"]",
        "[\"image/png/x\"]",
        "[\"image/png\", \"image/png\"]",
        "[5]",
    ];
    types("image", &["[]", "[\"image/svg+xml\"]", "[\"application/vnd.ms-excel\"]"], &wrong);
}

#[test]
fn mistakes_say_what_would_be_right() {
    check(
        "[policies.vault]\nfeature = \"asset_valt\"\nmax_aset = \"1 GB\"",
        &[
            "policies.vault.feature: there is no feature \"asset_valt\"; expected one of chat, \
             large_models or batch",
            "policies.vault.max_aset: unknown key; did you mean \"max_asset\"?",
        ],
    );
    check(
        "[policies.vault.media_types]\nimages = []\nimage = [\"png\"]",
        &[
            "policies.vault.media_types.images: unknown key; did you mean \"image\"?",
            "policies.vault.media_types.image[0]: \"png\" is not a media type; expected a media type in \
             lower case, such as \"image/png\"",
        ],
    );
}
