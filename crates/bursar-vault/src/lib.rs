//! The bytes of assets: kept, read in parts, erased, exported; on a local disk or an object store.
//!
//! **Architecture invariant:** nothing from outside is ever a path. An object's name is made of our own
//! values alone ([`ObjectName`]): a hash of the account's id, the number of the account's vault, the
//! asset's id, and the number of the attempt to upload it. What people call their files is a matter of
//! whoever shows or exports them.
//!
//! **Architecture invariant:** an object is written whole and durably, or not at all. What
//! [`Vault::write`] has returned survives a power cut, so that an event may name it; nobody can read an
//! object that isn't finished.
//!
//! This crate keeps bytes and knows nothing of quotas, plans or accounts' states: which objects count is
//! what the journal says. So an object that no event names may lie here for a while, and
//! [`Vault::sweep`] erases it.

mod disk;
mod erase;
mod error;
pub mod export;
mod location;
pub mod media;
mod name;
pub mod range;
mod read;
mod sweep;
mod thumbnail;
mod vault;
mod write;

pub use erase::Erased;
pub use error::{VaultError, WriteError};
pub use name::{AccountName, ObjectName};
pub use read::Content;
pub use sweep::Swept;
pub use thumbnail::Thumbnail;
pub use vault::{Foreign, Vault};
pub use write::Written;
