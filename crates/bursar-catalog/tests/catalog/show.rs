//! What `show` prints of the shipped catalogs.

#[test]
fn scriptkit() {
    insta::assert_snapshot!(bursar_catalog::show(&bursar_catalog::scriptkit().unwrap()));
}
