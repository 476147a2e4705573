//! Catalog files: read, checked, shown and compared.
//!
//! A catalog file is TOML that a person wrote. [`parse`] turns it into a
//! [`Catalog`] that the rules rely on without a check of their own,
//! or reports every mistake at once with its line, its column and what would be right.
//!
//! The shipped `catalogs/scriptkit.toml` is the description of the format: it has every table and
//! explains each.
//!
//! ```
//! let file = bursar_catalog::SCRIPTKIT.replace("allowance = 400", "allowance = \"many\"");
//! let mistakes = bursar_catalog::parse(&file).unwrap_err();
//! assert_eq!(mistakes[0].path, "plans[0].allowance");
//! assert_eq!(mistakes[0].message, "\"many\" is not an amount of credits");
//! assert_eq!(mistakes[0].expected.as_deref(), Some("a number such as 400"));
//! ```
//!
//! **Architecture invariant:** no number of a catalog passes through a float, and no catalog with a
//! mistake reaches the engine.

mod addresses;
mod amounts;
mod annual;
mod attributes;
mod check;
mod costs;
mod diff;
mod documents;
mod features;
mod file;
mod mistake;
mod notices;
mod operations;
mod packs;
mod plans;
mod policies;
mod policy_words;
mod rates;
mod reader;
mod references;
mod report;
mod seller;
mod show;
mod tax;
mod vault;
mod version;
mod view;
mod words;

use bursar_core::catalog::Catalog;

pub use check::CheckReport;
pub use costs::{CostRow, cost_table, quality_name};
pub use diff::{Change, ChangeKind, Effect, describe, diff};
pub use file::parse;
pub use mistake::Mistake;
pub use show::show;
pub use view::CatalogView;
pub use words::in_words;

/// The catalog that ships as the default: ScriptKit's, as its billing documentation has it.
pub const SCRIPTKIT: &str = include_str!("../../../catalogs/scriptkit.toml");

/// [`SCRIPTKIT`], read.
///
/// # Errors
/// None as shipped; a test of this crate makes sure of it.
pub fn scriptkit() -> Result<Catalog, Vec<Mistake>> {
    parse(SCRIPTKIT)
}
