//! The content hash of a catalog.

use bursar_core::catalog::Catalog;
use bursar_core::id::CatalogVersion;

/// Gives the catalog the version of its content: the first 8 bytes of BLAKE3 over its postcard
/// encoding with a version of zeros. Comments and white space don't change it, every name and
/// number does.
pub(crate) fn seal(catalog: Catalog) -> Catalog {
    let blank = Catalog { version: CatalogVersion([0; 8]), ..catalog };
    // Encoding into memory can't fail for these types; if it did, the hash of nothing would still
    // differ from that of any catalog.
    let normal_form = postcard::to_stdvec(&blank).unwrap_or_default();
    let hash = blake3::hash(&normal_form);
    let version = hash.as_bytes().first_chunk::<8>().copied().unwrap_or_default();
    Catalog { version: CatalogVersion(version), ..blank }
}
