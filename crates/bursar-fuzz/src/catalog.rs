//! Catalog files.

use bursar_catalog::{cost_table, describe, diff, parse, show};

/// A file is read or has mistakes that can be shown; one that is read can be shown, and does not differ
/// from itself.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match parse(text) {
        Ok(catalog) => {
            assert!(!show(&catalog).is_empty());
            let _ = cost_table(&catalog);
            let changes = diff(&catalog, &catalog);
            assert!(changes.is_empty(), "differs from itself:\n{}", describe(&changes));
            let again = parse(text).expect("it was read before");
            assert_eq!(again, catalog);
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "refused without a mistake");
            for mistake in &mistakes {
                assert!(!mistake.in_file("catalog.toml").to_string().is_empty());
            }
        }
    }
}
