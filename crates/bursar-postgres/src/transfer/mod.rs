//! A database as the source or the target of a migration.
//!
//! A source is held still by locks on its tables, and read as of one moment. A target has a table more until
//! it is whole and proved, `migration`, and no node opens a database that has it.

mod held;
pub(crate) mod others;
mod plain;
mod source;
mod target;

pub(crate) use held::is_marked;
pub use source::Export;
pub use target::Import;
