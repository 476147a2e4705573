//! The catalog that a server starts with: noted, and compared with the one before.

use anyhow::Result;
use bursar_core::time::Timestamp;
use bursar_store::{CatalogRecord, Registry};

use crate::data::catalogs::Loaded;
use crate::data::in_force;
use crate::instant;
use crate::problem;

/// Notes `loaded` and says what it changes, and for whom, since the one that was in force.
pub(super) async fn note(
    registry: &dyn Registry,
    loaded: &Loaded,
    dir: &str,
    now: Timestamp,
) -> Result<()> {
    let known = registry.catalogs().await;
    let known = known.map_err(|error| problem::of_store("read the catalogs of", dir, &error))?;
    let version = loaded.catalog.version;
    let before = in_force::of(dir, &known);
    if before.is_some_and(|before| before.version == version) {
        return Ok(());
    }
    if let Some(before) = before {
        tell(before, loaded);
    }
    let record = CatalogRecord { version, text: loaded.text.clone(), since: now };
    let noted = registry.put_catalog(record).await;
    noted.map_err(|error| problem::of_store("note the catalog in", dir, &error))?;
    in_force::set(dir, version)
}

fn tell(before: &CatalogRecord, loaded: &Loaded) {
    let CatalogRecord { version, since, text } = before;
    let since = instant::second(*since);
    tracing::info!("the catalog has changed; before: version {version}, since {since}");
    tracing::info!("the catalog now: {}", loaded.title());
    // A catalog that this version no longer reads can't be compared; what it priced stays pinned.
    match bursar_catalog::parse(text) {
        Ok(before) => {
            for change in bursar_catalog::diff(&before, &loaded.catalog) {
                tracing::info!("{change}");
            }
        }
        Err(_) => tracing::warn!("this version can't read the catalog before, so can't compare"),
    }
}
