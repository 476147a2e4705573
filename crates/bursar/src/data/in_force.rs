//! Which of the noted catalogs is in force.
//!
//! The registry notes each catalog once, so after going back to an earlier one the last that was
//! noted is not the one in force. A file beside the data says which is.

use std::fs;
use std::path::Path;

use anyhow::Result;
use bursar_core::id::CatalogVersion;
use bursar_store::CatalogRecord;

use super::directory;
use crate::problem;

const FILE: &str = "catalog-version";

/// The record of the catalog in force; the one that was noted last, if the file is lost.
pub(crate) fn of<'a>(dir: &str, noted: &'a [CatalogRecord]) -> Option<&'a CatalogRecord> {
    let version = fs::read_to_string(Path::new(dir).join(FILE)).unwrap_or_default();
    let named = noted.iter().find(|record| record.version.to_string() == version.trim());
    named.or(noted.last())
}

/// Says which is in force from now on.
pub(crate) fn set(dir: &str, version: CatalogVersion) -> Result<()> {
    let path = Path::new(dir).join(FILE);
    directory::write_private(&path, format!("{version}\n").as_bytes())
        .map_err(|error| problem::of_file(&format!("cannot write {}", path.display()), &error))
}
