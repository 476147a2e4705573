//! A directory as the source or the target of a migration.
//!
//! A target is marked by a file until it is whole and proved, and nothing opens a directory with that mark.
//! Commits that a source never made, because it numbers them with gaps, become commits without entries:
//! so every entry keeps its position, and a missing commit is still damage.

mod held;
mod marked;
mod plain;
mod source;
mod target;

pub(crate) use marked::refuse_marked;
pub use source::Export;
pub use target::Import;
