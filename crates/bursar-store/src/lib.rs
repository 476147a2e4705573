//! The port between the engine and what makes its decisions durable.
//!
//! **Architecture invariant:** this crate knows the core and no database. Each adapter lays its data
//! out as suits it; what they have in common is here: the [`Store`] port, the [`Entry`] that a
//! command leaves in the journal, its [encoding](codec), the [audit] that proves a journal,
//! an [in-memory store](memory) and the contract suite that all stores pass.

pub mod audit;
mod batch;
mod claims;
pub mod codec;
#[cfg(feature = "contract")]
pub mod contract;
pub mod entry;
pub mod memory;
mod ordered;
pub mod port;
pub mod projection;
pub mod registry;
pub mod sharing;
pub mod transfer;

pub use batch::Numbers;
pub use claims::LocalClaims;
pub use entry::{Entry, JournalPosition};
pub use ordered::{Cursor, Versions};
pub use port::{
    AssetCursor, AssetFilter, AssetOrder, AssetRow, Batch, Begun, DocumentRow, Due, Payer,
    PaymentName, PaymentRow, SpendEvent, StatementRow, Store, StoreError, Wanted, Writer,
};
pub use registry::{
    ApiKeyRecord, AssetDetails, BillingDetails, CatalogRecord, Contact, NewPortalSession,
    PortalLink, PortalSession, Registry,
};
pub use sharing::{Claim, Sharing, Task};
