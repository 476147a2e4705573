//! The catalog that a server starts with: noted, and compared with the one before.

use anyhow::Result;
use bursar_core::time::Timestamp;
use bursar_store::{CatalogRecord, Registry};

use crate::data::catalogs::Loaded;
use crate::output;
use crate::problem;

/// Notes `loaded` and says what it changes, and for whom, since the catalog that was noted last.
pub(super) async fn note(
    registry: &dyn Registry,
    loaded: &Loaded,
    dir: &str,
    now: Timestamp,
) -> Result<()> {
    let known = registry.catalogs().await;
    let known = known.map_err(|error| problem::of_store("read the catalogs of", dir, &error))?;
    let version = loaded.catalog.version;
    if known.last().is_some_and(|last| last.version == version) {
        return Ok(());
    }
    if let Some(last) = known.last() {
        tell(last, loaded);
    }
    let record = CatalogRecord { version, text: loaded.text.clone(), since: now };
    let noted = registry.put_catalog(record).await;
    noted.map_err(|error| problem::of_store("note the catalog in", dir, &error))
}

fn tell(last: &CatalogRecord, loaded: &Loaded) {
    let CatalogRecord { version, since, text } = last;
    output::note(&format!("The catalog has changed. Before: version {version}, since {since}."));
    output::note(&format!("Now: {}.", loaded.title()));
    // A catalog that this version no longer reads can't be compared; what it priced stays pinned.
    match bursar_catalog::parse(text) {
        Ok(before) => {
            let changes = bursar_catalog::diff(&before, &loaded.catalog);
            output::note(bursar_catalog::describe(&changes).trim_end());
        }
        Err(_) => output::note("The one before can't be read by this version, so not compared."),
    }
    output::note("");
}
