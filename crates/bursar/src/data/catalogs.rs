//! Catalogs: from a file, built in, or as a data directory noted them.

use std::sync::Arc;

use anyhow::Result;
use bursar_catalog::Mistake;
use bursar_core::catalog::Catalog;
use bursar_store::{CatalogRecord, Registry};

use super::in_force;
use crate::instant;
use crate::problem::{self, Problem};

/// What the catalog is called that needs no file.
const BUILT_IN: &str = "built in";

/// A catalog with its text and where it is from.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) text: String,
    pub(crate) from: String,
}

impl Loaded {
    /// `ScriptKit, version 0123456789abcdef (built in)`.
    pub(crate) fn title(&self) -> String {
        let Catalog { name, version, .. } = &*self.catalog;
        format!("{name}, version {version} ({})", self.from)
    }
}

/// The text of a catalog file.
pub(crate) fn read(file: &str) -> Result<String> {
    let bytes = std::fs::read(file)
        .map_err(|error| problem::of_file(&format!("cannot read the catalog {file}"), &error))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let what = format!("cannot read the catalog {file}: its byte {at} is not UTF-8");
        Problem::error(what, "A catalog is TOML, which is text in UTF-8.")
    })
}

/// The catalog of a file, or the one that is built in.
pub(crate) fn load(file: Option<&str>) -> Result<Loaded> {
    match file {
        Some(file) => parse(read(file)?, file),
        None => parse(bursar_catalog::SCRIPTKIT.to_owned(), BUILT_IN),
    }
}

/// The catalog in force in `dir`, or the one that is built in if none was noted there.
pub(crate) async fn in_force(registry: &dyn Registry, dir: &str) -> Result<Loaded> {
    let noted = registry.catalogs().await;
    let noted = noted.map_err(|error| problem::of_store("read the catalogs of", dir, &error))?;
    match in_force::of(dir, &noted) {
        Some(CatalogRecord { text, since, .. }) => {
            let since = instant::second(*since);
            parse(text.clone(), &format!("first in force {since}"))
        }
        None => load(None),
    }
}

fn parse(text: String, from: &str) -> Result<Loaded> {
    let catalog = bursar_catalog::parse(&text).map_err(|mistakes| mistaken(from, &mistakes))?;
    Ok(Loaded { catalog: Arc::new(catalog), text, from: from.to_owned() })
}

fn mistaken(from: &str, mistakes: &[Mistake]) -> anyhow::Error {
    let lines = mistakes.iter().map(|mistake| format!("\n  {}", mistake.in_file(from)));
    let what = format!("the catalog has mistakes{}", lines.collect::<String>());
    Problem::error(what, format!("Correct them, then `bursar catalog check {from}`."))
}
